"""Discriminators without a slope: their scores, and a gradient for the generator all the same."""

from collections.abc import Callable

from torch import Tensor, nn

from ganbench.api import Noise


def antithetic_gradient(
    function: Callable[[Tensor], Tensor], x: Tensor, directions: Tensor, sigma: float
) -> Tensor:
    """Estimate the gradient of E f(x + sigma * e), e standard normal, at each row of x.

    It is the mean over pairs of (f(x + sigma * e) - f(x - sigma * e)) * e / (2 * sigma), which
    has no bias, and no variance from the value of f itself (Salimans et al. 2017,
    arXiv:1703.03864).

    Args:
        function: rows (n, d) -> values (n,).
        x: where, (B, d).
        directions: e, (B, pairs, d).
        sigma: width of the smoothing.
    """
    steps = sigma * directions
    ahead, behind = (function((x[:, None] + step).flatten(0, 1)) for step in (steps, -steps))
    rise = (ahead - behind).view(*directions.shape[:2], 1)
    return (rise * directions).mean(dim=1) / (2 * sigma)


class SmoothedCritic(nn.Module):
    """The log-odds of a classifier without a slope, with the gradient of their smoothed version.

    The score is log(p + floor) - log(1 - p + floor).

    Args:
        classifier: rows (n, size) -> probability of being real (n,).
        pairs: of opposite steps from each sample.
        sigma: size of the steps, in each coordinate.
        floor: added to both probabilities.
    """

    def __init__(self, classifier: nn.Module, pairs: int, sigma: float, floor: float) -> None:
        super().__init__()
        self.classifier = classifier
        self.pairs, self.sigma, self.floor = pairs, sigma, floor
        self.noise = Noise("normal")

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,), whose gradient is that of smoothed ones."""
        x = x.flatten(1)
        still = x.detach()
        directions = self.noise(still[:, None].expand(-1, self.pairs, -1))
        slope = antithetic_gradient(self._log_odds, still, directions, self.sigma)
        return self._log_odds(still) + ((x - still) * slope.detach()).sum(dim=1)

    def _log_odds(self, rows: Tensor) -> Tensor:
        chance: Tensor = self.classifier(rows)
        return (chance + self.floor).log() - (1 - chance + self.floor).log()
