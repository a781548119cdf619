"""A metric with a test.

A metric compares two samples, float64 matrices (n, d), and returns `Score`s: values with the sizes
of both samples and, where there is a test that both have one law, its p-value. `better` says which
way is better for each estimator. ganbench adds the floor, two real samples of the same size.

    ganbench run --plugin docs/plugins/tested_metric.py -a mlp -l ns -d ring8 -m hotelling -m mmd
"""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from scipy import stats

from ganbench.api import Dataset, Metric, MetricContext, MetricError, Score, hookimpl


class Hotelling(Metric):
    """Hotelling: squared distance of the means, in units of the common covariance.

    d^2 = (mean x - mean y)' S^-1 (mean x - mean y), with the pooled covariance S. T^2 = d^2 * n m /
    (n + m) gives the p-value by an F law, exactly for normal samples and nearly for large ones. It
    sees means only.

    Source: Hotelling 1931, Annals of Mathematical Statistics 2(3)
    """

    better = MappingProxyType({"t2": "lower"})
    headline = "t2"

    def misfit(self, dataset: Dataset) -> str | None:
        """One-hots have no covariance of full rank."""
        kind = dataset.spec.kind
        return None if kind == "vector" else f"It compares vectors, and these are {kind} data."

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "t2", d^2."""
        (n, d), m = real.shape, len(fake)
        left = n + m - d - 1
        if min(n, m) < 2 or left < 1:
            raise MetricError(f"{n} and {m} rows are too few for the covariance of {d} columns.")
        gap = real.mean(axis=0) - fake.mean(axis=0)
        covariances = [np.atleast_2d(np.cov(x, rowvar=False)) for x in (real, fake)]
        pooled = ((n - 1) * covariances[0] + (m - 1) * covariances[1]) / (n + m - 2)
        distance = float(gap @ np.linalg.pinv(pooled) @ gap)
        f_value = distance * n * m / (n + m) * left / ((n + m - 2) * d)
        p_value = float(stats.f.sf(f_value, d, left)) if context.tests else None
        return [Score(distance, p_value=p_value, n_real=n, n_fake=m, estimator="t2")]


@hookimpl
def ganbench_metrics() -> dict[str, object]:
    return {"hotelling": Hotelling}
