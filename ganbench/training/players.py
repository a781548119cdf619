"""Players as rows: a network's parameters are one flat vector, and seeds are stacked."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ganbench import seeding


@dataclass(frozen=True)
class Player:
    """A network without values, and where each of its parameters lies in the flat vector.

    One vector for each seed keeps the optimisers at a handful of operations, however many layers
    there are.
    """

    skeleton: nn.Module
    shapes: Mapping[str, torch.Size]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def unflatten(self, row: Tensor) -> dict[str, Tensor]:
        """Cut the flat vector (P,) into parameters by name."""
        parts = torch.split(row, [math.prod(shape) for shape in self.shapes.values()])
        return {
            name: part.view(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def flatten(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """Join parameters, or their gradients, to the flat vector (P,)."""
        return torch.cat([parameters[name].reshape(-1) for name in self.shapes])

    def __call__(
        self, parameters: Mapping[str, Tensor], buffers: Mapping[str, Tensor], x: Tensor
    ) -> Tensor:
        """Apply the network with these values."""
        values = ({**parameters, **buffers},)
        output: Tensor = functional_call(self.skeleton, values, (x,))
        return output


def build(
    make: Callable[[], nn.Module], seeds: Sequence[int], role: str, device: torch.device
) -> tuple[Player, Tensor, dict[str, Tensor]]:
    """Build one network for each seed, each under its own stream, and stack them.

    Returns:
        The player, its parameters (S, P) and its buffers by name (S, ...).
    """
    networks = []
    for seed in seeds:
        with seeding.global_torch_seed(seed, "init", role):
            networks.append(make())
    first = networks[0]
    player = Player(
        copy.deepcopy(first).to("meta"),
        {name: parameter.shape for name, parameter in first.named_parameters()},
    )
    rows = [player.flatten(dict(network.named_parameters())).detach() for network in networks]
    buffers = {
        name: torch.stack([dict(network.named_buffers())[name] for network in networks]).to(device)
        for name, _ in first.named_buffers()
    }
    return player, torch.stack(rows).to(device), buffers
