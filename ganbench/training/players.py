"""Players as rows: a network's parameters are one flat vector, and seeds are stacked."""

import copy
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.conv import _ConvNd

from ganbench import seeding
from ganbench.api import Draw
from ganbench.layers import Dropout, Noise, Progress

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
        noise: the random numbers of a training step, as law and shape for one sample, by name.
        drawing_noise: the same for drawing samples.
        watches: names of the buffers that tell how much of training is done.
    """

    skeleton: nn.Module
    shapes: Mapping[str, torch.Size]
    noise: "Noises"
    drawing_noise: "Noises"
    watches: tuple[str, ...] = ()

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
        if not self.shapes:
            return torch.zeros(0)
        values = [parameters[name].reshape(-1) for name in self.shapes]
        return torch.cat([*values, values[0].new_zeros(self.padding)])

    def __call__(
        self, values: Mapping[str, Tensor], x: Tensor, precision: str = "float32"
    ) -> Tensor:
        """Apply the network with these parameters, buffers and random numbers."""
        return self._apply(self.skeleton, values, x, precision)

    def draw(self, values: Mapping[str, Tensor], x: Tensor, precision: str = "float32") -> Tensor:
        """Apply the network as it is when samples are drawn."""
        values = {**values, **dict.fromkeys(self.watches, x.new_ones(()))}
        return self._apply(copy.deepcopy(self.skeleton).eval(), values, x, precision)

    def _apply(
        self, network: nn.Module, values: Mapping[str, Tensor], x: Tensor, precision: str
    ) -> Tensor:
        self.applied[0] += 1
        if precision == "bfloat16":
            values = {name: _narrow(value) for name, value in values.items()}
            x = _narrow(x)
        output: Tensor = functional_call(network, dict(values), (x,), tie_weights=False)
        return output.to(torch.promote_types(output.dtype, torch.float32))

    @functools.cached_property
    def applied(self) -> list[int]:
        """How often the network was applied so far, one number."""
        return [0]

    @functools.cached_property
    def likelihood(self) -> float:
        """The share of likelihood that a generator with log-probabilities asks for."""
        shares = [getattr(module, "likelihood", 0.0) for module in self.skeleton.modules()]
        return float(max(shares))

    def offers(self, method: str) -> bool:
        """Whether the network, or a module in it, has a method of this name."""
        if method not in self._offered:
            self._offered[method] = any(hasattr(m, method) for m in self.skeleton.modules())
        return self._offered[method]

    @functools.cached_property
    def _offered(self) -> dict[str, bool]:
        """Whether methods are offered, as far as that was asked: every move asks anew."""
        return {}

    def ask(self, method: str, values: Mapping[str, Tensor], *inputs: Tensor) -> Any:
        """Call the method of the outermost module that has it."""
        network = _Asked(self.skeleton, method)
        return functional_call(network, {f"network.{k}": v for k, v in values.items()}, inputs)

    def evolve(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the buffers that change before each step of this player, with their new values.

        Args:
            values: its parameters, buffers and random numbers.
        """
        if not self.offers("next_buffers"):
            return {}
        network = _Evolution(self.skeleton)
        fresh = functional_call(network, {f"network.{k}": v for k, v in values.items()}, ())
        return {name: value.detach() for name, value in fresh.items()}

    def refit(self, values: Mapping[str, Tensor], real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Return the buffers that are fitted in closed form to a batch, with their new values."""
        if not self.offers("refit"):
            return {}
        fitted = self.ask("refit", values, real.detach(), fake.detach())
        path = _path_of(self.skeleton, "refit")
        return {f"{path}{name}": value.detach() for name, value in fitted.items()}


def _path_of(network: nn.Module, method: str) -> str:
    """Return what the names of the outermost module that has the method begin with."""
    paths = [path for path, module in network.named_modules() if hasattr(module, method)]
    return f"{paths[0]}." if paths[0] else ""


class _Asked(nn.Module):
    """Calls another method than `forward`."""

    def __init__(self, network: nn.Module, method: str) -> None:
        super().__init__()
        self.network, self.method = network, method

    def forward(self, *inputs: Tensor) -> Any:
        path = _path_of(self.network, self.method).removesuffix(".")
        return getattr(self.network.get_submodule(path), self.method)(*inputs)


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
    rows: int,
    device: torch.device,
) -> tuple[Player, Tensor, dict[str, Tensor]]:
    """Build one network for each seed, each under its own stream, and stack them.

    Args:
        make: builds a network.
        seeds: of the networks.
        role: names their streams.
        sample: an input, shape (2, ...), with which the sizes of random numbers are found.
        rows: of its batches.
        device: where their values go.

    Returns:
        The player, its parameters (S, P) and its buffers by name (S, ...).
    """
    networks = []
    for seed in seeds:
        with seeding.global_torch_seed(seed, "init", role):
            networks.append(_prepared(make(), rows))
    first = networks[0]
    player = Player(
        copy.deepcopy(first).to("meta"),
        {name: parameter.shape for name, parameter in first.named_parameters()},
        _noises(first, sample),
        _noises(first.eval(), sample, (Noise,)),
        tuple(
            f"{path}.value".removeprefix(".")
            for path, module in first.named_modules()
            if isinstance(module, Progress)
        ),
    )
    rows_of = [player.flatten(dict(network.named_parameters())).detach() for network in networks]
    buffers = {
        name: torch.stack([dict(network.named_buffers())[name] for network in networks]).to(device)
        for name, _ in first.named_buffers()
        if name not in {*player.noise, *player.drawing_noise, *player.watches}
    }
    return player, torch.stack(rows_of).to(device), buffers


def _prepared(network: nn.Module, rows: int) -> nn.Module:
    """Tell every module that asks for it how many rows its batches have."""
    for module in network.modules():
        prepare = getattr(module, "prepare", None)
        if prepare is not None:
            prepare(rows)
    return network


Noises = Mapping[str, tuple[Draw, tuple[int, ...]]]
"""Random numbers that a network needs: name of the buffer -> (law, shape for one sample)."""

_BUFFERS: Mapping[type[nn.Module], str] = {Dropout: "uniform", Noise: "values"}


def _noises(
    network: nn.Module, sample: Tensor, kinds: tuple[type[nn.Module], ...] = (Dropout, Noise)
) -> Noises:
    """Find what each layer of random numbers works on, by one pass as before a step."""
    noises: dict[str, tuple[Draw, tuple[int, ...]]] = {}
    hooks = []
    for path, module in network.named_modules():
        if isinstance(module, kinds):
            draw = Draw(getattr(module, "law", "uniform"), "element")
            name = f"{path}.{_BUFFERS[type(module)]}".removeprefix(".")

            def note(
                _module: nn.Module, inputs: tuple[Tensor, ...], name: str = name, draw: Draw = draw
            ) -> None:
                noises[name] = (draw, tuple(inputs[0].shape[1:]))

            hooks.append(module.register_forward_pre_hook(note))
    if hooks:
        with torch.no_grad(), seeding.global_torch_seed(0, "trial"):
            network(sample)
            if network.training:
                _Evolution(network)()
    for hook in hooks:
        hook.remove()
    return noises
