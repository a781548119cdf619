"""The law of a restricted Boltzmann machine, and the Gibbs chain that samples from it."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganbench.api import DataSpec, Noise, OutputHead


class Machine(nn.Module):
    """The energy of visible units (B, d) and hidden units (B, H), see `Rbm`.

    Args:
        spec: of the data, whose d values are the visible units.
        hidden: number of hidden units.
        std: initial noise level.
        spread: initial standard deviation of weight / std^2.
    """

    def __init__(self, spec: DataSpec, hidden: int, std: float, spread: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(spread * std**2 * torch.randn(spec.size, hidden))
        self.visible_bias = nn.Parameter(torch.zeros(spec.size))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))
        self.log_std = nn.Parameter(torch.tensor(math.log(std)))

    @property
    def variance(self) -> Tensor:
        """The square of the noise level, ()."""
        return (2 * self.log_std).exp()

    def hidden_logits(self, v: Tensor) -> Tensor:
        """Return the log-odds of each hidden unit, (B, d) -> (B, H)."""
        return self.hidden_bias + v @ self.weight / self.variance

    def visible_means(self, h: Tensor) -> Tensor:
        """Return the means of the visible units, (B, H) -> (B, d)."""
        return self.visible_bias + h @ self.weight.T

    def free_energy(self, v: Tensor) -> Tensor:
        """Return -log sum_h exp(-E(v, h)), (B, d) -> (B,)."""
        distance = (v - self.visible_bias).square().sum(dim=1) / (2 * self.variance)
        return distance - softplus(self.hidden_logits(v)).sum(dim=1)


class GibbsChain(nn.Module):
    """Gibbs steps on visible units; samples are exact, gradients straight-through.

    Args:
        machine: whose law is sampled.
        spec: of the data.
        temperature: of the gradients of hidden units.
    """

    categorical: Tensor

    def __init__(self, machine: Machine, spec: DataSpec, temperature: float) -> None:
        super().__init__()
        self.machine, self.temperature = machine, temperature
        self.head = OutputHead(spec)
        self.hidden_noise, self.visible_noise = Noise("uniform"), Noise("normal")
        categorical = [span.kind == "choice" for span in spec.spans for _ in range(span.width)]
        self.register_buffer("categorical", torch.tensor(categorical, dtype=torch.float32))
        self.level_noise = Noise("uniform") if any(categorical) else None

    def forward(self, v: Tensor, steps: int) -> Tensor:
        """Return the visible units (B, d) after so many steps."""
        coins = self.hidden_noise(v.new_empty(v.shape[0], steps, len(self.machine.hidden_bias)))
        shape = v.new_empty(v.shape[0], steps, v.shape[1])
        noise = self._noise(self.visible_noise(shape), shape)
        for coin, shift in zip(coins.unbind(dim=1), noise.unbind(dim=1), strict=True):
            h = binary_concrete(self.machine.hidden_logits(v), coin, self.temperature)
            v = self._visible(self.machine.visible_means(h), shift)
        return v

    def _visible(self, means: Tensor, noise: Tensor) -> Tensor:
        variance = self.machine.variance
        values = means + variance.sqrt() * noise
        if self.level_noise is not None:
            values = torch.where(self.categorical > 0, means / variance + noise, values)
        sample: Tensor = self.head(values)
        return sample.flatten(1)

    def _noise(self, normal: Tensor, like: Tensor) -> Tensor:
        """Return standard normal numbers, and standard Gumbel ones for levels of categories."""
        if self.level_noise is None:
            return normal
        gumbel = -(-self.level_noise(like).log()).log()
        return torch.where(self.categorical > 0, gumbel, normal)


def binary_concrete(logits: Tensor, uniform: Tensor, temperature: float) -> Tensor:
    """Draw Bernoulli values with these log-odds whose gradient is that of a soft value.

    The soft value is sigmoid((logits + log u - log(1 - u)) / temperature); the value itself is 1
    where that is above one half.
    """
    noisy = logits + uniform.logit()
    soft = (noisy / temperature).sigmoid()
    hard = (noisy > 0).to(soft.dtype)
    return hard + (soft - soft.detach())
