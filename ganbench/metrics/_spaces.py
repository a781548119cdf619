"""The feature spaces, one class for each."""

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
import torch

from ganbench.errors import MetricError
from ganbench.metrics import _classifier, _inception
from ganbench.metrics._checks import Floats
from ganbench.metrics._feature_space import FeatureSpace, Layout, Space
from ganbench.metrics._ngrams import ngram_columns
from ganbench.ranges import NonNegativeInt, PositiveInt, Size


class _Unlabelled:
    needs_labels = False

    def misfit(self, layout: Layout) -> str | None:  # noqa: ARG002
        """It fits all rows."""
        return None


class Raw(_Unlabelled):
    """Rows as they are."""

    def fit(self, name: str, reference: Floats, layout: Layout) -> FeatureSpace:  # noqa: ARG002
        """Learn nothing."""
        width = reference.shape[1]
        return FeatureSpace(name, _digest(name, np.array(width)), width, lambda rows: rows)


class Standardised(_Unlabelled):
    """Columns with the reference's mean taken off, over its standard deviation.

    Columns that are constant in the reference are not divided.
    """

    def fit(self, name: str, reference: Floats, layout: Layout) -> FeatureSpace:  # noqa: ARG002
        """Learn means and standard deviations."""
        mean, scale = _moments(reference)
        digest = _digest(name, mean, scale)
        return FeatureSpace(name, digest, len(mean), lambda rows: (rows - mean) / scale)


class PrincipalComponents:
    """The leading principal components of the standardised columns, not whitened.

    Args:
        dim: how many, above 0.
    """

    needs_labels = False

    def __init__(self, dim: Size = 16) -> None:
        self.dim = dim

    def misfit(self, layout: Layout) -> str | None:
        """It needs as many columns as components."""
        if layout.size < self.dim:
            return f"pca(dim={self.dim}) needs {self.dim} columns, and there are {layout.size}."
        return None

    def fit(self, name: str, reference: Floats, layout: Layout) -> FeatureSpace:  # noqa: ARG002
        """Learn means, standard deviations and axes.

        Raises:
            MetricError: if the reference has too few rows to have as many components.
        """
        if len(reference) <= self.dim:
            raise MetricError(
                f"`reference` has {len(reference)} rows, but pca(dim={self.dim}) needs more than "
                f"{self.dim}."
            )
        mean, scale = _moments(reference)
        _, spread, axes = np.linalg.svd((reference - mean) / scale, full_matrices=False)
        axes = axes[: self.dim]
        largest = np.abs(axes).argmax(axis=1, keepdims=True)
        axes = (axes * np.sign(np.take_along_axis(axes, largest, axis=1))).T
        total = float(np.square(spread).sum())
        kept = float(np.square(spread[: self.dim]).sum()) / total if total > 0 else 1.0
        return FeatureSpace(
            name,
            _digest(name, mean, scale, axes),
            len(mean),
            lambda rows: ((rows - mean) / scale) @ axes,
            {"explained_variance": round(kept, 4)},
        )


class Classifier:
    """The penultimate layer of a small network that was trained to tell labels apart.

    Convolutional on images, dense on other rows. It is trained on four fifths of the reference
    and reports its accuracy on the fifth that it never saw.

    Args:
        epochs: passes over the rows, above 0.
        seed: of the weights, the held-out fifth and the order of rows, 0 or more.
    """

    needs_labels = True

    def __init__(self, epochs: PositiveInt = 10, seed: NonNegativeInt = 0) -> None:
        self.epochs, self.seed = epochs, seed

    def misfit(self, layout: Layout) -> str | None:
        """It needs labels."""
        if layout.labels is None:
            return "A classifier's features need labels of the training split, and there are none."
        return None

    def fit(self, name: str, reference: Floats, layout: Layout) -> FeatureSpace:
        """Train the network, or find it in the cache."""
        if layout.labels is None:
            raise MetricError(str(self.misfit(layout)))
        lesson = _classifier.Lesson(
            reference.reshape(-1, *layout.shape).astype(np.float32),
            _classifier.as_classes(layout.labels, len(reference)),
            self.epochs,
            self.seed,
        )
        network = _classifier.trained(lesson, layout.cache)
        details = {"accuracy": round(network.accuracy.item(), 4), "torch": torch.__version__}
        digest, width = _classifier.digest(network), reference.shape[1]
        return FeatureSpace(name, digest, width, network.features, details)


