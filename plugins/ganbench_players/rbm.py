"""The restricted Boltzmann machine: a critic by its free energy, a generator by its chain."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import normalize

from ganbench.api import (
    SCORE,
    Architecture,
    DataSpec,
    Fraction,
    Output,
    PositiveFloat,
    Size,
)
from ganbench_players.boltzmann import GibbsChain, Machine

Steps = Annotated[int, Field(gt=0, le=10_000)]
Mode = Literal["pathwise", "score_function"]

# Of the newest batch in the mean free energy, and the rows that stand for data before training.
_LEAST_SHARE = 0.1
_ROWS = 256


class Rbm(Architecture):
    """Restricted Boltzmann machine: the critic is its free energy, the generator its Gibbs chain.

    The machine has visible units v (B, d), hidden units h in {0, 1}^H and one noise level s:
    p(v, h) is proportional to exp(-|v - b|^2 / 2s^2 + c.h + v.W h / s^2), so that
    p(h_j = 1 | v) = sigmoid(c_j + (W^T v)_j / s^2) and v | h is normal with mean b + W h and
    standard deviation s. Bounded visible units pass through a scaled tanh. A categorical column
    is a softmax unit: one of its levels, drawn with probabilities softmax((b + W h) / s^2).

    The discriminator scores a + m - F(v) by the free energy
    F(v) = |v - b|^2 / 2s^2 - sum_j softplus(c_j + (W^T v)_j / s^2); a is learned and m is the
    running mean of F over the samples that it sees, without which the first scores are far from
    zero. Its features are the probabilities of h. With one noise level and hidden units that
    only ever lower F, it sees coarse structure well and narrow modes badly.

    The generator starts its chain at a fixed random projection of the noise. "pathwise" unrolls
    `steps` Gibbs steps and passes gradients through them, h by a straight-through binary
    Concrete: biased, but like any other generator. "score_function" keeps a Gibbs chain for each
    row of a batch, moves it on by `steps` at each generator step, and shifts the law
    p(v) = exp(-F(v)) / Z towards samples of low loss, without a gradient of the critic; a share of
    its objective is E F(real) - E F(fake), whose gradient is that of persistent contrastive
    divergence; without any it is prone to collapse.

    Args:
        hidden: number of hidden units H, 1 to 65536.
        std: the noise level s before training, above 0, in units of the data; it is learned.
        spread: standard deviation of W / s^2 before training, above 0.
        mode: how the generator learns, "pathwise" or "score_function".
        steps: Gibbs steps of the generator in training, 1 to 10000.
        temperature: of the binary Concrete, above 0; of "pathwise" alone.
        likelihood: share of contrastive divergence in the generator's objective, 0 to 1; of
            "score_function" alone.
        burn_in: Gibbs steps before a sample is drawn for scores, 1 to 10000; of "score_function"
            alone, as "pathwise" draws as it trains.

    Source: Hinton 2002, Neural Computation 14(8) (contrastive divergence); Tieleman 2008, ICML
        (persistent chains); Kim & Bengio 2016, arXiv:1606.03439 (energy as critic); Fisher et al.
        2018, arXiv:1804.08682 (likelihood and adversary); Maddison et al. 2017, arXiv:1611.00712,
        and Jang et al. 2017, arXiv:1611.01144 (Concrete)
    """

    kinds = frozenset({"vector", "table", "image"})
    gives = frozenset({"score", "features", "weights", "separate"})

    def __init__(
        self,
        hidden: Size = 64,
        std: PositiveFloat = 0.3,
        spread: PositiveFloat = 1.0,
        mode: Mode = "pathwise",
        steps: Steps = 3,
        temperature: PositiveFloat = 0.5,
        likelihood: Fraction = 0.5,
        burn_in: Steps = 100,
    ) -> None:
        self.hidden, self.std, self.spread = hidden, std, spread
        self.mode, self.steps, self.temperature = mode, steps, temperature
        self.likelihood, self.burn_in = likelihood, burn_in
        if mode == "score_function":
            self.generator_gives = frozenset()
            self.generator_needs = frozenset({"samplewise", "separate"})

    def misfit(self, spec: DataSpec) -> str | None:
        """Refuse bounded data to the score function, since its law has no bounds."""
        if self.mode == "score_function" and spec.low is not None:
            return "the law of mode='score_function' has no bounds, and these data have"
        return None

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        machine = Machine(spec, self.hidden, self.std, self.spread)
        chain = GibbsChain(machine, spec, self.temperature)
        if self.mode == "pathwise":
            return PathwiseGenerator(chain, spec, noise_dim, self.steps)
        return ChainGenerator(chain, spec, noise_dim, self.steps, self.burn_in, self.likelihood)

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:  # noqa: ARG002
        """Build samples (B, *spec.shape) -> scores (B,)."""
        return EnergyCritic(Machine(spec, self.hidden, self.std, self.spread))


class EnergyCritic(nn.Module):
    """Scores samples (B, *shape) by minus their free energy, from a running mean of it.

    The mean counts all batches alike at first and forgets old ones later, as the machine changes.

    Args:
        machine: gives the free energy.
    """

    centre: Tensor
    share: Tensor

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self.machine = machine
        self.offset = nn.Parameter(torch.zeros(()))
        rows = torch.randn(_ROWS, len(machine.visible_bias))
        self.register_buffer("centre", machine.free_energy(rows).mean().detach())
        self.register_buffer("share", torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (B,)."""
        return self.offset + self.centre - self.machine.free_energy(x.flatten(1))

    def features(self, x: Tensor) -> Tensor:
        """Return the probabilities of the hidden units, (B, H)."""
        return self.machine.hidden_logits(x.flatten(1)).sigmoid()

    def refit(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Return the mean free energy with this batch, and the share of the next one."""
        mean = self.machine.free_energy(torch.cat([real, fake]).flatten(1)).mean()
        return {
            "centre": torch.lerp(self.centre, mean, self.share),
            "share": (self.share / (1 + self.share)).clamp(min=_LEAST_SHARE),
        }


class Start(nn.Module):
    """Turns noise (B, noise_dim) to the start of a chain (B, d), by a fixed random projection.

    Rows have norm one, so that white noise of unit variance gives values of unit variance.
    """

    directions: Tensor

    def __init__(self, noise_dim: int, visible: int) -> None:
        super().__init__()
        self.register_buffer("directions", normalize(torch.randn(visible, noise_dim), dim=1))

    def forward(self, noise: Tensor) -> Tensor:
        """Return visible units (B, d)."""
        return noise @ self.directions.T


class PathwiseGenerator(nn.Module):
    """A short chain from noise (B, noise_dim) to samples (B, *shape), with gradients.

    Args:
        chain: takes the steps.
        spec: of the data.
        noise_dim: size of the noise.
        steps: of the chain.
    """

    def __init__(self, chain: GibbsChain, spec: DataSpec, noise_dim: int, steps: int) -> None:
        super().__init__()
        self.start = Start(noise_dim, spec.size)
        self.chain, self.spec, self.steps = chain, spec, steps

    def forward(self, noise: Tensor) -> Tensor:
        """Return samples (B, *shape)."""
        v: Tensor = self.chain(self.start(noise), self.steps)
        return v.reshape(-1, *self.spec.shape)


class ChainGenerator(PathwiseGenerator):
    """Persistent chains while training, long ones from noise when samples are drawn.

    Args:
        chain: takes the steps.
        spec: of the data.
        noise_dim: size of the noise.
        steps: of the persistent chains for each step of training.
        burn_in: steps of a chain from noise.
        likelihood: share of contrastive divergence in the objective.
    """

    chains: Tensor

    def __init__(
        self,
        chain: GibbsChain,
        spec: DataSpec,
        noise_dim: int,
        steps: int,
        burn_in: int,
        likelihood: float,
    ) -> None:
        super().__init__(chain, spec, noise_dim, burn_in)
        self.between, self.likelihood = steps, likelihood
        self.prepare(1)

    def prepare(self, rows: int) -> None:
        """Begin one chain for each row of a batch."""
        self.register_buffer("chains", torch.randn(rows, self.spec.size))

    def next_buffers(self) -> dict[str, Tensor]:
        """Move the chains on."""
        return {"chains": self.chain(self.chains, self.between)}

    def forward(self, noise: Tensor) -> Tensor:
        """Return samples (B, *shape), which have no gradient while training."""
        if self.training:
            return self.chains[: len(noise)].reshape(-1, *self.spec.shape)
        return super().forward(noise)

    def log_prob(self, x: Tensor, noise: Tensor) -> Tensor:  # noqa: ARG002
        """Return the logarithm of the density (B,) up to a constant."""
        return -self.chain.machine.free_energy(x.flatten(1))
