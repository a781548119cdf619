"""A plugin of components that fail in every way, for the tests of execution."""

import os
import signal
import time

import torch

from ganbench.api import Dataset, DataSpec, Metric, Score, Tracker, from_scores, hookimpl


class Spot(Dataset):
    """A standard normal law."""

    spec = DataSpec("vector", (2,))

    def sample(self, n, split, rng):
        return torch.randn(n, 2, generator=rng)


class Trouble(Spot):
    """Causes trouble in training, which draws many rows at a time."""

    def __init__(self, kind: str = "raise") -> None:
        self.kind = kind

    def sample(self, n, split, rng):
        if n > 500:
            trouble = {"raise": self._raise, "kill": self._kill, "hang": self._hang}
            trouble[self.kind]()
        return super().sample(n, split, rng)

    def _raise(self):
        raise ZeroDivisionError("on purpose")

    def _kill(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def _hang(self):
        time.sleep(600)


class Mean(Metric):
    """Distance of the means; raises if it is told to."""

    better = {"gap": "lower"}  # noqa: RUF012
    headline = "gap"

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken

    def __call__(self, real, fake, context):
        if self.broken and context.tests:
            raise ArithmeticError("cannot count")
        gap = float(abs(real.mean() - fake.mean()))
        return [Score(gap, n_real=len(real), n_fake=len(fake), estimator="gap")]


class NoModes(Mean):
    """A metric that fits no dataset."""

    def misfit(self, dataset):
        return "it fits nothing"


def plain():
    """Least squares, in short."""
    return from_scores(
        lambda real, fake: (real - 1).square().mean() + fake.square().mean(),
        lambda real, fake: (fake - 1).square().mean(),
    )


@hookimpl
def ganbench_datasets():
    return {"spot": Spot, "trouble": Trouble}


@hookimpl
def ganbench_metrics():
    return {"mean": Mean, "misfit": NoModes}


@hookimpl
def ganbench_losses():
    return {"plain": plain}


HEARD = []


@hookimpl
def ganbench_run_started(run):
    HEARD.append(("started", run["run_id"]))


@hookimpl
def ganbench_progress(run, step, values):
    HEARD.append(("progress", run["run_id"], step, sorted(values)))


@hookimpl
def ganbench_run_finished(run, scores):
    HEARD.append(("finished", run["run_id"], run["status"], len(scores)))


class Diary(Tracker):
    """Writes down in a file what it hears, or makes the trouble that it is told to."""

    def __init__(self, trouble: str = "", at: str = "progress") -> None:
        self.trouble, self.at = trouble, at

    def open(self, folder):
        self.path = folder / "diary.txt"
        self._note("open")

    def started(self, run):
        self._note("started", run["run_id"])

    def progress(self, run, step, values):
        self._note("progress", run["run_id"], step, *sorted(values))

    def finished(self, run, scores, files):
        self._note("finished", run["run_id"], run["status"], len(scores), files.name)

    def close(self):
        self._note("close")

    def _note(self, event, *rest):
        if event == self.at:
            trouble = {"raise": self._raise, "die": self._die, "hang": self._hang}
            trouble.get(self.trouble, lambda: None)()
        with self.path.open("a") as file:
            file.write(f"{' '.join(map(str, (event, *rest)))}\n")

    def _raise(self):
        raise ConnectionError("nobody is there")

    def _die(self):
        os.kill(os.getpid(), signal.SIGKILL)

    def _hang(self):
        time.sleep(600)


@hookimpl
def ganbench_trackers():
    return {"diary": Diary}
