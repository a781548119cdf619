"""What is asked of the critic's weights: penalties, constraints and normalisation."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ganbench.api import (
    PositiveFloat,
    Regularizer,
    Traits,
    spectrally_normalised,
)

_NEEDS: Traits = frozenset({"weights"})


def clip(limit: PositiveFloat = 0.01) -> Regularizer:
    """Weight clipping: after each of its steps every weight of the critic is cut to a box.

    w <- min(max(w, -limit), limit). Recommends RMSProp, since the paper found that momentum makes
    the training of a clipped critic unstable.

    Args:
        limit: half the side of the box, above 0.

    Source: Arjovsky et al. 2017, arXiv:1701.07875
    """

    def constrain(parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {name: value.clamp(-limit, limit) for name, value in parameters.items()}

    return Regularizer(
        constrain=constrain,
        recipe={"generator_optimizer": "rmsprop", "critic_optimizer": "rmsprop"},
        needs=_NEEDS,
    )


def spectral_norm(scale: PositiveFloat = 1.0) -> Regularizer:
    """Spectral normalisation: every layer of the critic stretches no direction by more than one.

    W <- W / sigma(W) in every linear and convolutional layer, with sigma the largest singular
    value of the weight as a matrix, by one step of the power method before each critic step; then
    D <- scale * D. A critic of linear layers and activations that stretch nothing, such as ReLU,
    is Lipschitz with constant `scale`. Recurrent layers stay as they are.

    Args:
        scale: what the critic's output is multiplied by, above 0. With the paper's 1 a critic can
            only tell images apart, which are far from each other; mixtures of narrow modes need
            about 30.

    Source: Miyato et al. 2018, arXiv:1802.05957
    """

    def network(critic: nn.Module) -> nn.Module:
        return spectrally_normalised(_Scaled(critic, scale))

    return Regularizer(network=network, needs=_NEEDS | {"layers"})


def orthogonal(weight: PositiveFloat = 1e-4, diagonal: bool = True) -> Regularizer:
    """Orthogonal regularisation: the filters of each of the critic's layers stay orthonormal.

    weight * sum |W W^T - I|^2 over all weights with two or more axes, as matrices with one row
    for each output; a layer with more outputs than inputs is held to orthonormal columns, which
    is the same up to a constant. Without `diagonal`, weight * sum |W W^T * (1 - I)|^2 asks for
    orthogonal rows of any norm.

    Args:
        weight: strength, above 0.
        diagonal: whether norms are drawn to one as well; false is the variant of BigGAN.

    Source: Brock et al. 2017, arXiv:1609.07093; in this form, and without the diagonal, Brock et
        al. 2019, arXiv:1809.11096
    """

    def excess(matrix: Tensor) -> Tensor:
        if diagonal and matrix.shape[0] > matrix.shape[1]:
            matrix = matrix.mT
        gram = matrix @ matrix.mT
        identity = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        gap = gram - identity if diagonal else gram * (1 - identity)
        return gap.square().sum()

    def weight_penalty(parameters: Mapping[str, Tensor]) -> Tensor:
        matrices = [value.flatten(1) for value in parameters.values() if value.ndim > 1]
        return weight * torch.stack([excess(matrix) for matrix in matrices]).sum()

    return Regularizer(weight_penalty=weight_penalty, needs=_NEEDS)


def weight_decay(weight: PositiveFloat = 1e-4) -> Regularizer:
    """Weight decay: all parameters of the critic are drawn to zero.

    weight / 2 * |w|^2 is added to the critic's objective, so that its gradient, weight * w, passes
    through the optimiser like all the others.

    Args:
        weight: strength, above 0.

    Source: Krogh & Hertz 1991, NeurIPS 4
    """

    def weight_penalty(parameters: Mapping[str, Tensor]) -> Tensor:
        return weight / 2 * torch.stack([w.square().sum() for w in parameters.values()]).sum()

    return Regularizer(weight_penalty=weight_penalty, needs=_NEEDS)


class _Scaled(nn.Module):
    """A network whose output is multiplied by a number."""

    scale: Tensor

    def __init__(self, network: nn.Module, scale: float) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("scale", torch.tensor(scale))  # a number of the run, not of the trace

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.scale * self.network(x)
        return output