class Inception:
    """The 2048 pool features of the Inception network that FID and KID are usually quoted on.

    Args:
        weights: file of the network's weights; nothing is ever downloaded.

    References:
        Szegedy et al. 2016 (arXiv:1512.00567); Obukhov et al. 2020, torch-fidelity
        (doi:10.5281/zenodo.4957738).
    """

    needs_labels = False

    def __init__(self, weights: str) -> None:
        self.weights = _inception.find(weights)

    def misfit(self, layout: Layout) -> str | None:
        """It needs images of a known range."""
        if len(layout.shape) != 3 or layout.shape[0] not in (1, 3):
            return "Inception's features need images with 1 or 3 channels."
        if layout.bounds is None:
            return "Inception's features need images whose values have a known range."
        return None

    def fit(self, name: str, reference: Floats, layout: Layout) -> FeatureSpace:
        """Load the network; nothing is learned."""
        if layout.bounds is None:
            raise MetricError(str(self.misfit(layout)))
        network = _inception.load(self.weights, layout.shape, layout.bounds)
        width = reference.shape[1]
        return FeatureSpace(name, network.digest, width, network.features, network.details)


class Ngrams(_Unlabelled):
    """How often each run of `order` symbols occurs in a sequence, wherever it is.

    One column for each n-gram where they fit into `columns`; else each goes to one of `columns`
    by a hash. Inner products of the counts are the spectrum kernel.

    Args:
        order: symbols in a run, above 0.
        columns: the most columns, 1 to 65536.

    References:
        Leslie, Eskin & Noble 2002, Pacific Symposium on Biocomputing 7 (spectrum kernel);
        Weinberger et al. 2009, arXiv:0902.2206 (hashed counts).
    """

    def __init__(self, order: PositiveInt = 2, columns: Size = 1024) -> None:
        self.order, self.columns = order, columns

    def misfit(self, layout: Layout) -> str | None:
        """It needs sequences that are long enough."""
        if len(layout.shape) != 2:
            return "Counts of n-grams need sequences of symbols."
        if layout.shape[0] < self.order:
            return f"Runs of {self.order} symbols do not fit into {layout.shape[0]} of them."
        return None

    def fit(self, name: str, reference: Floats, layout: Layout) -> FeatureSpace:  # noqa: ARG002
        """Learn nothing."""
        vocabulary = layout.shape[1]
        columns = min(self.columns, vocabulary**self.order)

        def transform(rows: Floats) -> Floats:
            tokens = rows.reshape(-1, *layout.shape).argmax(axis=2)
            places = ngram_columns(tokens, self.order, vocabulary, columns)
            cells = np.arange(len(places))[:, None] * columns + places
            counts = np.bincount(cells.ravel(), minlength=len(places) * columns)
            return counts.reshape(-1, columns).astype(np.float64)

        digest = _digest(name, np.array(layout.shape))
        return FeatureSpace(name, digest, layout.size, transform)


SPACES: Mapping[str, Callable[..., Space]] = {
    "raw": Raw,
    "standardised": Standardised,
    "pca": PrincipalComponents,
    "classifier": Classifier,
    "inception": Inception,
    "ngrams": Ngrams,
}


def _moments(reference: Floats) -> tuple[Floats, Floats]:
    """Return the mean (d,) and what to divide by (d,) of each column."""
    spread = reference.std(axis=0)
    return reference.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _digest(name: str, *arrays: Floats) -> str:
    digest = hashlib.sha256(name.encode())
    for array in arrays:
        digest.update(str(array.shape).encode() + array.tobytes())
    return digest.hexdigest()
