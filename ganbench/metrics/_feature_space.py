"""What a feature space is, before and after it has seen data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats, SampleLike, as_sample


@dataclass(frozen=True)
class FeatureSpace:
    """A fitted map of rows (n, d) to features (n, k); call it.

    Attributes:
        name: the expression that it was made of, without what defaults say.
        digest: SHA-256 of everything that decides its numbers.
        width: number of columns d that it takes.
        details: what else is worth keeping, such as a classifier's accuracy; JSON-compatible.
    """

    name: str
    digest: str
    width: int
    transform: Callable[[Floats], Floats] = field(repr=False)
    details: Mapping[str, object] = field(default_factory=dict)

    def __call__(self, rows: SampleLike) -> Floats:
        """Map rows (n, d) to float64 features (n, k).

        Raises:
            MetricError: if the rows are no sample with the columns of the reference.
        """
        sample = as_sample(rows, "rows", least=1)
        if sample.shape[1] != self.width:
            raise MetricError(
                f"`rows` has {sample.shape[1]} columns, but {self.name} was fitted on "
                f"{self.width} of them."
            )
        return self.transform(sample)

    @property
    def summary(self) -> dict[str, object]:
        """Name, beginning of the digest and details, as scores keep them."""
        return {"name": self.name, "digest": self.digest[:16], **self.details}


@dataclass(frozen=True)
class Layout:
    """What spaces may use besides the values of rows (n, d).

    Attributes:
        shape: of one sample before it was flattened; an image has (channels, height, width), a
            sequence of one-hots (length, vocabulary).
        bounds: the smallest and the largest possible value, None where there are none.
        labels: the class (n,) of each row of the reference, None where there are none.
        cache: folder that keeps what is slow to learn, None for the user's.
    """

    shape: tuple[int, ...]
    bounds: tuple[float, float] | None = None
    labels: ArrayLike | Tensor | None = None
    cache: Path | None = None

    @property
    def size(self) -> int:
        """Number of values in one sample."""
        return int(np.prod(self.shape))


class Space(Protocol):
    """A kind of feature space with its parameters, before it has seen data.

    Attributes:
        needs_labels: whether it learns from labels.
    """

    needs_labels: bool

    def misfit(self, layout: Layout) -> str | None:
        """Say why rows of this layout have no such space, None if they have."""
        ...

    def fit(self, name: str, reference: Floats, layout: Layout) -> FeatureSpace:
        """Learn from a reference sample (n, d)."""
        ...
