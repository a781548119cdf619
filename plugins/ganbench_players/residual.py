"""The residual multilayer perceptron, for samples of any shape."""

from torch import Tensor, nn

from ganbench.api import SCORE, Architecture, DataSpec, FeatureCritic, Output, OutputHead, Size
from ganbench_players.mlp import Depth


class ResMlp(Architecture):
    """Residual perceptrons: each block adds to what it is given, h + V f(U f(h)).

    f is ReLU in the generator and LeakyReLU(0.2) in the discriminator. The blocks add, as in
    He et al. 2016 (arXiv:1603.05027), where those of CTGAN's generator concatenate and so widen
    the network with its depth (Xu et al. 2019, arXiv:1907.00503). There is no normalisation: with
    torch's initial weights a block adds a few percent to the variance.

    Args:
        width: units in each layer, 1 to 65536.
        depth: blocks of two layers in each player, 1 to 100.

    Source: Gorishniy et al. 2021, arXiv:2106.11959 (ResNet for tables)
    """

    kinds = frozenset({"vector", "table", "image"})

    def __init__(self, width: Size = 64, depth: Depth = 2) -> None:
        self.width, self.depth = width, depth

    def generator(self, spec: DataSpec, noise_dim: int) -> nn.Module:
        """Build noise (B, noise_dim) -> samples (B, *spec.shape)."""
        body = self._body(noise_dim, nn.ReLU())
        return nn.Sequential(*body, nn.Linear(self.width, spec.size), OutputHead(spec))

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:
        """Build samples (B, *spec.shape) -> scores (B,) or embeddings (B, output.size)."""
        body = nn.Sequential(nn.Flatten(), *self._body(spec.size, nn.LeakyReLU(0.2)))
        return FeatureCritic(body, self.width, output)

    def _body(self, inputs: int, activation: nn.Module) -> list[nn.Module]:
        blocks = [_Block(self.width, activation) for _ in range(self.depth)]
        return [nn.Linear(inputs, self.width), *blocks, activation]


class _Block(nn.Module):
    def __init__(self, width: int, activation: nn.Module) -> None:
        super().__init__()
        self.change = nn.Sequential(
            activation, nn.Linear(width, width), activation, nn.Linear(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.change(x)
        return changed
