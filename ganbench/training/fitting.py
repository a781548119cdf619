"""Baselines in the place of trained generators: one law fitted for each seed."""

import time
from collections.abc import Sequence

import torch
from torch import Tensor

from ganbench import seeding
from ganbench.api import Baseline, Dataset, Sampler
from ganbench.cells import Cell
from ganbench.training.loop import Progress
from ganbench.training.trial import check_samples


class FittedLaws:
    """What a baseline makes of a dataset, once for each seed, in the manner of an `Ensemble`.

    Args:
        cell: names the dataset and the baseline.
        seeds: one law for each.
    """

    def __init__(self, cell: Cell, seeds: Sequence[int]) -> None:
        self.cell, self.seeds = cell, tuple(seeds)
        baseline: Baseline = cell.generator.value
        self.dataset: Dataset = cell.dataset.value
        self.samplers: list[Sampler] = []
        for seed in seeds:
            with seeding.global_torch_seed(seed, "baseline"):
                stream = seeding.torch_stream(seed, "baseline", "fit")
                self.samplers.append(baseline.fit(self.dataset, stream))

    def generate(self, count: int, role: str) -> Tensor:
        """Draw projected samples (seeds, count, *shape); equal roles give equal samples.

        Raises:
            InvalidOutputError: if the law draws anything but samples.
        """
        samples = []
        for seed, sampler in zip(self.seeds, self.samplers, strict=True):
            with seeding.global_torch_seed(seed, "baseline", role):
                drawn = sampler(count, seeding.torch_stream(seed, "baseline", role))
            check_samples(self.cell, drawn, count, self.dataset)
            samples.append(self.dataset.project(drawn))
        return torch.stack(samples)

    def generator(self, slot: int) -> None:
        """Return None: a fitted law is no network."""

    def critic(self, slot: int) -> None:
        """Return None: nothing was judged."""


def fit(cell: Cell, seeds: Sequence[int]) -> Progress[FittedLaws]:
    """Fit the baseline of a cell for each seed."""
    started = time.perf_counter()
    laws = FittedLaws(cell, seeds)
    return Progress(laws, seconds=time.perf_counter() - started)
