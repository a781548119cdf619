"""What metrics must do."""

import functools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from ganbench.api import Score
from ganbench.data import Split
from ganbench.errors import SpecError
from ganbench.evaluation import features
from ganbench.plugins import Built
from ganbench.scoring import Metric, MetricContext
from ganbench.testing.datasets import stream
from ganbench.testing.declared import can_be_built
from ganbench.testing.rules import NotApplicable, require, rule
from ganbench.testing.subject import Subject

Values = Mapping[str, float]
Pair = tuple[float, float]

_ROWS = 150
_SAMPLES: tuple[tuple[Split, int], ...] = (("test", 0), ("test", 1), ("train", 2))
_PAIRS = 5
"""Of samples of one law, of which not all may look different."""
_TINY = 1e-3
"""A p-value that equal laws seldom have."""
_ROUNDING = 2e-3
"""By how much of itself a value may change with the order of sums."""
_MOST_GAIN = 4
"""Times what a score loses that another way to spoil may please it by: precision likes a sample
in which all rows are alike."""
_SLACK = 0.25
"""By how much of the whole loss a sample that is spoiled by half may be off the way there."""


class Trial:
    """Real samples of a law, and what a metric says of others.

    Args:
        metric: what scores.
        law: what is scored.
    """

    def __init__(self, metric: Metric, law: Built) -> None:
        self.metric, self.label, self.data = metric, law.label, law.value.judged
        self.real, self.same, self.reference = (self.drawn(*each) for each in _SAMPLES)

    def drawn(self, split: Split, role: str | int) -> np.ndarray:
        """Draw a sample of the law."""
        return features(self.data.sample(_ROWS, split, stream(split, role)))

    def context(self, seed: int = 0, tests: bool = True) -> MetricContext:
        """What a metric is given beside the samples."""
        return MetricContext(self.data, self.reference.copy(), np.random.default_rng(seed), tests)

    def scores(self, real: np.ndarray, fake: np.ndarray) -> Sequence[Score]:
        """Score copies of two samples, with tests and intervals."""
        return self.metric(real.copy(), fake.copy(), self.context())

    def values(self, real: np.ndarray, fake: np.ndarray, seed: int = 0) -> Values:
        """Score copies of two samples without tests; estimator -> value."""
        scores = self.metric(real.copy(), fake.copy(), self.context(seed, tests=False))
        return {score.estimator: float(score.value) for score in scores}

    @functools.cached_property
    def tested(self) -> Sequence[Score]:
        """The scores of equal laws, with tests and intervals."""
        return self.scores(self.real, self.same)

    @functools.cached_property
    def null(self) -> Values:
        """The values of equal laws."""
        return self.values(self.real, self.same)

    def require_alike(self, one: Values, other: Values, names: Iterable[str], how: str) -> None:
        """See that values differ by no more than by rounding, or the metric's own stream."""
        for name in names:
            off, size = abs(one[name] - other[name]), max(abs(one[name]), abs(other[name]))
            fine = off <= _ROUNDING * size + 1e-9 or off <= 4 * self._spread[name]
            told = f"'{name}' is {one[name]:g}, and {other[name]:g} {how}, on {self.label}."
            require(fine, told)

    @functools.cached_property
    def _spread(self) -> Values:
        """By how much values depend on the metric's own stream."""
        each = [self.null, *(self.values(self.real, self.same, seed) for seed in (1, 2))]
        values = {name: [one[name] for one in each] for name in self.null}
        return {name: max(some) - min(some) for name, some in values.items()}

    def loss(self, name: str, values: Values) -> float:
        """Return by how much an estimator is worse than for equal laws."""
        gap = values[name] - self.null[name]
        return {"lower": gap, "higher": -gap, "neither": abs(gap)}[self.metric.better[name]]


@functools.cache
def _trials(subject: Subject) -> tuple[Trial, ...]:
    return tuple(Trial(subject.value, law) for law in subject.laws)


