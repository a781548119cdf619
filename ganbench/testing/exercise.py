"""Do with a component once what a run does with it, and see what that changes for all."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from ganbench.isolation import unchanged, watched
from ganbench.testing import baselines, datasets, metrics, playing, priors, trackers
from ganbench.testing.declared import KINDS, can_be_built
from ganbench.testing.rules import require, rule
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


@rule(
    *KINDS,
    "observer",
    after=can_be_built,
    mend="Draw from the stream that you are given, or declare a `Draw`; leave settings of torch, "
    "numpy and the process alone.",
)
def leaves_global_state_alone(subject: Subject) -> None:
    """Global random states, threads, the default dtype and other settings stay as they are."""
    if subject.kind in KINDS:
        assert subject.built
    exercise = _USES[subject.kind]
    with unchanged([]), suppress(Exception):  # what is imported at first use may set something up
        exercise(subject)
    with watched() as changed, suppress(Exception):  # which other rules tell
        exercise(subject)
    require(not changed, f"It changes {', '.join(changed)}.")
