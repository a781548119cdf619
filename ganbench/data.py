"""What is learned, and from which noise: the description of data, datasets and priors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    import pandas as pd

DataKind = Literal["vector", "table", "image", "sequence"]
Split = Literal["train", "test"]
Tails = Literal["bounded", "light", "heavy"]
"""Of a law: none beyond some bound, those of a normal or exponential law, or power laws."""


@dataclass(frozen=True)
class Span:
    """Neighbouring values of an encoded sample that belong together.

    Attributes:
        width: how many.
        kind: "value", any numbers; "bounded", numbers between the `low` and `high` of the
            `DataSpec`, or -1 and 1 where it gives none; "choice", a one-hot.
    """

    width: int
    kind: Literal["value", "bounded", "choice"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: as in the original data.
        kind: "numeric" or "categorical".
        levels: the categories; for a numeric column the only values that occur, where they are
            few, else empty.
        spans: how it is encoded; by default one value for a number, and for a category a choice
            with one place for each level in their order.
    """

    name: str
    kind: Literal["numeric", "categorical"]
    levels: tuple[object, ...] = ()
    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        if not self.spans:
            single = Span(1, "value")
            choice = Span(len(self.levels), "choice")
            spans = (single if self.kind == "numeric" else choice,)
            object.__setattr__(self, "spans", spans)

    @property
    def width(self) -> int:
        """Number of encoded values."""
        return sum(span.width for span in self.spans)


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

    @property
    def spans(self) -> tuple[Span, ...]:
        """What the values of one flattened sample are, from the first to the last."""
        if self.columns:
            return tuple(span for column in self.columns for span in column.spans)
        if self.kind == "sequence":
            length, vocabulary = self.shape
            return (Span(vocabulary, "choice"),) * length
        unbounded = self.low is None or self.high is None
        return (Span(self.size, "value" if unbounded else "bounded"),)


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


class Conditions:
    """What a conditional generator is told, and real samples that agree with it.

    Subclass it, set `spans`, and write `draw` and `rows`. A condition is a vector of as many
    one-hots as there are spans, of which all but one are zero.

    Attributes:
        spans: the one-hots.

    Source: Xu et al. 2019, arXiv:1907.00503, section 4.3
    """

    spans: tuple[Span, ...]

    @property
    def width(self) -> int:
        """Number of values in a condition."""
        return sum(span.width for span in self.spans)

    def draw(self, n: int, rng: torch.Generator, balanced: bool) -> Tensor:
        """Draw conditions (n, width) on `rng.device`.

        Args:
            n: how many.
            rng: decides.
            balanced: whether rare conditions are drawn more often than the data have them, as in
                training, or just as often, as when samples are drawn.
        """
        raise NotImplementedError

    def rows(self, conditions: Tensor, rng: torch.Generator) -> Tensor:
        """Draw one training row (n, *shape) that meets each of the conditions (n, width)."""
        raise NotImplementedError


class Dataset:
    """A law to learn: subclass it, set `spec`, and write `sample` or `rows`.

    Samples are float32 tensors (n, *spec.shape). Train and test never overlap: a finite set is
    divided once, and an infinite one is drawn from unrelated streams.
    """

    spec: DataSpec
    modes: Modes | None = None
    intrinsic_dim: int | None = None
    """Dimension of the set that carries the law, where it is known; ganbench warns of noise with
    fewer coordinates."""
    tails: Tails | None = None
    """Of its coordinates, where they are known; ganbench warns of noise with lighter ones."""
    log_prob: Callable[[Tensor], Tensor] | None = None
    """Exact log-density in nats, (n, *shape) -> (n,), where the law has one."""
    conditions: Conditions | None = None
    """What conditional generators are told, None where there is nothing to tell."""
    symbols: Sequence[str] | None = None
    """The text of each symbol of a sequence, where symbols have one."""

    @property
    def judged(self) -> "Dataset":
        """The same law in the rows in which samples are stored and scored.

        It differs from the dataset itself where players see another encoding of the same table.
        """
        return self

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

    def support(self, limit: int = 20_000) -> Tensor | None:  # noqa: ARG002
        """Return all samples (K, *shape) that a discrete law can draw, in no order that matters.

        Rows of probability zero may be among them. None where the law is not discrete, or where
        they are more than `limit`.
        """
        return None

    def project(self, x: Tensor) -> Tensor:
        """Map generator output to rows of `judged`, with values that the data can take.

        Such as grey levels. Rows of `judged` are fixed points of its own `project`. Scores are
        computed behind it, so that quantisation gives no fake away.
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

    def to_text(self, x: Tensor) -> list[str] | None:
        """Turn sequences (n, length, vocabulary) into text, None where the data are none.

        Symbols are joined as they are; those without a text become numbers between blanks.
        """
        if self.spec.kind != "sequence":
            return None
        names, joint = self.symbols, ""
        if names is None:
            names, joint = [str(symbol) for symbol in range(self.spec.shape[1])], " "
        return [joint.join(names[symbol] for symbol in row) for row in x.argmax(dim=2).tolist()]


class Prior:
    """Noise for the generator: subclass it, set `dim`, and write `sample`.

    Attributes:
        dim: number of coordinates that the generator reads.
        intrinsic_dim: dimensions that the noise fills, None for all of its coordinates.
        tails: of each coordinate. A generator that is Lipschitz, as networks are, cannot turn
            lighter tails into heavier ones (Huster et al. 2021, arXiv:2101.09113).
    """

    dim: int
    intrinsic_dim: int | None = None
    tails: Tails = "light"

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`; with a `network`, what that one reads."""
        raise NotImplementedError

    def network(self) -> nn.Module | None:
        """Return a network that turns what `sample` draws into noise (B, dim).

        It is trained with the generator. None, the default, where the noise has nothing to learn.
        """
        return None
