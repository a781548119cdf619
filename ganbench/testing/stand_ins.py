"""The smallest partners that components under test can have: data, noise, players and losses."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganbench import api
from ganbench.api import (
    Architecture,
    Column,
    Critic,
    Dataset,
    DataSpec,
    Draws,
    Loss,
    Modes,
    Output,
    Prior,
    Split,
    State,
)

_ROWS = 240
_LEVELS = 16
"""Grey levels of images."""
_LETTERS = "abcdef"
_RARE = 0.01


class Vectors(Dataset):
    """Two isotropic normal modes."""

    tails = "light"
    modes: Modes

    def __init__(self, dim: int = 2) -> None:
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = dim
        centers = np.array([[-1.0, 0.0], [1.0, 0.5]])[:, :dim]
        self.modes = Modes(centers, 0.3, np.array([0.5, 0.5]))

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:
        """Draw (n, dim)."""
        device = rng.device
        centers = torch.tensor(self.modes.centers, dtype=torch.float32, device=device)
        picks = torch.randint(2, (n,), generator=rng, device=device)
        noise = torch.randn(n, self.spec.size, generator=rng, device=device)
        return centers[picks] + self.modes.std * noise

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log-densities (n,)."""
        centers = torch.tensor(self.modes.centers, dtype=x.dtype, device=x.device)
        variance = self.modes.std**2
        squares = (x[:, None] - centers).square().sum(dim=2) / variance
        constant = self.spec.size / 2 * math.log(2 * math.pi * variance) + math.log(2)
        return torch.logsumexp(-squares / 2, dim=1) - constant


class Words(Dataset):
    """Three letters, each drawn by itself."""

    spec = DataSpec("sequence", (3, 4))
    symbols = tuple("abcd")
    chances = (0.5, 0.3, 0.15, 0.05)

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:
        """Draw (n, 3, 4)."""
        chances = torch.tensor(self.chances, device=rng.device).expand(n, -1)
        letters = torch.multinomial(chances, 3, replacement=True, generator=rng)
        return functional.one_hot(letters, 4).float()

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log-probabilities (n,)."""
        return x.flatten(1) @ torch.tensor(self.chances, dtype=x.dtype).log().repeat(3)

    def support(self, limit: int = 20_000) -> Tensor:
        """Return all words (64, 3, 4)."""
        return functional.one_hot(torch.cartesian_prod(*[torch.arange(4)] * 3), 4).float()

    def project(self, x: Tensor) -> Tensor:
        """Turn each step into a one-hot."""
        return _one_hot(x)


class _Rows(Dataset):
    """A finite set in two halves, with two classes."""

    def __init__(self) -> None:
        self.law = self.made(torch.Generator().manual_seed(0))

    def made(self, rng: torch.Generator) -> Tensor:
        """Draw all rows."""
        raise NotImplementedError

    def rows(self, split: Split) -> Tensor:
        """Return every other row."""
        return self.law[split == "test" :: 2]

    def labels(self, split: Split) -> Tensor:
        """Return which rows are above the mean in their sum."""
        sums = self.rows(split).flatten(1) @ torch.linspace(-1, 1, self.spec.size)
        return (sums > 0).long()


class Points(_Rows):
    """A finite set of points on a noisy circle."""

    spec = DataSpec("vector", (2,))

    def made(self, rng: torch.Generator) -> Tensor:
        """Draw (n, 2)."""
        angles = 2 * math.pi * torch.rand(2 * _ROWS, generator=rng)
        circle = torch.stack([angles.cos(), angles.sin()], dim=1)
        return circle + 0.1 * torch.randn(2 * _ROWS, 2, generator=rng)


class Tables(_Rows):
    """Two numbers and a category that depends on them."""

    columns = (
        Column("height", "numeric"),
        Column("kind", "categorical", ("low", "middle", "high")),
        Column("width", "numeric"),
    )
    spec = DataSpec("table", (5,), columns)

    def made(self, rng: torch.Generator) -> Tensor:
        """Draw (n, 5)."""
        height, noise = torch.randn(2, 2 * _ROWS, 1, generator=rng)
        kind = functional.one_hot((height[:, 0] > -0.5).long() + (height[:, 0] > 0.5).long(), 3)
        return torch.cat([height, kind.float(), height + 0.5 * noise], dim=1)

    def project(self, x: Tensor) -> Tensor:
        """Turn the category into a one-hot."""
        return torch.cat([x[:, :1], _one_hot(x[:, 1:4]), x[:, 4:]], dim=1)

    def to_frame(self, x: Tensor) -> pd.DataFrame:
        """Return the three columns."""
        levels = np.array(self.columns[1].levels)
        kinds = levels[x[:, 1:4].argmax(dim=1).numpy()]
        return pd.DataFrame({"height": x[:, 0], "kind": kinds, "width": x[:, 4]})


class Images(_Rows):
    """Grey or coloured squares with a bright disc somewhere."""

    def __init__(self, side: int = 8, channels: int = 1) -> None:
        self.spec = DataSpec("image", (channels, side, side), low=-1.0, high=1.0)
        super().__init__()

    def made(self, rng: torch.Generator) -> Tensor:
        """Draw (n, channels, side, side)."""
        channels, side, _ = self.spec.shape
        axis = torch.linspace(-1, 1, side)
        x, y, size = (torch.rand(_ROWS, 1, 1, generator=rng) for _ in "xys")
        far = (axis - 2 * x + 1).square() + (axis[:, None] - 2 * y + 1).square()
        disc = 2 * torch.exp(-far / (0.2 + size)) - 1
        noise = 0.1 * torch.randn(_ROWS, channels, side, side, generator=rng)
        return self.project(disc[:, None] + noise)

    def project(self, x: Tensor) -> Tensor:
        """Round to grey levels."""
        steps = (_LEVELS - 1) / 2
        return ((x.clamp(-1, 1) + 1) * steps).round() / steps - 1


class Sequences(_Rows):
    """Words of which each letter is the last one or a later one; the last letter is rare."""

    spec = DataSpec("sequence", (4, len(_LETTERS)))
    symbols = tuple(_LETTERS)

    def made(self, rng: torch.Generator) -> Tensor:
        """Draw (n, 4, 6)."""
        length, vocabulary = self.spec.shape
        steps, rare = torch.rand(2, 2 * _ROWS, length, generator=rng)
        letters = (steps**2 * (vocabulary - 1)).long().cumsum(dim=1) % (vocabulary - 1)
        letters[rare < _RARE] = vocabulary - 1
        return functional.one_hot(letters, vocabulary).float()

    def project(self, x: Tensor) -> Tensor:
        """Turn each step into a one-hot."""
        return _one_hot(x)


def _one_hot(x: Tensor) -> Tensor:
    return functional.one_hot(x.argmax(dim=-1), x.shape[-1]).to(x.dtype)


class Noise(Prior):
    """Normal noise."""

    dim = 4

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw (*shape, 4)."""
        return torch.randn(*shape, self.dim, generator=rng, device=rng.device)


