"""All that a plugin author imports.

A plugin is a module that is registered under the entry-point group `ganbench` and implements
some of the hooks of `ganbench.hookspecs`, each returning a mapping name -> factory. A factory is
a class or function with a typed signature; the first line of its docstring is its summary and a
line `Source: ...` its citation. Everything is written for ONE seed: ganbench stacks the seeds,
vectorises the step over them and traces it, so code here must not branch on tensor values, call
`.item()` or draw random numbers of its own (declare `Draw`s instead).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

import numpy as np
import pluggy
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganbench.errors import MetricError, SpecError
from ganbench.layers import GRU, LSTM, BatchNorm, Dropout, GRUCell, LSTMCell, SpectralNorm
from ganbench.metrics.score import Score
from ganbench.ranges import (
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Size,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "API_VERSION", "GRU", "LSTM", "Architecture", "BatchNorm", "Column", "Critic", "DataKind",
    "DataSpec", "Dataset", "Draw", "Draws", "Dropout", "Fraction", "GRUCell", "LSTMCell", "Loss",
    "Metric", "MetricContext", "MetricError", "Modes", "NonNegativeFloat", "NonNegativeInt",
    "OutputHead", "PositiveFloat", "PositiveInt", "Prior", "Recipe", "Regularizer", "Score",
    "Size", "SpecError", "SpectralNorm", "Split", "State", "from_scores", "hookimpl",
    "input_gradient",
]  # fmt: skip

API_VERSION = 1

hookimpl = pluggy.HookimplMarker("ganbench")

DataKind = Literal["vector", "table", "image", "sequence"]
Split = Literal["train", "test"]

Critic = Callable[[Tensor], Tensor]
"""The discriminator with its parameters bound: samples (B, *shape) -> scores (B,)."""
Draws = Mapping[str, Tensor]
State = Mapping[str, Tensor]
Recipe = Mapping[str, object]
"""Training settings that a component recommends; what the grid sets takes precedence."""


# ---------------------------------------------------------------------------------------- data


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as in the original data.
        kind: "numeric" (one encoded value) or "categorical" (one-hot).
        levels: the categories in the order of the one-hot; for a numeric column the only values
            that occur, where they are few, else empty.
    """

    name: str
    kind: Literal["numeric", "categorical"]
    levels: tuple[object, ...] = ()

    @property
    def width(self) -> int:
        """Number of encoded values."""
        return len(self.levels) if self.kind == "categorical" else 1


