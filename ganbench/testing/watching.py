"""Sees what code does with tensors: what it detaches, and where it makes them."""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode

from ganbench.blame import quoted

_DETACHING = {Tensor.detach, torch.detach, torch.no_grad, Tensor.data.__get__}  # type: ignore[attr-defined]


class Detached(TorchFunctionMode):
    """Notes where a gradient is cut off on purpose.

    Attributes:
        at: the line, empty if nothing was detached.
    """

    at: str = ""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call the function."""
        if func in _DETACHING and not self.at:
            self.at = quoted(traceback.extract_stack(limit=2)[0])
        return func(*args, **(kwargs or {}))


class _OneDevice(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.device = device

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        found = [
            value for value in _pytree.tree_leaves((args, kwargs)) if isinstance(value, Tensor)
        ]
        there = {value.device.type for value in found if value.ndim}
        if len(there) > 1 and func is not torch.ops.aten._to_copy.default:
            raise RuntimeError(f"{func} meets tensors on {' and '.join(sorted(there))}.")
        return func(*args, **(kwargs or {}))


@contextmanager
def one_device(device: torch.device) -> Iterator[None]:
    """Raise where tensors of another device meet those of this one."""
    with _OneDevice(device):
        yield