@rule(
    "metric",
    after=can_be_built,
    mend="List every estimator in `better`, and set `headline` to one of them.",
)
def reports_what_it_promises(subject: Subject) -> None:
    """It reports estimators of `better` alone, and its headline, with ends around the value."""
    metric: Metric = subject.value
    for trial in _trials(subject):
        scores = trial.tested
        names = [score.estimator for score in scores]
        require(set(names) <= set(metric.better), f"It reports {names} on {trial.label}.")
        require(len(set(names)) == len(names), f"It reports {names} on {trial.label}.")
        require(metric.headline in names, f"Its headline is not among {names} on {trial.label}.")
        for score in scores:
            what = f"'{score.estimator}' of equal laws on {trial.label}"
            require(math.isfinite(score.value), f"{what} is {score.value}.")
            low, high = score.low, score.high
            ordered = (low is None or low <= score.value) and (high is None or score.value <= high)
            require(ordered, f"{what} is {score.value:g}, outside of {low} to {high}.")
            p = score.p_value
            require(p is None or 0 <= p <= 1, f"The p-value of {what} is {p}.")


@rule(
    "metric", after=reports_what_it_promises, mend="Copy before you sort, scale or clip in place."
)
def changes_no_sample(subject: Subject) -> None:
    """Both samples and the reference stay as they are."""
    for trial in _trials(subject):
        real, same, context = trial.real.copy(), trial.same.copy(), trial.context(tests=False)
        trial.metric(real, same, context)
        given, kept = (real, same, context.reference), (trial.real, trial.same, trial.reference)
        fine = all(map(np.array_equal, given, kept))
        require(fine, f"It changes a sample that it is given on {trial.label}.")


@rule(
    "metric", after=reports_what_it_promises, mend="Draw every random number from `context.rng`."
)
def draws_from_the_stream_of_its_context(subject: Subject) -> None:
    """The same stream gives the same values, with tests and intervals or without."""
    trial = _trials(subject)[0]
    values = trial.values(trial.real, trial.same)
    for score in trial.scores(trial.real, trial.same):
        quick = values.get(score.estimator, math.nan)
        same = math.isclose(quick, score.value, rel_tol=1e-9, abs_tol=1e-12)
        told = f"'{score.estimator}' is {quick:g}, and {score.value:g} when it is scored again."
        require(same, told)


@rule(
    "metric",
    after=reports_what_it_promises,
    mend="Let a p-value be how often equal laws give such a value or a worse one, as by "
    "permuting the rows of both samples.",
)
def is_seldom_sure_of_equal_laws(subject: Subject) -> None:
    """Of a handful of pairs of samples of one law, not every p-value is below 0.001."""
    trial = _trials(subject)[0]
    sure, tested = _sure(trial.tested), [s for s in trial.tested if s.p_value is not None]
    if not tested:
        raise NotApplicable("It has no p-values.")
    for i in range(1, _PAIRS):
        if sure:
            real, same = (trial.drawn("test", f"{side} {i}") for side in ("real", "same"))
            sure &= _sure(trial.scores(real, same))
    told = (
        f"In {_PAIRS} pairs of samples of {trial.label} the p-value of {', '.join(sorted(sure))}"
    )
    require(not sure, f"{told} is always below {_TINY:g}.")


def _sure(scores: Iterable[Score]) -> set[str]:
    """Name the estimators that take two samples for those of different laws, beyond doubt."""
    return {s.estimator for s in scores if s.p_value is not None and s.p_value < _TINY}


@rule(
    "metric",
    after=reports_what_it_promises,
    mend="See that `better` names the right side, and that the score sees what it is there for.",
)
def gets_worse_with_the_sample(subject: Subject) -> str:
    """Each score is worse for a spoiled sample, and the headline the more so the more is spoiled.

    Rows are shifted, or moved beyond all others, made alike, or copied from the training split:
    one of these is enough, where none of the others pleases the score by much more.
    """
    noticed = dict[str, None]()
    for trial in _trials(subject):
        lost = _losses(trial)
        names = [name for name in trial.null if any(any(pair) for pair in lost[name].values())]
        require(names, f"Nothing that is done to samples of {trial.label} changes it.")
        for name in names:
            steps = name == subject.value.headline
            seen = [k for k, pair in lost[name].items() if _sees(pair, lost[name].values(), steps)]
            told = ", ".join(f"{k} {a:+.3g} and {b:+.3g}" for k, (a, b) in lost[name].items())
            require(
                seen, f"'{name}' got worse on {trial.label}, by half and as a whole, by: {told}."
            )
            noticed |= dict.fromkeys(seen)
    return f"it sees {', '.join(noticed)}"


def _sees(pair: Pair, every: Iterable[Pair], steps: bool) -> bool:
    """Whether a score gets worse, and other ways to spoil please it no more than so.

    Args:
        pair: what it loses by half of a spoiled sample, and by the whole of it.
        every: the same for all ways to spoil.
        steps: whether it has to get worse step by step.
    """
    half, whole = pair
    gain = -min(min(each) for each in every)
    between = -_SLACK * whole <= half <= (1 + _SLACK) * whole
    return _MOST_GAIN * whole > gain and (between or not steps)


