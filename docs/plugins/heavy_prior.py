"""A heavy-tailed prior.

A prior draws from the stream that it is given, on that stream's device, and from nothing else.
`tails` lets ganbench warn where light noise is to become heavy data, which no network with bounded
slopes can do.

    ganbench run --plugin docs/plugins/heavy_prior.py -a mlp -l "ns+r1(gamma=0.1)" -d "student_t" -p "slash(dim=4)"
"""

import torch
from torch import Tensor

from ganbench.api import PositiveFloat, Prior, Size, hookimpl


class Slash(Prior):
    """Slash: normal noise, each coordinate divided by a power of a uniform number.

    z = n / u^(1 / q), with n standard normal and u uniform on (0, 1]: P(|z| > t) falls like t^-q.

    Args:
        dim: number of coordinates, 1 to 65536.
        q: index of the tails, above 0; 1 is the slash law, and large ones are nearly normal.

    Source: Rogers & Tukey 1972, Statistica Neerlandica 26(3)
    """

    tails = "heavy"

    def __init__(self, dim: Size = 16, q: PositiveFloat = 2.0) -> None:
        self.dim, self.q = dim, q

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw noise (*shape, dim) on `rng.device`."""
        size = (*shape, self.dim)
        normal = torch.randn(size, generator=rng, device=rng.device)
        uniform = torch.rand(size, generator=rng, device=rng.device, dtype=torch.float64)
        return (normal / (1 - uniform) ** (1 / self.q)).float()


@hookimpl
def ganbench_priors() -> dict[str, object]:
    return {"slash": Slash}
