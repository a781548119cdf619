"""A synthetic table of numbers and categories whose law is known."""

import math
import string
from typing import Annotated

import numpy as np
import pandas as pd
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from ganbench.api import Column, Dataset, DataSpec, NonNegativeInt, Size, Split

Few = Annotated[int, Field(gt=0, le=1000)]
Levels = Annotated[int, Field(ge=2, le=26)]

_SPREAD = 3.0
_NOISE = 0.2


class Mixed(Dataset):
    """A synthetic table of correlated numbers and categories, with its exact probability.

    A hidden class z has probability w_z. Given z, the numbers x are normal with mean m_z and
    covariance S_z, each category c_j has the probability T_zj[c_j], and all are independent:
    p(x, c) = sum_z w_z N(x; m_z, S_z) prod_j T_zj[c_j], a density in x and a probability in c.
    The tables w, m, S and T come from `numpy.random.default_rng(seed)`: w from a Dirichlet law
    with 5 for each class, T from one with 1/2 for each level, m uniform on [-3, 3] in each
    coordinate and S = A A' / numeric + I / 5 with A standard normal; then x is scaled to mean 0
    and variance 1 in each column. Endless: every sample is new.

    Args:
        numeric: columns of numbers, 1 to 1000.
        categorical: columns of categories, 1 to 1000.
        levels: categories of each, 2 to 26.
        components: classes, 1 to 65536.
        seed: of the law, 0 or more.

    Source: McLachlan & Peel 2000, Finite Mixture Models; Lawrence & Krzanowski 1996, Statistics
        and Computing 6 (mixtures of normal and categorical laws)

    Kind: table
    Size: endless, 3 numbers and 2 categories
    Licence: none (synthetic)
    """

    tails = "light"

    def __init__(
        self,
        numeric: Few = 3,
        categorical: Few = 2,
        levels: Levels = 4,
        components: Size = 4,
        seed: NonNegativeInt = 0,
    ) -> None:
        names = tuple(string.ascii_lowercase[:levels])
        columns = (
            *(Column(f"number{i + 1}", "numeric") for i in range(numeric)),
            *(Column(f"category{i + 1}", "categorical", names) for i in range(categorical)),
        )
        self.spec = DataSpec("table", (numeric + categorical * levels,), columns)
        self.target = f"category{categorical}"
        self.sizes = [numeric, categorical * levels]
        self.shape = (categorical, levels)
        rng = np.random.default_rng(seed)
        self.weights = torch.from_numpy(rng.dirichlet(np.full(components, 5.0)))
        means = rng.uniform(-_SPREAD, _SPREAD, (components, numeric))
        mixing = rng.standard_normal((components, numeric, numeric))
        tables = rng.dirichlet(np.full(levels, 0.5), (components, categorical))
        # Zero would be a probability that rounding has made.
        tables = np.maximum(tables, 1e-6)
        self.tables = torch.from_numpy(tables / tables.sum(axis=2, keepdims=True))
        self.means, self.factors = _standardised(
            self.weights, torch.from_numpy(means), torch.from_numpy(mixing)
        )
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, size) independent rows on `rng.device`."""
        device = rng.device
        z = torch.multinomial(self.weights.to(device), n, replacement=True, generator=rng)
        normal = torch.randn(
            n, self.sizes[0], 1, generator=rng, device=device, dtype=torch.float64
        )
        x = self.means.to(device)[z] + (self.factors.to(device)[z] @ normal)[:, :, 0]
        u = torch.rand(n, self.shape[0], 1, generator=rng, device=device, dtype=torch.float64)
        bounds = self.tables.cumsum(dim=2).to(device)[z][:, :, :-1]
        hots = functional.one_hot((u >= bounds).sum(dim=2), self.shape[1])
        return torch.cat([x, hots.flatten(1)], dim=1).float()

    def project(self, x: Tensor) -> Tensor:
        """Choose the largest entry of each category."""
        numbers, hots = torch.split(x, self.sizes, dim=1)
        chosen = hots.reshape(-1, *self.shape).argmax(dim=2)
        return torch.cat([numbers, functional.one_hot(chosen, self.shape[1]).flatten(1)], dim=1)

    def to_frame(self, x: Tensor) -> pd.DataFrame:
        """Turn rows (n, size) into numbers and letters."""
        numbers, hots = torch.split(x.detach().cpu(), self.sizes, dim=1)
        chosen = hots.reshape(-1, *self.shape).argmax(dim=2).numpy()
        letters = np.array(list(string.ascii_lowercase))[chosen]
        values = [*numbers.double().numpy().T, *letters.T]
        names = [column.name for column in self.spec.columns]
        return pd.DataFrame(dict(zip(names, values, strict=True)))

    def fingerprint(self) -> str:
        """Name the law; its tables follow from the parameters."""
        return "1"

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, size) -> (n,), of rows as `project` makes them."""
        numbers, hots = torch.split(self.project(x).double(), self.sizes, dim=1)
        means, factors = self.means.to(x.device), self.factors.to(x.device)
        offsets = (numbers[:, None] - means)[..., None]
        white = torch.linalg.solve_triangular(factors, offsets, upper=False)[..., 0]
        log_scale = factors.diagonal(dim1=1, dim2=2).log().sum(dim=1)
        normal = -white.square().sum(dim=2) / 2 - log_scale
        normal = normal - self.sizes[0] * math.log(2 * math.pi) / 2
        discrete = hots @ self.tables.to(x.device).log().flatten(1).T
        logs: Tensor = self.weights.to(x.device).log() + normal + discrete
        return logs.logsumexp(dim=1).to(x.dtype)


def _standardised(weights: Tensor, means: Tensor, mixing: Tensor) -> tuple[Tensor, Tensor]:
    """Return the means, and the factors of the covariances, of numbers scaled to variance 1."""
    size = means.shape[1]
    covariances = mixing @ mixing.mT / size + _NOISE * torch.eye(size, dtype=means.dtype)
    centred = means - weights @ means
    within = weights @ covariances.diagonal(dim1=1, dim2=2)
    std = (within + weights @ centred.square()).sqrt()
    factors = torch.linalg.cholesky(covariances) / std[:, None]
    return centred / std, factors