def _losses(trial: Trial) -> dict[str, dict[str, Pair]]:
    """Return what each estimator loses by each way to spoil, by half and as a whole."""
    lost: dict[str, dict[str, Pair]] = {name: {} for name in trial.null}
    for what, half, whole in _spoiled(trial):
        some, all_ = (trial.values(trial.real, sample) for sample in (half, whole))
        for name, pairs in lost.items():
            if name in some and name in all_:
                pairs[what] = trial.loss(name, some), trial.loss(name, all_)
    return lost


def _spoiled(trial: Trial) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield ways to spoil a sample, by half and as a whole.

    Training rows for metrics that look for them; a shift of numbers; one row for all; and of
    symbols, which are read by their largest entry, the rarest one in every place.
    """
    spec, real, same = trial.data.spec, trial.reference, trial.same
    part = np.arange(len(same)) % 2 == 0
    if trial.metric.uses_train:
        rows = trial.data.rows("train")
        copies = real if rows is None else features(rows[: len(same)])
        yield "copies of training rows", *_mixed(same, np.resize(copies, same.shape), part)
    scale = real.std(axis=0)
    if spec.kind == "sequence":
        length, vocabulary = spec.shape
        counts = real.reshape(-1, vocabulary).sum(axis=0)
        rare = np.tile(np.eye(vocabulary)[counts.argmin()], length)
        yield (
            "the rarest symbol in every place",
            *_mixed(same, np.tile(rare, (len(same), 1)), part),
        )
    elif spec.kind == "table":  # far beyond the edge of every column
        yield (
            "rows beyond all others",
            *_mixed(same, real.max(axis=0) + 7 * scale + 0 * same, part),
        )
    else:
        yield "a shift", same + scale, same + 2 * scale
    odd = real[np.square(real - real.mean(axis=0)).sum(axis=1).argmax()]
    yield "that all rows are alike", *_mixed(same, odd + 2 * scale + 0 * same, part)


def _mixed(sample: np.ndarray, bad: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.where(part[:, None], bad, sample), bad


@rule(
    "metric",
    after=reports_what_it_promises,
    mend="Let no result depend on the order of rows; shuffle with `context.rng`.",
)
def does_not_see_the_order_of_rows(subject: Subject) -> None:
    """Rows in another order have the same score, up to what its own stream changes."""
    trial = _trials(subject)[0]
    order = np.random.default_rng(0).permutation(_ROWS)
    other = trial.values(trial.real[order], trial.same[order[::-1]])
    trial.require_alike(trial.null, other, trial.null, "with its rows in another order")


@rule(
    "metric",
    after=reports_what_it_promises,
    mend="List in `symmetric` only what is the same when both samples change places.",
)
def is_symmetric_where_it_says_so(subject: Subject) -> None:
    """Estimators in `symmetric` give both orders of the two samples the same value."""
    metric: Metric = subject.value
    if not metric.symmetric:
        raise NotApplicable("It does not say that it is symmetric.")
    unknown = metric.symmetric - set(metric.better)
    require(not unknown, f"`symmetric` names {', '.join(unknown)}, which `better` does not.")
    trial = _trials(subject)[0]
    shifted = trial.same + 0.5 * trial.reference.std(axis=0)
    one, other = trial.values(trial.real, shifted), trial.values(shifted, trial.real)
    trial.require_alike(one, other, metric.symmetric & set(one), "the other way round")


@rule(
    "metric",
    after=reports_what_it_promises,
    mend="Raise `ganbench.api.MetricError` where rows are too few.",
)
def takes_samples_of_any_size(subject: Subject) -> None:
    """Samples of odd and unequal sizes have a score; too few rows are refused in a sentence."""
    trial = _trials(subject)[0]
    odd = trial.values(trial.real[:101], trial.same[:97])
    require(all(map(math.isfinite, odd.values())), f"101 and 97 rows give {odd}.")
    for n in (1, 2):
        try:
            few = trial.values(trial.real[:n], trial.same[:n])
        except SpecError:
            continue
        require(all(map(math.isfinite, few.values())), f"{n} rows give {few}.")


def use(subject: Subject) -> None:
    """Do with a metric all that a run does."""
    trial = Trial(subject.anew(), subject.laws[0])
    trial.metric(trial.real, trial.same, trial.context())