@dataclass(frozen=True)
class DataSpec:
    """What players must know of the data.

    Attributes:
        kind: which family of players and scores fits.
        shape: of one sample as players see it, without the batch: (d,), (channels, h, w) or, of
            one-hot sequences, (length, vocabulary).
        columns: of a table, in encoded order.
        low: smallest possible value, None where unbounded.
        high: largest possible value, None where unbounded.
    """

    kind: DataKind
    shape: tuple[int, ...]
    columns: tuple[Column, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def size(self) -> int:
        """Number of values in one sample."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Modes:
    """The components of an isotropic Gaussian mixture.

    Attributes:
        centers: shape (K, d).
        std: standard deviation of each component.
        weights: shape (K,), sums to one.
    """

    centers: np.ndarray
    std: float
    weights: np.ndarray


class Dataset:
    """A law to learn: subclass it, set `spec`, and write `sample` or `rows`.

    Samples are float32 tensors (n, *spec.shape). Train and test never overlap: a finite set is
    divided once, and an infinite one is drawn from unrelated streams.
    """

    spec: DataSpec
    modes: Modes | None = None
    log_prob: Callable[[Tensor], Tensor] | None = None
    """Exact log-density in nats, (n, *shape) -> (n,), where the law has one."""

    def rows(self, split: Split) -> Tensor | None:  # noqa: ARG002
        """Return all rows (n, *shape) of a finite set, None for an infinite one."""
        return None

    def labels(self, split: Split) -> Tensor | None:  # noqa: ARG002
        """Return the class (n,) of each of the rows as int64, None where they have none."""
        return None

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:
        """Draw `n` independent samples (with replacement from a finite set) on `rng.device`."""
        rows = self.rows(split)
        if rows is None:
            raise NotImplementedError(f"{type(self).__name__} defines neither rows nor sample")
        picks = torch.randint(len(rows), (n,), generator=rng, device=rng.device)
        return rows.to(rng.device)[picks]

    def project(self, x: Tensor) -> Tensor:
        """Map generator output to values that the data can take, such as grey levels.

        Real samples are fixed points. Scores are computed behind it, so that quantisation gives
        no fake away.
        """
        return x

    def fingerprint(self) -> str:
        """Text that changes whenever the law or its split does; parameters are added by ganbench.

        The default covers the rows of a finite set.
        """
        import hashlib

        digest = hashlib.sha256()
        for split in ("train", "test"):
            rows = self.rows(split)
            if rows is not None:
                digest.update(rows.contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    def to_frame(self, x: Tensor) -> "pd.DataFrame | None":  # noqa: ARG002
        """Turn samples (n, *shape) into a table with the original columns and dtypes.

        None, the default, where the data are no table.
        """
        return None


class Prior(Protocol):
    """Noise for the generator."""

    dim: int

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        ...


# ------------------------------------------------------------------------------------- players


class OutputHead(nn.Module):
    """Turn a generator's last activations (B, size) into samples (B, *shape) of a `DataSpec`.

    Bounded data pass through a scaled tanh. Each categorical span becomes a one-hot by softmax
    with a straight-through argmax, so that soft values do not give fakes away (Jang et al. 2017,
    arXiv:1611.01144).
    """

    def __init__(self, spec: DataSpec) -> None:
        super().__init__()
        self.spec = spec

    def forward(self, x: Tensor) -> Tensor:
        """Map activations (B, size) to samples (B, *shape)."""
        spec = self.spec
        if any(column.kind == "categorical" for column in spec.columns):
            spans = torch.split(x, [column.width for column in spec.columns], dim=1)
            x = torch.cat(
                [
                    _straight_through(span) if column.kind == "categorical" else span
                    for column, span in zip(spec.columns, spans, strict=True)
                ],
                dim=1,
            )
        if spec.low is not None and spec.high is not None:
            middle, half = (spec.high + spec.low) / 2, (spec.high - spec.low) / 2
            x = middle + half * torch.tanh(x)
        return x.reshape(-1, *spec.shape)


def _straight_through(logits: Tensor) -> Tensor:
    soft = functional.softmax(logits, dim=1)
    hard = (logits == logits.amax(dim=1, keepdim=True)).to(logits.dtype)
    return soft + (hard - soft).detach()


class Architecture(Protocol):
    """A family of players; it may offer a generator, a discriminator or both.

    Attributes:
        kinds: the data kinds that it fits.
        recipe: the training settings that it recommends.
    """

    kinds: ClassVar[frozenset[DataKind]]
    recipe: Recipe

    def misfit(self, spec: DataSpec) -> str | None:
        """Say why it cannot be built for this data (such as the image size), None if it can."""
        ...

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build a generator: noise (B, noise_dim) -> samples (B, *spec.shape)."""
        ...

    def discriminator(self, spec: DataSpec) -> nn.Module:
        """Build a discriminator: samples (B, *spec.shape) -> scores (B,), high for real."""
        ...


# -------------------------------------------------------------------------------------- losses


@dataclass(frozen=True)
class Draw:
    """A random number that a loss or regularizer needs at every step.

    Attributes:
        law: "uniform" on [0, 1) or standard "normal".
        per: one number per "sample", shape (B, 1, ...), or per "element", shape (B, *shape).
    """

    law: Literal["uniform", "normal"]
    per: Literal["sample", "element"]


class Loss(Protocol):
    """The two objectives; both players minimise.

    Attributes:
        draws: random numbers needed at each critic step.
        recipe: the training settings that it recommends.
    """

    draws: Mapping[str, Draw]
    recipe: Recipe

    def initial_state(self) -> State:
        """Return what the loss carries from one critic step to the next; usually empty."""
        ...

    def critic_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> tuple[Tensor, State]:
        """Return the critic's objective () and the new state for batches (B, *shape)."""
        ...

    def generator_loss(
        self, critic: Critic, real: Tensor, fake: Tensor, draws: Draws, state: State
    ) -> Tensor:
        """Return the generator's objective () for batches (B, *shape)."""
        ...


@dataclass
class _ScoreLoss:
    critic_fn: Callable[[Tensor, Tensor], Tensor]
    generator_fn: Callable[[Tensor, Tensor], Tensor]
    recipe: Recipe = field(default_factory=dict)
    draws: Mapping[str, Draw] = field(default_factory=dict)

    def initial_state(self) -> State:
        return {}

    def critic_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,
    ) -> tuple[Tensor, State]:
        return self.critic_fn(critic(real), critic(fake)), state

    def generator_loss(
        self,
        critic: Critic,
        real: Tensor,
        fake: Tensor,
        draws: Draws,  # noqa: ARG002
        state: State,  # noqa: ARG002
    ) -> Tensor:
        return self.generator_fn(critic(real), critic(fake))


