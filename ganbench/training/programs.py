"""Generators as programs that torch runs without ganbench."""

import copy

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ganbench import seeding
from ganbench.api import Dataset
from ganbench.errors import SpecError
from ganbench.escaping import said
from ganbench.training.ensemble import Ensemble
from ganbench.training.players import Player
from ganbench.training.rules import State
from ganbench.training.sampling import Stored

ROWS = 4
"""Of the example with which a program is traced and tried."""
_CLOSE = 1e-4


class _Whole(nn.Module):
    """A generator with all that lies between its output and samples as they are scored."""

    def __init__(self, ensemble: Ensemble, dataset: Dataset, told: int) -> None:
        super().__init__()
        self.precision = ensemble.cell.recipe.precision
        self.network = _network(ensemble.game.generator, ensemble.generator(0), self.precision)
        self.project, self.told = dataset.project, told

    def forward(self, noise: Tensor) -> Tensor:
        narrow = self.precision == "bfloat16"
        x = self.network(noise.to(torch.bfloat16) if narrow else noise).to(torch.float32)
        return self.project(x[:, : -self.told] if self.told else x)


def _network(player: Player, values: State, precision: str) -> nn.Module:
    """Put values into a network, which then draws its own random numbers from torch's state."""
    network = copy.deepcopy(player.skeleton).to_empty(device="cpu").eval().requires_grad_(False)
    ended = dict.fromkeys(player.watches, torch.ones(()))
    with torch.no_grad():
        for name, place in (*network.named_parameters(), *network.named_buffers()):
            if place.numel():
                place.copy_({**values, **ended}[name])
    return network.to(torch.bfloat16) if precision == "bfloat16" else network


def program(stored: Stored) -> tuple[ExportedProgram, Tensor, Tensor]:
    """Export the generator of a run: noise (n, width), conditions at the end -> samples.

    The samples (n, *shape) are projected: what `Stored.samples` makes of the same noise, but for
    rounding and for random numbers that the generator draws beside it.

    Returns:
        The program, and noise with the samples that it gives.

    Raises:
        SpecError: if it is a baseline, or torch cannot export it.
    """
    noise = stored.noise(ROWS, 0)
    ensemble, conditions = stored.players, stored.conditions
    told = 0 if conditions is None else conditions.width
    try:
        whole = _Whole(ensemble, stored.cell.dataset.value, told).eval()
        rows = ({0: Dim("rows")},)
        with seeding.global_torch_seed(0, "trial"):
            exported = torch.export.export(whole, (noise,), dynamic_shapes=rows)
            run = exported.module()
            samples, fewer = run(noise), run(noise[: ROWS - 1])
    except Exception as error:
        raise SpecError(_refusal(stored, _first_line(error))) from error
    random = bool(ensemble.game.generator.drawing_noise)
    if not random and _apart(samples, stored.samples(noise)):
        raise SpecError(_refusal(stored, "the program gives other samples than the generator"))
    if fewer.shape != samples[: ROWS - 1].shape:
        raise SpecError(_refusal(stored, "the program holds for one number of rows only"))
    return exported, noise, samples


def _apart(x: Tensor, y: Tensor) -> bool:
    return x.shape != y.shape or bool((x - y).abs().max() > _CLOSE * (1 + y.abs().max()))


def _first_line(error: Exception) -> str:
    """Say what torch says before it goes into details."""
    what = said(error)
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{what.partition(':')[0]}: {first}" if first else what


def _refusal(stored: Stored, why: str) -> str:
    generator, dataset = stored.cell.generator.label, stored.cell.dataset.label
    return (
        f"The generator {generator} on {dataset} cannot be exported: {why.rstrip('.')}. Its "
        "parameters are in generator.safetensors of the run; docs/use-a-generator.md shows how "
        "to load them."
    )
