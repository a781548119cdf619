"""What is learned, and from which noise: the description of data, datasets and priors."""

from collections.abc import Callable
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
    intrinsic_dim: int | None = None
    """Dimension of the set that carries the law, where it is known; ganbench warns of noise with
    fewer coordinates."""
    tails: Tails | None = None
    """Of its coordinates, where they are known; ganbench warns of noise with lighter ones."""
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

    def support(self, limit: int = 20_000) -> Tensor | None:  # noqa: ARG002
        """Return all samples (K, *shape) that a discrete law can draw, in no order that matters.

        Rows of probability zero may be among them. None where the law is not discrete, or where
        they are more than `limit`.
        """
        return None

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
