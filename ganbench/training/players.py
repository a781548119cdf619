"""Players as rows: a network's parameters are one flat vector, and seeds are stacked."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.conv import _ConvNd

from ganbench import seeding
from ganbench.layers import Dropout

_LANES = 16
"""Floats in the widest vector register."""


@dataclass(frozen=True)
class Player:
    """A network without values, and where each of its parameters lies in the flat vector.

    One vector for each seed keeps the optimisers at a handful of operations, however many layers
    there are. Zeros at its end make its length a multiple of the width of vector units, so that
    every seed's numbers meet the same instructions, whatever its slot.

    Attributes:
        skeleton: the network, on no device.
        shapes: of the parameters, by name.
        masks: shapes, for one sample, of the uniform numbers that its dropout layers need.
    """

    skeleton: nn.Module
    shapes: Mapping[str, torch.Size]
    masks: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def padding(self) -> int:
        """Number of zeros at the end of the flat vector."""
        return -self.size % _LANES

    @property
    def convolves(self) -> bool:
        """Whether it has convolutions."""
        return any(isinstance(module, _ConvNd) for module in self.skeleton.modules())

    def unflatten(self, row: Tensor) -> dict[str, Tensor]:
        """Cut the flat vector (P,) into parameters by name."""
        sizes = [math.prod(shape) for shape in self.shapes.values()]
        parts = torch.split(row, [*sizes, self.padding])
        return {
            name: part.view(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=False)
        }

    def flatten(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """Join parameters, or their gradients, to the flat vector (P,)."""
        values = [parameters[name].reshape(-1) for name in self.shapes]
        return torch.cat([*values, values[0].new_zeros(self.padding)])

    def __call__(
        self, values: Mapping[str, Tensor], x: Tensor, precision: str = "float32"
    ) -> Tensor:
        """Apply the network with these parameters, buffers and masks."""
        if precision == "bfloat16":
            values = {name: _narrow(value) for name, value in values.items()}
            x = _narrow(x)
        output: Tensor = functional_call(self.skeleton, dict(values), (x,))
        return output.to(torch.float32)

    def evolve(self, state: Mapping[str, Tensor], role: str) -> dict[str, Tensor]:
        """Return the buffers that change before each step of this player, with their new values.

        Args:
            state: the state of training of one seed.
            role: what its entries of this player begin with.
        """
        if not any(hasattr(module, "next_buffers") for module in self.skeleton.modules()):
            return {}
        start = f"{role}.buffer."
        buffers = {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
        values = {**self.unflatten(state[role]), **buffers}
        fresh = functional_call(
            _Evolution(self.skeleton), {f"network.{k}": v for k, v in values.items()}, ()
        )
        return {start + name: value.detach() for name, value in fresh.items()}


class _Evolution(nn.Module):
    """Asks every layer of a network for its next buffers."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self) -> dict[str, Tensor]:
        return {
            f"{path}.{name}".removeprefix("."): value
            for path, module in self.network.named_modules()
            if hasattr(module, "next_buffers")
            for name, value in module.next_buffers().items()
        }


def _narrow(value: Tensor) -> Tensor:
    return value.to(torch.bfloat16) if value.dtype == torch.float32 else value


def build(
    make: Callable[[], nn.Module],
    seeds: Sequence[int],
    role: str,
    sample: Tensor,
    device: torch.device,
) -> tuple[Player, Tensor, dict[str, Tensor]]:
    """Build one network for each seed, each under its own stream, and stack them.

    Args:
        make: builds a network.
        seeds: of the networks.
        role: names their streams.
        sample: an input, shape (2, ...), with which the sizes of dropout masks are found.
        device: where their values go.

    Returns:
        The player, its parameters (S, P) and its buffers by name (S, ...).
    """
    networks = []
    for seed in seeds:
        with seeding.global_torch_seed(seed, "init", role):
            networks.append(make())
    first = networks[0]
    with seeding.global_torch_seed(seeds[0], "init", role):
        masks = _mask_shapes(first, sample)
    player = Player(
        copy.deepcopy(first).to("meta"),
        {name: parameter.shape for name, parameter in first.named_parameters()},
        masks,
    )
    rows = [player.flatten(dict(network.named_parameters())).detach() for network in networks]
    buffers = {
        name: torch.stack([dict(network.named_buffers())[name] for network in networks]).to(device)
        for name, _ in first.named_buffers()
        if name not in masks
    }
    return player, torch.stack(rows).to(device), buffers


def _mask_shapes(network: nn.Module, sample: Tensor) -> dict[str, tuple[int, ...]]:
    """Find what each dropout layer works on, by one forward pass."""
    shapes: dict[str, tuple[int, ...]] = {}
    hooks = []
    for path, module in network.named_modules():
        if isinstance(module, Dropout):

            def note(_module: nn.Module, inputs: tuple[Tensor, ...], path: str = path) -> None:
                shapes[f"{path}.uniform"] = tuple(inputs[0].shape[1:])

            hooks.append(module.register_forward_pre_hook(note))
    if hooks:
        with torch.no_grad():
            network(sample)
    for hook in hooks:
        hook.remove()
    return shapes
