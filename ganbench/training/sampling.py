"""New samples from what a run has stored."""

import dataclasses
from collections.abc import Mapping

import torch
from torch import Tensor

from ganbench.cells import Cell
from ganbench.training.ensemble import Ensemble
from ganbench.training.fitting import FittedLaws


def drawn(
    cell: Cell,
    seed: int,
    generator: Mapping[str, Tensor] | None,
    count: int,
    stream: int,
    device: torch.device,
) -> Tensor:
    """Draw samples from the generator of one run, or from its baseline, fitted anew.

    Args:
        cell: of the run.
        seed: of the run.
        generator: the stored network, None for a baseline.
        count: how many samples.
        stream: names the noise; equal ones give equal samples.
        device: where.

    Returns:
        Projected samples (count, *shape), on the CPU.
    """
    role = f"drawn {stream}"
    if generator is None:
        return FittedLaws(cell, [seed]).generate(count, role)[0]
    alone = cell.recipe.model_copy(update={"block": 1, "width": None})
    ensemble = Ensemble(dataclasses.replace(cell, recipe=alone), [seed], device)
    ensemble.restore(0, dict(generator))
    return ensemble.generate(count, role)[0]