def from_scores(
    critic_fn: Callable[[Tensor, Tensor], Tensor],
    generator_fn: Callable[[Tensor, Tensor], Tensor],
    recipe: Recipe | None = None,
) -> Loss:
    """Make a `Loss` of two pure functions of the critic's outputs.

    Args:
        critic_fn: (scores of real (B,), scores of fake (B,)) -> the critic's objective ().
        generator_fn: the same arguments -> the generator's objective ().
        recipe: recommended training settings.
    """
    return _ScoreLoss(critic_fn, generator_fn, recipe or {})


@dataclass(frozen=True)
class Regularizer:
    """What may be added to any loss.

    Attributes:
        penalty: (critic, real, fake, draws) -> () is added to the critic's objective.
        constrain: maps the critic's parameters, by name, after each of its steps.
        augment: (samples (B, *shape), draws) -> what the critic sees in place of them, real or
            fake, in the steps of both players; gradients pass through it.
        draws: random numbers needed at each step; of a regularizer with `augment` they are drawn
            once for real and once for fake samples.
        recipe: recommended training settings.
    """

    penalty: Callable[[Critic, Tensor, Tensor, Draws], Tensor] | None = None
    constrain: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] | None = None
    augment: Callable[[Tensor, Draws], Tensor] | None = None
    draws: Mapping[str, Draw] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=dict)


def input_gradient(critic: Critic, x: Tensor) -> Tensor:
    """Return the gradient of each sample's score with respect to that sample, (B, *shape)."""
    shared = getattr(critic, "input_gradient", None)
    if shared is not None:  # the engine may know a cheaper way to the same values
        return shared(x)  # type: ignore[no-any-return]
    gradient: Tensor = torch.func.grad(lambda inputs: critic(inputs).sum())(x)
    return gradient


# -------------------------------------------------------------------------------------- scores


@dataclass(frozen=True)
class MetricContext:
    """What a metric may use besides the two samples.

    Attributes:
        dataset: the dataset, for its density, modes and spec.
        reference: features (n, d) of the training split. Scales and bandwidths are fitted on it,
            so that they are the same for every variant.
        rng: the metric's own stream, the same for every variant.
        tests: whether p-values and intervals are wanted; floors and running scores need none.
    """

    dataset: Dataset
    reference: np.ndarray
    rng: np.random.Generator
    tests: bool = True


class Metric:
    """Scores of a generated sample against a real one: subclass it.

    Attributes:
        better: which way is better, for each estimator that the metric reports; "neither" where
            a value in between is perfect, so that tables mark no best one.
        headline: the estimator that tables show.
        running: whether it is cheap enough to be followed during training.
        default: whether it is scored where a grid names no metric.
        uses_train: whether it compares with rows of the training split. Its floor then comes
            from test rows alone, since training rows would not be new to it.
        version: raised whenever its values change.
    """

    better: Mapping[str, Literal["lower", "higher", "neither"]]
    headline: str
    running: bool = False
    default: bool = False
    uses_train: bool = False
    version: int = 1

    def misfit(self, dataset: Dataset) -> str | None:  # noqa: ARG002
        """Say why it does not apply to this dataset, None if it does."""
        return None

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Score `fake` against `real`, both float64 features (n, d) of projected samples."""
        raise NotImplementedError
