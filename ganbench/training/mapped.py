"""A function of one row for many: at once where vmap can, else one by one."""

import logging
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, vmap

log = logging.getLogger(__name__)

Rows = Tensor | Mapping[str, Tensor]


def mapped(function: Callable[..., Tensor], *arguments: Rows) -> Tensor:
    """Apply a pure function to each row of its arguments.

    What vmap cannot do, such as a branch on a tensor's value or `torch.nn.LSTM`, is done row by
    row; which of both is a matter of the function alone, and so are the bits.

    Args:
        function: of as many arguments, without their first dimension.
        arguments: tensors (n, ...), or several by name.

    Returns:
        The results, (n, ...).
    """
    at_once: Callable[..., Tensor] = vmap(function)
    try:
        return at_once(*arguments)
    except torch.OutOfMemoryError:
        raise
    except Exception:
        log.debug("What vmap cannot do is done row by row.", exc_info=True)
    first = arguments[0]
    count = len(first if isinstance(first, Tensor) else next(iter(first.values())))
    rows = ([_row(argument, i) for argument in arguments] for i in range(count))
    return torch.stack([function(*row) for row in rows])


def _row(rows: Rows, i: int) -> Rows:
    if isinstance(rows, Tensor):
        return rows[i]
    return {name: value[i] for name, value in rows.items()}
