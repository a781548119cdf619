"""Minibatch discrimination, for samples of any shape."""

import torch
from torch import Tensor, nn

from ganbench.api import NETWORK, SCORE, Architecture, DataSpec, FeatureCritic, Output, Size
from ganbench_players.mlp import Depth, dense, relu_generator


class Minibatch(Architecture):
    """A discriminator that sees how close samples of a batch are, against the generator of mlp.

    The last hidden features f(x_i) of each sample are joined by
    o_b(x_i) = mean_j exp(-|T_b f(x_i) - T_b f(x_j)|_1), one for each of the `kernels`, over all
    samples j of the batch, so that a collapsed batch is told by its closeness. The paper takes
    the sum; the mean does not grow with the batch. Real and fake batches are judged apart, and a
    score depends on the batch that a sample is in: penalties on gradients see that too.

    Args:
        width: units in each hidden layer, 1 to 65536.
        depth: hidden layers of each player, 1 to 100.
        kernels: closeness features, 1 to 65536.
        kernel_dim: coordinates in which each of them compares, 1 to 65536.

    Source: Salimans et al. 2016, arXiv:1606.03498
    """

    kinds = frozenset({"vector", "table", "image"})
    gives = NETWORK - {"separate"}

    def __init__(
        self, width: Size = 64, depth: Depth = 2, kernels: Size = 16, kernel_dim: Size = 4
    ) -> None:
        self.hidden = [width] * depth
        self.kernels, self.kernel_dim = kernels, kernel_dim

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        return relu_generator(spec, [noise_dim, *self.hidden])

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        width, activation = self.hidden[-1], nn.LeakyReLU(0.2)
        body = nn.Sequential(
            nn.Flatten(),
            *dense([spec.size, *self.hidden], activation),
            activation,
            Closeness(width, self.kernels, self.kernel_dim),
        )
        return FeatureCritic(body, width + self.kernels, output)


class Closeness(nn.Module):
    """Join to features (B, inputs) how close each sample is to its batch, (B, kernels)."""

    def __init__(self, inputs: int, kernels: int, kernel_dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(inputs, kernels * kernel_dim, bias=False)
        self.kernels = kernels

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, inputs + kernels)."""
        places = self.project(x).view(len(x), self.kernels, -1)
        distance = (places[:, None] - places[None]).abs().sum(dim=3)
        return torch.cat([x, (-distance).exp().mean(dim=1)], dim=1)
