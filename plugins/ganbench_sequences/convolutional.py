"""Convolutional players for one-hot sequences."""

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from ganbench.api import (
    SCORE,
    DataSpec,
    FeatureCritic,
    Output,
    OutputHead,
    PositiveFloat,
    Size,
)
from ganbench_sequences.writing import Relaxed, Writers, log_likelihood

Depth = Annotated[int, Field(gt=0, le=100)]
Kernel = Literal[1, 3, 5, 7, 9, 11]

_RESIDUAL = 0.3


class TextCnn(Writers):
    """Residual convolutions over the positions of a sequence, which are all written at once.

    The generator maps noise to `width` channels at every position, adds `depth` blocks
    0.3 conv(relu(conv(relu(h)))) and ends with the logits of each position. Given the noise,
    symbols are independent of each other. The discriminator goes the same way back, from the
    one-hots of each position to one linear layer on all of them.

    The relaxation makes symbols of the generator's laws. By default their softmax goes to the
    discriminator as it is, and generated samples are the likeliest symbols, as they are by
    "straight_through", which shows the discriminator one-hots and passes the gradient of the
    softmax. "gumbel" and "st_gumbel" are their peers under Gumbel noise, so that samples are
    draws from the laws. "reinforce" draws them without a gradient: the generator learns by the
    score function.

    Args:
        width: channels, 1 to 65536; 512 in the paper.
        depth: residual blocks of each player, 1 to 100; 5 in the paper.
        kernel: positions that a convolution sees, odd, 1 to 11.
        relaxation: "softmax", "gumbel", "straight_through", "st_gumbel" or "reinforce".
        temperature: of the softmax, above 0; of all relaxations but "reinforce".
        final_temperature: the temperature at the end of training, above 0, reached geometrically;
            None for a constant one.

    Source: Gulrajani et al. 2017, arXiv:1704.00028 (language modelling); Jang et al. 2017,
        arXiv:1611.01144, and Maddison et al. 2017, arXiv:1611.00712 (Gumbel); Williams 1992,
        Machine Learning 8 (reinforce)
    """

    def __init__(
        self,
        width: Size = 64,
        depth: Depth = 2,
        kernel: Kernel = 5,
        relaxation: Relaxed = "softmax",
        temperature: PositiveFloat = 1.0,
        final_temperature: PositiveFloat | None = None,
    ) -> None:
        super().__init__(relaxation, temperature, final_temperature)
        self.width, self.depth, self.kernel = width, depth, kernel

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> symbols or their laws (B, length, vocabulary)."""
        length, vocabulary = spec.shape
        body = nn.Sequential(
            nn.Linear(noise_dim, self.width * length),
            nn.Unflatten(1, (self.width, length)),
            *self._blocks(),
            nn.Conv1d(self.width, vocabulary, 1),
        )
        return _Writer(body, OutputHead(spec, self.relaxation()))

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build sequences (B, length, vocabulary) -> scores (B,) or embeddings (B, size)."""
        length, vocabulary = spec.shape
        first = nn.Conv1d(vocabulary, self.width, 1)
        body = nn.Sequential(_Turned(), first, *self._blocks(), nn.Flatten())
        return FeatureCritic(body, self.width * length, output)

    def _blocks(self) -> list[nn.Module]:
        return [_Block(self.width, self.kernel) for _ in range(self.depth)]


class _Writer(nn.Module):
    """Writes all positions at once.

    Args:
        body: noise (B, noise_dim) -> logits (B, vocabulary, length).
        head: logits (B, length * vocabulary) -> symbols (B, length, vocabulary).
    """

    def __init__(self, body: nn.Module, head: OutputHead) -> None:
        super().__init__()
        self.body = body
        self.head = head

    def forward(self, noise: Tensor) -> Tensor:
        symbols: Tensor = self.head(self._logits(noise).flatten(1))
        return symbols

    def log_prob(self, x: Tensor, noise: Tensor) -> Tensor:
        """Return log p(x | noise) (B,)."""
        return log_likelihood(self._logits(noise), x)

    def _logits(self, noise: Tensor) -> Tensor:
        logits: Tensor = self.body(noise).transpose(1, 2)
        return logits


class _Turned(nn.Module):
    """Makes symbols (B, length, vocabulary) the channels of positions."""

    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


class _Block(nn.Module):
    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        convolutions = (nn.Conv1d(width, width, kernel, padding=kernel // 2) for _ in range(2))
        self.change = nn.Sequential(*(part for each in convolutions for part in (nn.ReLU(), each)))

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + _RESIDUAL * self.change(x)
        return changed
