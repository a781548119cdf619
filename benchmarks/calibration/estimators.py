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
from ganbench.metrics import (
    Score,
    c2st,
    energy_distance,
    jsd_discrete,
    jsd_knn,
    jsd_known_density,
    jsd_lower_bound,
    mmd2,
    mmd2_block,
    mmd2_incomplete,
    mmd_test,
)

Call = Callable[[Pair, Rows, Rows, np.random.Generator], Sequence[Score]]

KINDS = ("continuous", "categorical", "sequence", "mixed")
CODES = ("categorical", "sequence")
REFERENCE_ROWS = 10_000
PERMUTATIONS = 199


@dataclass(frozen=True)
class Estimator:
    """A way to call an estimator, and where that makes sense.

    Attributes:
        call: from pair, real rows, generated rows and generator to scores.
        target: the attribute of `Pair` that it estimates, empty where there is none.
        kinds: of pairs that it fits.
        most_rows: beyond which it is too slow.
        most_columns: of embedded rows beyond which it is too slow or means nothing.
        least_columns: below which another one is the same.
    """

    call: Call
    target: str = ""
    kinds: Sequence[str] = KINDS
    most_rows: int = 10_000
    most_columns: int = 100
    least_columns: int = 1

    def fits(self, pair: Pair, n: int) -> bool:
        """Whether to call it on `n` rows of the laws of `pair`."""
        target = getattr(pair, self.target) if self.target else 0.0
        columns = _centre_and_scale(pair)[0].size
        known = pair.kind in self.kinds and target is not None
        return known and n <= self.most_rows and self.least_columns <= columns <= self.most_columns


def _scaled(pair: Pair, *samples: Rows) -> list[Floats]:
    centre, scale = _centre_and_scale(pair)
    return [(pair.embed(sample) - centre) / scale for sample in samples]


@cache
def _centre_and_scale(pair: Pair) -> tuple[Floats, Floats]:
    reference = pair.embed(pair.p.sample(REFERENCE_ROWS, np.random.default_rng(0)))
    spread = reference.std(axis=0)
    return reference.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _knn(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [jsd_knn(*_scaled(pair, x, y), rng=rng)]


def _knn_alone(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [jsd_knn(*_scaled(pair, x, y), rng=rng, extrapolate=False)]


def _lower_bound(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [jsd_lower_bound(*_scaled(pair, x, y), rng=rng)]


def _known_density(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [jsd_known_density(x, y, pair.p.log_prob, rng=rng)]


def _discrete(order: int | None) -> Call:
    def call(_: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
        return [jsd_discrete(x, y, rng=rng, order=order, permutations=PERMUTATIONS)]

    return call


def _mmd2(pair: Pair, x: Rows, y: Rows, _: np.random.Generator) -> Sequence[Score]:
    return [mmd2(*pair.for_kernel(x, y), pair.kernel, interval=True)]


def _mmd2_block(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return [mmd2_block(*pair.for_kernel(x, y), pair.kernel, rng=rng)]


def _mmd2_incomplete(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    samples = pair.for_kernel(x, y)
    return [mmd2_incomplete(*samples, pair.kernel, rng=rng, permutations=PERMUTATIONS)]


def _energy(pair: Pair, x: Rows, y: Rows, _: np.random.Generator) -> Sequence[Score]:
    return [energy_distance(*_scaled(pair, x, y))]


def _c2st(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
    return c2st(*_scaled(pair, x, y), rng=rng)


def _mmd_test(kernel: str) -> Call:
    def call(pair: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
        return [mmd_test(*_scaled(pair, x, y), kernel, rng=rng)]

    return call


def _codes_test(kernel: str) -> Call:
    def call(_: Pair, x: Rows, y: Rows, rng: np.random.Generator) -> Sequence[Score]:
        return [mmd_test(x, y, kernel, rng=rng)]

    return call


ESTIMATORS = {
    "jsd_knn": Estimator(_knn, "jsd"),
    "jsd_knn, k=5 alone": Estimator(_knn_alone, "jsd", ("continuous",), least_columns=6),
    "jsd_lower_bound": Estimator(_lower_bound, "jsd"),
    "jsd_known_density": Estimator(_known_density, "jsd", ("continuous",), most_rows=5000),
    "jsd_discrete": Estimator(_discrete(None), "jsd", CODES),
    "jsd_discrete bigrams": Estimator(_discrete(2), "bigram_jsd", ("sequence",)),
    "mmd2": Estimator(_mmd2, "mmd2"),
    "mmd2_block": Estimator(_mmd2_block, "mmd2"),
    "mmd2_incomplete": Estimator(_mmd2_incomplete, "mmd2"),
    "c2st": Estimator(_c2st, "accuracy"),
    "energy_distance": Estimator(_energy),
}

TESTS = {
    "mmd_test": Estimator(_mmd_test("multi_rbf")),
    "mmd_test median": Estimator(_mmd_test("rbf(sigma='median')")),
    "mmd_test delta": Estimator(_codes_test("delta"), kinds=CODES),
    "jsd_discrete": Estimator(_discrete(None), kinds=CODES),
    "mmd2_block": Estimator(_mmd2_block),
    "mmd2_incomplete": Estimator(_mmd2_incomplete),
    "c2st": Estimator(_c2st),
}
