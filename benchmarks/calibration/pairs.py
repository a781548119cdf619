"""Pairs of laws, real p and generated q, whose divergences are known.

`truths.py` computes the constants anew; `tests/benchmarks/test_pairs.py` compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.calibration.families import (
    autoregressive,
    embedded,
    equicorrelated,
    gaussian,
    grid,
    isotropic,
    ring,
    stretched,
    zipf,
)
from benchmarks.calibration.laws import (
    Categorical,
    Circle,
    Floats,
    Laplace,
    Law,
    LogNormal,
    Markov,
    MixedTable,
    Mixture,
    Rows,
    StudentT,
    Uniform,
)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two laws and how far apart they are.

    Attributes:
        p: the real law.
        q: the generated law.
        jsd: Jensen-Shannon divergence in nats.
        accuracy: of the Bayes classifier of rows that are as often real as generated; known to
            1e-4 in several real columns, else to 1e-8.
        mmd2: squared maximum mean discrepancy under `kernel`.
        kernel: expression of a kernel, on codes for `delta` and `hamming`, else on `embed`.
        jsd_error: of `jsd`, at most.
        bigram_jsd: of the laws of two neighbouring codes, averaged over places; None if no chain.
    """

    p: Law
    q: Law
    jsd: float
    accuracy: float
    mmd2: float
    kernel: str = "rbf(sigma=1.0)"
    jsd_error: float = 1e-9
    bigram_jsd: float | None = None

    @property
    def kind(self) -> str:
        """Return what rows hold: continuous, categorical, sequence or mixed."""
        kinds = {Categorical: "categorical", Markov: "sequence", MixedTable: "mixed"}
        return kinds.get(type(self.p), "continuous")

    @property
    def null(self) -> bool:
        """Whether both laws are the same."""
        return self.p is self.q

    def sample(self, n: int, rng: np.random.Generator | int) -> tuple[Rows, Rows]:
        """Return `n` rows of each law."""
        stream = np.random.default_rng(rng)
        return self.p.sample(n, stream), self.q.sample(n, stream)

    def embed(self, x: Rows) -> Floats:
        """Return rows in the real coordinates that learners work on."""
        return self.p.embed(x)

    def for_kernel(self, *samples: Rows) -> list[Rows]:
        """Return samples in the coordinates that the kernel works on."""
        on_codes = self.kernel.startswith(("delta", "hamming"))
        return [sample if on_codes else self.embed(sample) for sample in samples]


def _line(mean: float, std: float = 1.0) -> Mixture:
    return gaussian([mean], [[std**2]])


def _missing(modes: int) -> Mixture:
    return ring(np.arange(8) >= modes)


def _table(p: Sequence[float], means: Sequence[float], stds: Sequence[float]) -> MixedTable:
    return MixedTable(np.array(p), np.array([means]).T, np.array([stds]).T)


def _ten_modes(missing: int) -> Mixture:
    means = 2 * np.random.default_rng(10).standard_normal((10, 5))
    return isotropic(means, 0.5, (np.arange(10) >= missing).astype(float))


def _chain(transitions: ArrayLike) -> Markov:
    return Markov(np.full(4, 0.25), np.array(transitions), 6)


STANDARD = gaussian([0, 0], np.eye(2))
LINE = _line(0)
RING, GRID = ring(np.ones(8)), grid(0.1)
ZIPF = zipf(1)
TABLE = _table([0.5, 0.3, 0.2], [0, 2, 4], [1, 1, 0.5])
NOISE = embedded(LINE, 9)
PERSISTENT = _chain(0.1 + 0.6 * np.eye(4))
DRIFTING = _chain([[0.4, 0.3, 0.2, 0.1], [0.1, 0.5, 0.3, 0.1], [0.1, 0.1, 0.6, 0.2], [0.25] * 4])
BROAD = gaussian([0, 0], np.diag([1e-6, 1e6]))

