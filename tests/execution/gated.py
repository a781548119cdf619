"""A plugin of data that keep a worker busy in several ways, for tests with a cluster."""

import ctypes
import os
import signal
import time
from pathlib import Path

import torch

from ganbench.api import Dataset, DataSpec, Metric, Score, from_scores, hookimpl


class Gate(Dataset):
    """Lets training begin once a file `open` is in a folder; leaves a file `begun` there."""

    spec = DataSpec("vector", (2,))

    def __init__(self, folder: str = "", kind: str = "open") -> None:
        self.folder, self.kind = folder, kind

    def sample(self, n, split, rng):
        if n > 500:
            getattr(self, f"_{self.kind}")()
        return torch.randn(n, 2, generator=rng)

    def _open(self):
        if self.folder:
            (Path(self.folder) / "begun").write_text(str(os.getpid()))
            while not (Path(self.folder) / "open").exists():
                time.sleep(0.05)

    def _kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def _stuck(self):
        if not os.fork():
            time.sleep(600)
        ctypes.PyDLL(None).sleep(600)  # with the GIL


class Gap(Metric):
    """Distance of the means."""

    better = {"gap": "lower"}  # noqa: RUF012
    headline = "gap"

    def __init__(self, power: int = 1) -> None:
        self.power = power

    def __call__(self, real, fake, context):
        gap = float(abs(real.mean() - fake.mean())) ** self.power
        return [Score(gap, n_real=len(real), n_fake=len(fake), estimator="gap")]


def plain():
    """Least squares, in short."""
    return from_scores(
        lambda real, fake: (real - 1).square().mean() + fake.square().mean(),
        lambda real, fake: (fake - 1).square().mean(),
    )


@hookimpl
def ganbench_datasets():
    return {"gate": Gate}


@hookimpl
def ganbench_metrics():
    return {"gap": Gap}


@hookimpl
def ganbench_losses():
    return {"least": plain}
