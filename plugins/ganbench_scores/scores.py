"""The estimators of `ganbench.metrics`, in a feature space that the training split decides."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np

from ganbench.api import (
    Dataset,
    Fraction,
    MetricContext,
    MetricError,
    PositiveFloat,
    PositiveInt,
    Score,
)
from ganbench.metrics import (
    c2st,
    jsd_knn,
    jsd_known_density,
    jsd_lower_bound,
    mmd2,
    mmd_test,
    mode_coverage,
)
from ganbench.metrics.c2st import LEARNERS
from ganbench.metrics.kernels import resolve
from ganbench_scores.density import log_density
from ganbench_scores.spaces import Features, in_space

Better = Mapping[str, Literal["lower", "higher"]]


class JSD:
    """Jensen-Shannon divergence in nats: a point estimate and bounds from below.

    Args:
        k: which neighbour sets the radius of the point estimate "knn", above 0.
        features: where rows are compared, but for "known": "standardised", "raw", "pca",
            "classifier" or "inception", with their parameters.

    Source: Ross 2014, PLoS ONE 9(2); Nowozin et al. 2016, arXiv:1606.00709
    """

    better: Better = MappingProxyType({"known": "lower", "knn": "lower", "lower_bound": "lower"})
    headline = "knn"
    running = False
    default = True
    version = 2

    def __init__(self, k: PositiveInt = 5, features: str = "standardised") -> None:
        self.k = k
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It fits where its features do."""
        return self.features.misfit(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "knn", "lower_bound" and, where the density is known, "known"."""
        space = self.features.fitted(context)
        x, y = space(real), space(fake)
        # One stream each, so that values do not depend on whether intervals are wanted.
        streams = context.rng.spawn(3)
        scores = in_space(
            space,
            jsd_knn(x, y, rng=streams[0], k=self.k, interval=context.tests),
            jsd_lower_bound(x, y, rng=streams[1]),
        )
        if context.dataset.log_prob is not None:

            def log_prob(rows: np.ndarray) -> np.ndarray:
                return log_density(context.dataset, rows)

            scores.append(jsd_known_density(real, fake, log_prob, rng=streams[2]))
        return scores


class MMD:
    """Squared maximum mean discrepancy, unbiased, by default averaged over Gaussian kernels.

    Args:
        kernel: expression with rbf, multi_rbf, rq, poly, linear, laplace, hamming, delta or
            distance; "median" bandwidths are taken from the training split.
        permutations: of the test, above 0.
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Gretton et al. 2012, JMLR 13
    """

    running = True
    default = True
    version = 2

    def __init__(
        self,
        kernel: str = "multi_rbf",
        permutations: PositiveInt = 499,
        features: str = "standardised",
    ) -> None:
        self.kernel = kernel
        self.permutations = permutations
        self.features = Features(features)
        self.headline = resolve(kernel, np.eye(2)).name
        self.better: Better = {self.headline: "lower"}

    def misfit(self, dataset: Dataset) -> str | None:
        """It fits where its features do."""
        return self.features.misfit(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return one value, with interval and p-value where tests are wanted."""
        space = self.features.fitted(context)
        x, y, reference = space(real), space(fake), space(context.reference)
        if not context.tests:
            return in_space(space, mmd2(x, y, self.kernel, reference=reference))
        test = mmd_test(
            x,
            y,
            self.kernel,
            rng=context.rng,
            permutations=self.permutations,
            reference=reference,
        )
        return in_space(space, test)


class C2ST:
    """Held-out accuracy of classifiers that tell real from generated; 1/2 is perfect.

    Args:
        features: where rows are compared: "standardised", "raw", "pca", "classifier" or
            "inception", with their parameters.

    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545
    """

    better: Better = dict.fromkeys((*LEARNERS, "max"), "lower")
    headline = "max"
    running = False
    default = True
    version = 2

    def __init__(self, features: str = "standardised") -> None:
        self.features = Features(features)

    def misfit(self, dataset: Dataset) -> str | None:
        """It fits where its features do."""
        return self.features.misfit(dataset)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return one accuracy for each learner, and "max"."""
        space = self.features.fitted(context)
        return in_space(space, *c2st(space(real), space(fake), rng=context.rng))


class ModeCoverage:
    """Modes of a known mixture that are covered, and how good and balanced the rows are.

    Args:
        radius: standard deviations within which a row is of high quality, above 0.
        share: of the expected rows that a mode needs to be covered.

    Source: Srivastava et al. 2017, arXiv:1705.07761
    """

    better: Better = MappingProxyType({"covered": "higher", "quality": "higher", "kl": "lower"})
    headline = "covered"
    running = True
    default = True
    version = 1

    def __init__(self, radius: PositiveFloat = 3.0, share: Fraction = 0.2) -> None:
        self.radius = radius
        self.share = share

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a dataset with modes."""
        if dataset.modes is None:
            return "It counts the modes of a Gaussian mixture, and this dataset has none."
        return None

    def __call__(
        self,
        real: np.ndarray,  # noqa: ARG002
        fake: np.ndarray,
        context: MetricContext,
    ) -> Sequence[Score]:
        """Return "covered", "quality" and "kl"."""
        modes = context.dataset.modes
        if modes is None:
            raise MetricError("This dataset has no modes to be covered.")
        return mode_coverage(
            fake,
            modes.centers,
            modes.std,
            weights=modes.weights,
            radius=self.radius,
            share=self.share,
        )
