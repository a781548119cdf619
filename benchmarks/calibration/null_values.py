"""What equal laws score where that is not zero: `python -m benchmarks.calibration.null_values`.

Prints the figures that docs/metrics.md quotes of distances and memorisation, and writes
null_values.json beside this file. One draw each, of independent standard normal columns.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from ganbench.metrics import authenticity, distinct_ngrams, frechet_distance, prdc

FID_REPEATS = 20


def _normal(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng([n, d, seed]).standard_normal((n, d))


def _frechet(n: int) -> dict[str, float]:
    """Mean and deviation in 64 columns, plain and extrapolated."""
    values = []
    for seed in range(FID_REPEATS):
        x, y = _normal(n, 64, 2 * seed), _normal(n, 64, 2 * seed + 1)
        line = frechet_distance(x, y, extrapolate=True, rng=np.random.default_rng(seed))
        values.append((frechet_distance(x, y).value, line.value))
    (plain, line), (sd, line_sd) = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
    return {"fid": plain, "fid_sd": sd, "fid_infinity": line, "fid_infinity_sd": line_sd}


def _transport(shift: float) -> float:
    """Squared Wasserstein distance of 2000 rows each in 64 columns, by exact assignment."""
    squares = cdist(_normal(2000, 64, 0), _normal(2000, 64, 1) + shift, "sqeuclidean")
    return float(squares[linear_sum_assignment(squares)].mean())


def _neighbourhoods(d: int) -> dict[str, float]:
    scores = prdc(_normal(2000, d, 0), _normal(2000, d, 1))
    return {score.estimator: score.value for score in scores}


def _symbols(n: int) -> float:
    tokens = np.random.default_rng(n).integers(32, size=(n, 16))
    return distinct_ngrams(tokens, 2).value


def main() -> None:
    """Compute, print and write all of them."""
    results = {
        "frechet, 64 columns": {n: _frechet(n) for n in (500, 2000)},
        "w2, 64 columns, n=2000": {shift: _transport(shift) for shift in (0.0, 0.5)},
        "prdc, n=2000": {d: _neighbourhoods(d) for d in (2, 64)},
        "authenticity, n=2000": {
            d: authenticity(_normal(2000, d, 0), _normal(2000, d, 1)).value for d in (1, 2, 10, 64)
        },
        "distinct2 of uniform symbols, 32 of them, length 16": {
            n: _symbols(n) for n in (200, 2000)
        },
    }
    text = json.dumps(results, indent=1, default=float)
    print(text)  # noqa: T201
    Path(__file__).with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