class _Energy(nn.Module):
    """The error of a narrow autoencoder."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(size, 6), nn.Tanh(), nn.Linear(6, size))

    def features(self, x: Tensor) -> Tensor:
        """Return the code (B, 6)."""
        code: Tensor = self.body[1](self.body[0](x))
        return code

    def forward(self, x: Tensor) -> Tensor:
        """Return (B,)."""
        off: Tensor = self.body(x) - x.flatten(1)
        return off.square().mean(dim=1)


class Players(Architecture):
    """Networks with one hidden layer, for all data and for whatever a loss asks."""

    kinds = frozenset({"vector", "table", "image", "sequence"})
    gives = api.NETWORK | {"energy"}

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise -> samples."""
        layers = nn.Linear(noise_dim, 8), nn.Tanh(), nn.Linear(8, spec.size)
        return nn.Sequential(*layers, api.OutputHead(spec, api.Relaxation("softmax")))

    def discriminator(self, spec: DataSpec, output: Output = api.SCORE) -> nn.Module:
        """Build samples -> scores, embeddings or energies."""
        if output.kind == "energy":
            return _Energy(spec.size)
        body = nn.Sequential(nn.Flatten(), nn.Linear(spec.size, 8), nn.Tanh())
        return api.FeatureCritic(body, 8, output)


class Logistic(Loss):
    """The non-saturating game, on the sum of an embedding, and on an energy's distance to one."""

    traits = frozenset({"logistic", "samplewise"})

    def __init__(self, output: str = "score") -> None:
        self.kind = output
        self.output = Output(output, 3 if output == "embedding" else 1)  # type: ignore[arg-type]
        if output != "score":
            self.traits = frozenset({"samplewise"})

    def _logit(self, values: Tensor) -> Tensor:
        if self.kind == "embedding":
            return values.sum(dim=1)
        return 1 - values if self.kind == "energy" else values

    def critic_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> tuple[Tensor, State]:
        """Tell real from fake."""
        a, b = self._logit(critic(real)), self._logit(critic(fake))
        return functional.softplus(-a).mean() + functional.softplus(b).mean(), state

    def generator_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> Tensor:
        """Pass for real."""
        return functional.softplus(-self._logit(critic(fake))).mean()


LAWS = {
    "kit-vectors": Vectors,
    "kit-points": Points,
    "kit-table": Tables,
    "kit-image": Images,
    "kit-sequence": Sequences,
    "kit-words": Words,
}
FACTORIES: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "dataset": LAWS,
    "prior": {"kit-noise": Noise},
    "architecture": {"kit-players": Players},
    "loss": {"kit-logistic": Logistic},
}
"""Kind -> name -> factory: what is added to the registry that a component is checked in."""
