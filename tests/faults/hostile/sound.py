"""Components that do what they say, as fast as can be: what must stay well beside the others."""

import os
import time

import torch
from torch import nn

from ganbench.api import (
    Architecture,
    Baseline,
    Dataset,
    DataSpec,
    FeatureCritic,
    Metric,
    Prior,
    Score,
    from_scores,
    hookimpl,
)


def note(what):
    """Append a line to the file that the environment names; lines of many processes stay whole."""
    if "FAULTS_NOTES" in os.environ:
        file = os.open(os.environ["FAULTS_NOTES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(file, f"{what} {os.getpid()}\n".encode())
        os.close(file)


class Spot(Dataset):
    """A normal law."""

    spec = DataSpec("vector", (2,))

    def __init__(self, center: float = 0.0) -> None:
        self.center = center

    def sample(self, n, split, rng):
        return torch.randn(n, 2, generator=rng) + self.center


class Noise(Prior):
    """Normal noise."""

    dim = 2

    def sample(self, shape, rng):
        return torch.randn(*shape, 2, generator=rng)


class Tiny(Architecture):
    """The smallest players that learn anything."""

    kinds = frozenset({"vector"})

    def generator(self, spec, noise_dim):
        return nn.Linear(noise_dim, spec.size)

    def discriminator(self, spec, output):
        return FeatureCritic(nn.Sequential(nn.Linear(spec.size, 3), nn.Tanh()), 3, output)


def plain(seconds: float = 0.0):
    """Least squares, after some seconds of thought at each step."""

    def generator(real, fake):
        time.sleep(seconds)
        return (fake - 1).square().mean()

    return from_scores(
        lambda real, fake: (real - 1).square().mean() + fake.square().mean(), generator
    )


class Law(Baseline):
    """Noise around the mean of the data, after some seconds of thought."""

    kinds = frozenset({"vector"})

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def fit(self, dataset, rng):
        note("fit")
        time.sleep(self.seconds)
        center = dataset.sample(200, "train", rng).mean(0) + torch.rand(2)
        return lambda n, rng: torch.randn(n, 2, generator=rng) + center


class Mean(Metric):
    """Distance of the means."""

    better = {"gap": "lower"}  # noqa: RUF012
    headline = "gap"

    def __call__(self, real, fake, context):
        gap = float(abs(real.mean() - fake.mean()))
        return [Score(gap, n_real=len(real), n_fake=len(fake), estimator="gap")]


@hookimpl
def ganbench_datasets():
    return {"spot": Spot}


@hookimpl
def ganbench_priors():
    return {"noise": Noise}


@hookimpl
def ganbench_architectures():
    return {"tiny": Tiny}


@hookimpl
def ganbench_losses():
    return {"plain": plain}


@hookimpl
def ganbench_baselines():
    return {"law": Law}


@hookimpl
def ganbench_metrics():
    return {"mean": Mean}


@hookimpl
def ganbench_run_started(run):
    note("started")
