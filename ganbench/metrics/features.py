"""Feature spaces: what rows are mapped to before they are compared.

Everything that a space must learn is learned from the training split alone, under a seed, and
stays frozen, so that it is the same for every generator.
"""

from pathlib import Path

from numpy.typing import ArrayLike
from torch import Tensor

from ganbench import components
from ganbench.errors import MetricError
from ganbench.metrics._checks import SampleLike, as_sample
from ganbench.metrics._feature_space import FeatureSpace, Layout, Space
from ganbench.metrics._spaces import SPACES

__all__ = ["SPACES", "FeatureSpace", "Layout", "Space", "feature_space", "parse_space"]


def parse_space(expression: str) -> tuple[str, Space]:
    """Read `raw`, `standardised`, `pca`, `classifier(epochs=10)`, `ngrams` or `inception`.

    Returns:
        The expression without what defaults say, and the space that it names.

    Raises:
        SpecError: for an unknown space or a parameter that does not fit; names the choices.
        DeviceError: if the space needs a package that is not installed.
    """
    component = components.parse_single(expression)
    if component.name not in SPACES:
        raise components.unknown("feature space", component.name, SPACES)
    factory = SPACES[component.name]
    accepted = components.parameters(factory)
    bound = components.bind(component, accepted)
    return str(components.shortest(component, accepted, bound)), factory(**bound)


def feature_space(
    expression: str,
    reference: SampleLike,
    *,
    shape: tuple[int, ...] | None = None,
    bounds: tuple[float, float] | None = None,
    labels: ArrayLike | Tensor | None = None,
    cache: Path | None = None,
) -> FeatureSpace:
    """Fit the feature space that an expression names, on a sample of the training split.

    Equal arguments give equal bits on one machine with one version of torch, whose global random
    state is left alone.

    Args:
        expression: `raw`, `standardised`, `pca(dim=16)`, `classifier(epochs=10, seed=0)`,
            `ngrams(order=2)` or `inception(weights='/path/to/file')`.
        reference: rows (n, d) of the training split.
        shape: of one sample; (channels, height, width) for an image, (length, vocabulary) for a
            sequence of one-hots, (d,) if left out.
        bounds: the smallest and the largest value that an image can have, for `inception`.
        labels: the class (n,) of each row of the reference, for `classifier`.
        cache: folder that keeps trained networks; by default the folder `features` below the
            environment variable GANBENCH_DATA, or else below the user's cache.

    Returns:
        A map of rows (m, d) to features (m, k).

    Raises:
        SpecError: for an expression that names no space (`MetricError` for a bad argument).
        DeviceError: if the space needs a package that is not installed.

    Example:
        >>> import numpy as np
        >>> train = np.random.default_rng(0).normal(size=(100, 5))
        >>> feature_space("pca(dim=2)", train)(train).shape
        (100, 2)
    """
    name, space = parse_space(expression)
    rows = as_sample(reference, "reference")
    layout = Layout(shape or (rows.shape[1],), bounds, labels, cache)
    if layout.size != rows.shape[1]:
        raise MetricError(
            f"`shape` {layout.shape} has {layout.size} values, but `reference` has "
            f"{rows.shape[1]} columns."
        )
    if reason := space.misfit(layout):
        raise MetricError(reason)
    return space.fit(name, rows, layout)
