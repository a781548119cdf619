"""Finite sets to fit baselines to, and the streams to do so."""

import torch

from ganbench.api import Dataset, DataSpec
from ganbench.seeding import global_torch_seed, torch_stream


class Finite(Dataset):
    """A finite set of the given training rows."""

    def __init__(self, rows, spec=None):
        self.train = rows.to(torch.float32)
        self.spec = spec or DataSpec("vector", tuple(rows.shape[1:]))

    def rows(self, split):
        return self.train


def rng(*role):
    return torch_stream(0, "baselines", *role)


def normal(n, *size):
    return torch.randn(n, *size, generator=rng("normal"), dtype=torch.float64)


def fit(baseline, dataset, seed=0):
    with global_torch_seed(seed):
        return baseline.fit(dataset, rng("fit"))


def draw(baseline, dataset, n=5000):
    return fit(baseline, dataset)(n, rng("draw"))
