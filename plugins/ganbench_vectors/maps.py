"""Laws that an invertible map makes of normal numbers."""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, Split

Arms = Annotated[int, Field(ge=1, le=64)]
Width = Annotated[float, Field(ge=1e-3, le=10)]
Rate = Annotated[float, Field(ge=-10, le=10)]
Scale = Annotated[float, Field(ge=0.01, le=10)]


class Pinwheel(Dataset):
    """Gaussian arms around the origin, bent by a turn that grows with the distance from it.

    x = R(2 pi j / arms + rate * exp(|v|)) v, where R(a) turns by the angle a, j is uniform on
    0, ..., arms - 1, and v is normal with mean (1, 0) and independent coordinates with standard
    deviations `radial` and `tangential`. As |x| = |v|, v = R(-2 pi j / arms - rate * exp(|x|)) x.
    The map keeps areas, so that p(x) is the mean over j of the normal density of v. In the paper
    the angle grows with exp(v_1), a map that folds the plane.

    Args:
        arms: their number, 1 to 64.
        radial: standard deviation along an arm, 0.001 to 10.
        tangential: standard deviation across an arm, 0.001 to 10.
        rate: of the bend, -10 to 10; 0 leaves the arms straight.

    Source: Johnson et al. 2016, arXiv:1603.06277

    Kind: vector
    Size: endless, 2 numbers
    Licence: none (synthetic)
    """

    tails = "light"
    intrinsic_dim = 2

    def __init__(
        self, arms: Arms = 5, radial: Width = 0.3, tangential: Width = 0.05, rate: Rate = 0.25
    ) -> None:
        self.spec = DataSpec("vector", (2,))
        self.arms, self.rate = arms, rate
        self.stds = (radial, tangential)
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, 2) independent samples on `rng.device`."""
        arm = torch.randint(self.arms, (n,), generator=rng, device=rng.device)
        noise = torch.randn(n, 2, generator=rng, device=rng.device)
        straight = torch.stack([1 + self.stds[0] * noise[:, 0], self.stds[1] * noise[:, 1]], dim=1)
        return _turned(straight, 2 * math.pi / self.arms * arm + self._bend(straight))

    def _bend(self, v: Tensor) -> Tensor:
        # Far out, where there is no mass, the angle has to stay a number.
        distance = v.square().sum(dim=1).sqrt()
        return self.rate * distance.clamp(max=50).exp()

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, 2) -> (n,)."""
        bend, (radial, tangential) = self._bend(x), self.stds
        exponents = []
        for arm in range(self.arms):
            v = _turned(x, -2 * math.pi * arm / self.arms - bend)
            along, across = (v[:, 0] - 1) / radial, v[:, 1] / tangential
            exponents.append(-(along.square() + across.square()) / 2)
        norm = math.log(2 * math.pi * radial * tangential * self.arms)
        return torch.stack(exponents).logsumexp(dim=0) - norm


def _turned(x: Tensor, angle: Tensor) -> Tensor:
    """Turn points (n, 2) around the origin by angles (n,)."""
    cos, sin = angle.cos(), angle.sin()
    first, second = x.unbind(dim=1)
    return torch.stack([cos * first - sin * second, sin * first + cos * second], dim=1)


class Funnel(Dataset):
    """Normal numbers whose common standard deviation is itself random, over orders of magnitude.

    x_1 = scale * n_1 and, for all other coordinates, x_i = exp(x_1 / 2) * n_i, with n standard
    normal. p(x) = N(x_1; 0, scale^2) times the product of N(x_i; 0, exp(x_1)). The tails of the
    x_i fall more slowly than any exponential, and faster than any power; no Lipschitz map makes
    them of normal numbers, for which reason they count as heavy.

    Args:
        dim: number of coordinates, 2 to 65536; the paper has 10.
        scale: standard deviation of the first, 0.01 to 10.

    Source: Neal 2003, Annals of Statistics 31(3), section 8

    Kind: vector
    Size: endless, `dim` numbers
    Licence: none (synthetic)
    """

    tails = "heavy"

    def __init__(self, dim: Annotated[int, Field(ge=2, le=65536)] = 2, scale: Scale = 3.0) -> None:
        self.spec = DataSpec("vector", (dim,))
        self.intrinsic_dim = dim
        self.scale = scale
        self.log_prob = self._log_density

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, dim) independent samples on `rng.device`."""
        noise = torch.randn(n, *self.spec.shape, generator=rng, device=rng.device)
        first = self.scale * noise[:, :1]
        return torch.cat([first, (first / 2).exp() * noise[:, 1:]], dim=1)

    def _log_density(self, x: Tensor) -> Tensor:
        """Return log p(x) in nats, (n, dim) -> (n,)."""
        first, others = x[:, 0], x[:, 1:]
        squares = (first / self.scale).square()
        squares = squares + (others * (-first[:, None] / 2).exp()).square().sum(dim=1)
        volume = self.spec.size * math.log(2 * math.pi) + 2 * math.log(self.scale)
        return -(squares + volume + (self.spec.size - 1) * first) / 2
