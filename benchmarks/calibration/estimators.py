"""What the study measures: one table of estimators with known targets, one of tests.

Learners and neighbours see columns standardised by a reference sample of the real law, as the
scores of ganbench do; kernels with a fixed width see the rows as they are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.calibration.laws import Floats, Rows
from benchmarks.calibration.pairs import Pair
from ganbench.components import parse_single
from ganbench.metrics import (
    Score,
    c2st,
    jsd_knn,
    jsd_known_density,
    jsd_lower_bound,
    median_distance,
    mmd2,
    mmd_test,
)
from ganbench.metrics.mmd import FACTORS

Call = Callable[[Pair, Rows, Rows, np.random.Generator], Sequence[Score]]

KINDS = ("continuous", "categorical", "sequence", "mixed")
REFERENCE_ROWS = 10_000


@dataclass(frozen=True)
class Estimator:
    """A way to call an estimator, and where that makes sense.

    Attributes:
        call: from pair, real rows, generated rows and generator to scores.
        target: the attribute of `Pair` that it estimates, empty where there is none.
        kinds: of pairs that it fits.
        most_rows: beyond which it is too slow.
        most_columns: of embedded rows beyond which it is too slow or means nothing.
    """

    call: Call
    target: str = ""
    kinds: Sequence[str] = KINDS
    most_rows: int = 10_000
    most_columns: int = 100

    def fits(self, pair: Pair, n: int) -> bool:
        """Whether to call it on `n` rows of the laws of `pair`."""
        target = getattr(pair, self.target) if self.target else 0.0
        columns = _centre_and_scale(pair)[0].size
        known = pair.kind in self.kinds and target is not None
        return known and n <= self.most_rows and columns <= self.most_columns


def _scaled(pair: Pair, *samples: Rows) -> list[Floats]:
    centre, scale = _centre_and_scale(pair)
    return [(pair.embed(sample) - centre) / scale for sample in samples]


@cache
def _centre_and_scale(pair: Pair) -> tuple[Floats, Floats]:
    reference = pair.embed(pair.p.sample(REFERENCE_ROWS, np.random.default_rng(0)))
    spread = reference.std(axis=0)
    return reference.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _knn(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [jsd_knn(*_scaled(pair, x, y), rng=rng, interval=True)]


def _lower_bound(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [jsd_lower_bound(*_scaled(pair, x, y), rng=rng)]


def _known_density(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [jsd_known_density(x, y, pair.p.log_prob, rng=rng)]


def _mmd2(pair: Pair, x: Rows, y: Rows, _: np.random.Generator) -> Sequence[Score]:
    sigma = dict(parse_single(pair.kernel).params)["sigma"]
    return [mmd2(pair.embed(x), pair.embed(y), [sigma], interval=True)]


def _c2st(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return c2st(*_scaled(pair, x, y), rng=rng)


def _mmd_test(factors: Sequence[float]) -> Call:
    def call(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
        first, second = _scaled(pair, x, y)
        scale = median_distance(first)
        return [mmd_test(first, second, [factor * scale for factor in factors], rng=rng)]

    return call


ESTIMATORS = {
    "jsd_knn": Estimator(_knn, "jsd"),
    "jsd_lower_bound": Estimator(_lower_bound, "jsd"),
    "jsd_known_density": Estimator(_known_density, "jsd", ("continuous",)),
    "mmd2": Estimator(_mmd2, "mmd2", ("continuous", "mixed")),
    "c2st": Estimator(_c2st, "accuracy"),
}

TESTS = {
    "mmd_test": Estimator(_mmd_test(FACTORS)),
    "mmd_test median": Estimator(_mmd_test([1.0])),
    "c2st": Estimator(_c2st),
}
