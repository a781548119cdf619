"""Generators that are told something: conditions beside the noise, and beside every sample.

Xu et al. 2019, arXiv:1907.00503, section 4.3; Mirza & Osindero 2014, arXiv:1411.1784.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from ganbench.api import Column, Conditions, Dataset, Prior, Split


class ToldDataset(Dataset):
    """Training rows that meet balanced conditions, with these at the end.

    Args:
        dataset: where rows come from.
        conditions: of the dataset.
    """

    def __init__(self, dataset: Dataset, conditions: Conditions) -> None:
        spec = dataset.spec
        told = tuple(Column("condition", "categorical", (), (span,)) for span in conditions.spans)
        shape = (spec.size + conditions.width,)
        self.spec = replace(spec, shape=shape, columns=(*spec.columns, *told))
        self.told = conditions

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        """Draw (n, size + width) rows."""
        told = self.told.draw(n, rng, balanced=True)
        return torch.cat([self.told.rows(told, rng), told], dim=1)


class ToldPrior(Prior):
    """Noise with a condition at its end.

    Args:
        prior: the noise.
        conditions: of the dataset.
        balanced: whether rare conditions come more often than the data have them.
    """

    def __init__(self, prior: Prior, conditions: Conditions, balanced: bool) -> None:
        self.dim = prior.dim + conditions.width
        self.prior, self.told, self.balanced = prior, conditions, balanced

    def sample(self, shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
        """Draw what the learned part of the noise reads, and conditions."""
        noise = self.prior.sample(shape, rng)
        told = self.told.draw(noise[..., 0].numel(), rng, self.balanced)
        return torch.cat([noise, told.view(*noise.shape[:-1], -1)], dim=-1)


class Front(nn.Module):
    """A generator behind noise that is learned with it, and with its conditions in the samples.

    Args:
        network: noise (B, dim) and conditions (B, width), end to end -> samples (B, *shape).
        learned: what is drawn -> noise (B, dim), None where that is the same.
        width: of the conditions, 0 for none.
    """

    def __init__(self, network: nn.Module, learned: nn.Module | None, width: int) -> None:
        super().__init__()
        self.learned, self.network, self.width = learned, network, width
        for method in ("log_prob", "with_cost"):
            if hasattr(network, method):
                setattr(self, method, getattr(self, f"_{method}"))

    def forward(self, drawn: Tensor) -> Tensor:
        """Return samples with their conditions at the end."""
        return self._told(self.network(self._noise(drawn)), drawn)

    def _noise(self, drawn: Tensor) -> Tensor:
        if self.learned is None:
            return drawn
        split = drawn.shape[1] - self.width
        noise: Tensor = self.learned(drawn[:, :split])
        return torch.cat([noise, drawn[:, split:]], dim=1) if self.width else noise

    def _told(self, x: Tensor, drawn: Tensor) -> Tensor:
        return torch.cat([x, drawn[:, -self.width :]], dim=1) if self.width else x

    def _log_prob(self, x: Tensor, drawn: Tensor) -> Tensor:
        samples = x[:, : -self.width] if self.width else x
        log_prob: Tensor = self.network.log_prob(samples, self._noise(drawn))  # type: ignore[operator]
        return log_prob

    def _with_cost(self, drawn: Tensor) -> tuple[Tensor, Tensor]:
        x, cost = self.network.with_cost(self._noise(drawn))  # type: ignore[operator]
        return self._told(x, drawn), cost
