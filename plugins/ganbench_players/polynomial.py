"""Linear and quadratic discriminators, for samples of any shape."""

from torch import Tensor, nn

from ganbench.api import SCORE, Architecture, DataSpec, FeatureCritic, Output

_EVERY_KIND = frozenset({"vector", "table", "image", "sequence"})


class Linear(Architecture):
    """A linear discriminator: D(x) = w . x + b; it has no generator.

    It sees means only: against it, a generator has won once its mean is right. Its features are
    the values of the sample.

    Source: Hastie et al. 2009, The Elements of Statistical Learning, section 4.4
    """

    kinds = _EVERY_KIND

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        return FeatureCritic(nn.Flatten(), spec.size, output)


class Quadratic(Architecture):
    """A quadratic discriminator: D(x) = x' A x + w . x + b; it has no generator.

    It sees means and covariances only, and is the optimal one between two Gaussians, whose
    log-ratio is quadratic.

    Source: Feizi et al. 2017, arXiv:1710.10793
    """

    kinds = _EVERY_KIND
    gives = frozenset({"score", "weights", "separate"})

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:  # noqa: ARG002
        """Build samples (B, *spec.shape) -> scores (B,)."""
        return QuadraticCritic(spec.size)


class QuadraticCritic(nn.Module):
    """Map samples (B, *shape) to x' A x + w . x + b, (B,)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.curve = nn.Linear(size, size, bias=False)
        self.slope = nn.Linear(size, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,)."""
        x = x.flatten(1)
        score: Tensor = (x * self.curve(x)).sum(dim=1) + self.slope(x).flatten()
        return score
