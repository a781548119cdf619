"""Baselines: laws fitted to the training data without a game, for a GAN to beat."""

from collections.abc import Callable

import torch
from torch import Tensor

from ganbench.architecture import Traits
from ganbench.data import Dataset

Sampler = Callable[[int, torch.Generator], Tensor]
"""(n, rng) -> n samples (n, *shape) as players would generate them, on the CPU."""


class Baseline:
    """A law that is fitted without a game: subclass it and write `fit`.

    Attributes:
        kinds: the data kinds that it fits.
    """

    kinds: Traits

    def misfit(self, dataset: Dataset) -> str | None:  # noqa: ARG002
        """Say why it does not fit this dataset, None if it does."""
        return None

    def fit(self, dataset: Dataset, rng: torch.Generator) -> Sampler:
        """Fit it to the training split and return what draws from it.

        Every random choice comes from `rng`, or from torch's global random state, which ganbench
        seeds for the length of this call.
        """
        raise NotImplementedError


def training_rows(dataset: Dataset, limit: int, rng: torch.Generator) -> Tensor:
    """Return all training rows of a finite set, or `limit` draws of an infinite one."""
    rows = dataset.rows("train")
    return dataset.sample(limit, "train", rng) if rows is None else rows
