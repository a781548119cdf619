"""The players: what generators and discriminators are built for, and from."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from torch import Tensor, nn

from ganbench.data import DataSpec

Recipe = Mapping[str, object]
"""Training settings that a component recommends; what the grid sets takes precedence."""


Traits = frozenset[str]

TRAITS: Mapping[str, str] = {
    "score": "a critic that scores samples",
    "embedding": "a critic that maps samples to vectors",
    "energy": "a critic that gives samples an energy",
    "scalar": "a critic that gives each sample one number",
    "features": "a critic with hidden features",
    "weights": "a critic whose weights are trained by gradients",
    "layers": "a critic made of linear or convolutional layers",
    "separate": "a critic that judges each sample by itself",
    "pathwise": "a generator whose samples have a gradient",
    "likelihood": "a generator that gives real samples a probability",
    "logistic": "a loss that classifies by the logistic function",
    "samplewise": "a loss that is a mean over samples",
    "vector": "vectors",
    "table": "tables",
    "image": "images",
    "sequence": "sequences",
}
"""What one component may offer and another need, and how messages say it."""

NETWORK: Traits = frozenset({"score", "embedding", "features", "weights", "layers", "separate"})
"""What discriminators offer that are ordinary networks with a linear last layer."""


@dataclass(frozen=True)
class Output:
    """What a loss asks of the critic.

    Attributes:
        kind: "score", one number for each sample (B,), high for real; "embedding", a vector for
            each (B, size); "energy", one number at least 0 for each (B,), low for real.
        size: of an embedding; 1 for the others.
    """

    kind: Literal["score", "embedding", "energy"] = "score"
    size: int = 1


SCORE = Output()
"""What most losses ask for."""


class FeatureCritic(nn.Module):
    """A critic with a linear last layer: samples -> hidden features (B, m) -> output.

    Args:
        body: samples (B, *shape) -> features (B, width).
        width: number of features.
        output: what the loss asks for, a score or an embedding.
    """

    def __init__(self, body: nn.Module, width: int, output: Output = SCORE) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(width, output.size)
        self.scores = output.kind == "score"

    def features(self, x: Tensor) -> Tensor:
        """Return the hidden features (B, width)."""
        features: Tensor = self.body(x)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,) or embeddings (B, size)."""
        output: Tensor = self.head(self.body(x))
        return output.flatten() if self.scores else output


class Architecture:
    """A family of players: subclass it and write `generator`, `discriminator` or both.

    `generator(spec, noise_dim)` builds a module: noise (B, noise_dim) -> samples
    (B, *spec.shape). `discriminator(spec, output)` builds one: samples -> what the `Output` asks
    for. Modules may do more than map; `ganbench.layers` says what (random numbers of their own,
    buffers that evolve, closed-form fits, log-probabilities).

    Attributes:
        kinds: the data kinds that it fits.
        recipe: the training settings that it recommends.
        gives: the traits that its discriminator offers, see `TRAITS`.
        generator_gives: the traits that its generator offers.
        generator_needs: the traits of loss and critic that its generator needs.
        conditional: whether its generator is told a condition, where the data have `conditions`.
            Then it is built by `generator(spec, noise_dim, conditions)`, None where they have
            none, and reads noise and condition end to end (B, noise_dim + conditions.width); the
            discriminator sees each sample with its condition at the end.
    """

    kinds: Traits
    recipe: Recipe = MappingProxyType({})
    gives: Traits = NETWORK
    generator_gives: Traits = frozenset({"pathwise"})
    generator_needs: Traits = frozenset()
    conditional: bool = False

    def misfit(self, spec: DataSpec) -> str | None:  # noqa: ARG002
        """Say why it cannot be built for this data (such as the image size), None if it can."""
        return None
