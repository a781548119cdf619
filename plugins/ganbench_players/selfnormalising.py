"""Self-normalising perceptrons, for samples of any shape."""

from torch import nn

from ganbench.api import SCORE, Architecture, DataSpec, FeatureCritic, Output, OutputHead, Size
from ganbench_players.mlp import Depth, dense


class Snn(Architecture):
    """Self-normalising perceptrons: SELU in both players, weights from N(0, 1 / fan in).

    Activations stay near mean 0 and variance 1 however deep the network is, without
    normalisation, so that no sample depends on its batch.

    Args:
        width: units in each hidden layer, 1 to 65536.
        depth: hidden layers of each player, 1 to 100.

    Source: Klambauer et al. 2017, arXiv:1706.02515
    """

    kinds = frozenset({"vector", "table", "image"})

    def __init__(self, width: Size = 64, depth: Depth = 2) -> None:
        self.hidden = [width] * depth

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        layers = dense([noise_dim, *self.hidden, spec.size], nn.SELU())
        return lecun_normal(nn.Sequential(*layers, OutputHead(spec)))

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        layers = dense([spec.size, *self.hidden], nn.SELU())
        body = nn.Sequential(nn.Flatten(), *layers, nn.SELU())
        return lecun_normal(FeatureCritic(body, self.hidden[-1], output))


def lecun_normal(network: nn.Module) -> nn.Module:
    """Draw all weights of linear layers from N(0, 1 / fan in), and set biases to zero."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
            nn.init.zeros_(layer.bias)
    return network