PAIRS = {
    "null_gauss2d": Pair(STANDARD, STANDARD, 0.0, 0.5, 0.0),
    "null_grid25": Pair(GRID, GRID, 0.0, 0.5, 0.0, "rbf(sigma=0.5)"),
    "null_zipf1000": Pair(ZIPF, ZIPF, 0.0, 0.5, 0.0, "delta"),
    "null_table": Pair(TABLE, TABLE, 0.0, 0.5, 0.0),
    "shift0.5": Pair(LINE, _line(0.5), 0.030311300521, 0.598706325683, 0.047123955848),
    "shift1": Pair(LINE, _line(1), 0.111421482185, 0.691462461274, 0.177267634920),
    "shift2": Pair(LINE, _line(2), 0.336830820347, 0.841344746069, 0.561857514619),
    "shift4": Pair(LINE, _line(4), 0.632720193737, 0.977249868052, 1.074467959844),
    "scale2": Pair(LINE, _line(0, 2), 0.092733381666, 0.661337284417, 0.094187021595),
    "laplace": Pair(LINE, Laplace(0.5**0.5), 0.014578009760, 0.570651112031, 0.006602033467),
    "lognormal": Pair(
        LogNormal(0, 1), LogNormal(0.5, 1), 0.030311300521, 0.598706325683, 0.041335319110
    ),
    "corr0.3": Pair(
        STANDARD, equicorrelated(2, 0.3), 0.011914094659, 0.550505226601, 0.003515031880
    ),
    "corr0.8": Pair(
        STANDARD, equicorrelated(2, 0.8), 0.133644023295, 0.692777181846, 0.035674072587
    ),
    "aniso": Pair(
        STANDARD,
        gaussian([0.5, -0.25], np.diag([2.25, 0.25])),
        0.145030757172,
        0.692496813870,
        0.062134517034,
    ),
    "student_t": Pair(STANDARD, StudentT(3, 2), 0.038158267994, 0.573913303963, 0.007531591405),
    "circle_blur": Pair(
        Circle(1, 0.1),
        Circle(1, 0.2),
        0.091882809902,
        0.660502455464,
        0.001385872036,
        "rbf(sigma=0.5)",
    ),
    "scales": Pair(
        BROAD,
        gaussian([1e-3, 0], BROAD.covariances[0]),
        0.111421482185,
        0.691462461274,
        5.77e-13,
        "rbf(sigma=1000.0)",
    ),
    "ring8_miss1": Pair(RING, _missing(1), 0.045406578078, 0.5625, 0.015814706040),
    "ring8_miss4": Pair(RING, _missing(4), 0.215761554339, 0.75, 0.161207108794),
    "ring8_miss7": Pair(RING, _missing(7), 0.496929126648, 0.9375, 0.774920595939),
    "grid25_blur": Pair(
        GRID, grid(0.2), 0.173205110473, 0.736218543851, 0.000318392813, "rbf(sigma=0.5)"
    ),
    "box_shift": Pair(
        Uniform(np.zeros(2), np.ones(2)),
        Uniform(np.array([0.25, 0]), np.array([1.25, 1])),
        0.173286795140,
        0.625,
        0.079833453730,
        "rbf(sigma=0.5)",
    ),
    "aniso_d5": Pair(
        stretched(1),
        stretched(2),
        0.165234,
        0.71473,
        0.016466880165,
        "rbf(sigma=2.0)",
        jsd_error=3e-6,
    ),
    "modes10_d5_miss1": Pair(
        _ten_modes(0),
        _ten_modes(1),
        0.021343,
        0.54594,
        0.004819151755,
        "rbf(sigma=2.0)",
        jsd_error=1e-6,
    ),
    "shift1_d10": Pair(
        NOISE,
        embedded(_line(1), 9),
        0.111421482185,
        0.691462461274,
        0.032585432831,
        "rbf(sigma=3.0)",
    ),
    "corr0.3_d10": Pair(
        equicorrelated(10, 0.0),
        equicorrelated(10, 0.3),
        0.140505452529,
        0.701072970183,
        0.008998865080,
        "rbf(sigma=3.0)",
    ),
    "corr0.8_d10": Pair(
        equicorrelated(10, 0.0),
        equicorrelated(10, 0.8),
        0.588603633404,
        0.959568153941,
        0.055344541523,
        "rbf(sigma=3.0)",
    ),
    "scale_d10": Pair(
        equicorrelated(10, 0.0),
        gaussian(np.zeros(10), 0.5 * np.eye(10)),
        0.226082969002,
        0.776281363371,
        0.031809099977,
        "rbf(sigma=3.0)",
    ),
    "ar0.9_d5": Pair(
        equicorrelated(5, 0.0),
        autoregressive(5, 0.9),
        0.508040,
        0.92607,
        0.055919569717,
        "rbf(sigma=2.0)",
        jsd_error=3e-5,
    ),
    "scale_d15": Pair(
        equicorrelated(15, 0.0),
        gaussian(np.zeros(15), 0.5 * np.eye(15)),
        0.306843524002,
        0.825255718312,
        0.026755134096,
        "rbf(sigma=4.0)",
    ),
    "cat10": Pair(
        Categorical(np.full(10, 0.1)),
        Categorical(np.arange(1, 11) / 55),
        0.040830168222,
        0.613636363636,
        0.027272727273,
        "delta",
    ),
    "zipf1000_steeper": Pair(
        ZIPF, zipf(1.25), 0.032854244755, 0.610513798151, 0.017826089082, "delta"
    ),
    "markov": Pair(
        PERSISTENT,
        DRIFTING,
        0.192548477979,
        0.750428125,
        0.019744380368,
        "hamming(sigma=2.0)",
        bigram_jsd=0.054757812917,
    ),
    "table": Pair(
        TABLE,
        _table([0.4, 0.4, 0.2], [0, 2.5, 4], [1, 1, 1]),
        0.035312198119,
        0.597218880073,
        0.018428674702,
    ),
}
