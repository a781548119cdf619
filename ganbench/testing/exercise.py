"""Do with a component once what a run does with it."""

from collections.abc import Callable, Mapping

from ganbench.testing import baselines, datasets, metrics, playing, priors, trackers
from ganbench.testing.subject import Subject

_USES: Mapping[str, Callable[[Subject], None]] = {
    "architecture": playing.use,
    "loss": playing.use,
    "regularizer": playing.use,
    "dataset": datasets.use,
    "prior": priors.use,
    "baseline": baselines.use,
    "metric": metrics.use,
    "tracker": trackers.use,
    "observer": trackers.use,
}


def exercise(subject: Subject) -> None:
    """Build and use a component."""
    _USES[subject.kind](subject)
