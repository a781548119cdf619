import pytest
import torch
from torch import nn
from torch.func import functional_call

from ganbench.api import FeatureCritic, Output
from ganbench_losses import clip, orthogonal, spectral_norm, weight_decay
from ganbench_players import Mlp
from ganbench_vectors import ring8


def matrices(*shapes, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return {
        f"layer{i}": torch.randn(*shape, generator=rng, dtype=torch.float64)
        for i, shape in enumerate(shapes)
    }


def orthonormal(rows, columns):
    square = nn.init.orthogonal_(torch.empty(rows, columns, dtype=torch.float64))
    return {"layer": square, "bias": torch.ones(rows, dtype=torch.float64)}


def frobenius(matrix):
    return sum(value**2 for value in matrix.flatten().tolist())


# ----------------------------------------------------------------------------- clip, weight decay


def test_clip_bounds_every_weight_and_keeps_those_inside():
    before = {"a": torch.tensor([-1.0, 0.005]), "b": torch.tensor([[0.02]])}
    after = clip(limit=0.01).constrain(before)
    assert after["a"].tolist() == pytest.approx([-0.01, 0.005])
    assert after["b"].tolist() == [[pytest.approx(0.01)]]
    assert before["b"].item() == pytest.approx(0.02)


def test_the_gradient_of_weight_decay_is_the_weights():
    weights = matrices((2, 3), (4,))
    gradient = torch.func.grad(weight_decay(weight=0.3).weight_penalty)(weights)
    for name, value in weights.items():
        torch.testing.assert_close(gradient[name], 0.3 * value)
    cost = weight_decay(weight=0.3).weight_penalty(weights)
    assert cost.item() == pytest.approx(0.15 * sum(map(frobenius, weights.values())))


# ------------------------------------------------------------------------------------- orthogonal


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_orthonormal_weights_cost_nothing_and_scaled_ones_their_norms(shape, scale):
    weights = {name: scale * value for name, value in orthonormal(*shape).items()}
    cost = orthogonal(weight=1.0).weight_penalty(weights).item()
    assert cost == pytest.approx(min(shape) * (scale**2 - 1) ** 2, abs=1e-12)


def test_both_forms_equal_loops_over_pairs_of_rows():
    weights = matrices((2, 3), (2, 4, 1, 2), (7,))
    full, angles = 0.0, 0.0
    for value in (weights["layer0"], weights["layer1"].flatten(1)):
        for i, first in enumerate(value):
            for j, second in enumerate(value):
                dot = (first * second).sum().item()
                full += (dot - (i == j)) ** 2
                angles += dot**2 if i != j else 0
    assert orthogonal(weight=0.5).weight_penalty(weights).item() == pytest.approx(full / 2)
    part = orthogonal(weight=0.5, diagonal=False)
    assert part.weight_penalty(weights).item() == pytest.approx(angles / 2)


def test_tall_weights_are_held_to_columns_which_is_the_same_up_to_a_constant():
    weights = matrices((6, 2))
    matrix = weights["layer0"]
    rows = frobenius(matrix @ matrix.T - torch.eye(6))
    cost = orthogonal(weight=1.0).weight_penalty(weights)
    assert cost.item() == pytest.approx(rows - (6 - 2))


@pytest.mark.parametrize("diagonal", [True, False])
def test_gradients_of_orthogonality_match_finite_differences(diagonal):
    penalty = orthogonal(weight=0.7, diagonal=diagonal).weight_penalty
    weights = matrices((3, 4), (4, 2), (5,))
    leaves = [value.requires_grad_() for value in weights.values()]
    assert torch.autograd.gradcheck(
        lambda *values: penalty(dict(zip(weights, values, strict=True))), leaves
    )


# ---------------------------------------------------------------------------------- spectral norm


def settled(network, steps=200):
    """Run the power method to its end."""
    for _ in range(steps):
        for module in network.modules():
            if hasattr(module, "next_buffers"):
                module.u = module.next_buffers()["u"]
    return network


def critic_of(scale, seed=0):
    torch.manual_seed(seed)
    plain = Mlp(width=16, depth=2).discriminator(ring8().spec, Output())
    for parameter in plain.parameters():
        parameter.data *= 7
    return settled(spectral_norm(scale=scale).network(plain)).double()


@pytest.mark.parametrize("scale", [1.0, 30.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_normalised_critic_is_lipschitz_with_the_scale_as_constant(scale, seed):
    critic = critic_of(scale, seed)
    x = 3 * torch.randn(4000, 2, dtype=torch.float64)
    slopes = torch.func.grad(lambda x: critic(x).sum())(x).norm(dim=1)
    assert slopes.max() <= scale * (1 + 1e-5)
    assert slopes.max() > 0.01 * scale
    left, right = critic(x[:2000]), critic(x[2000:])
    distance = (x[:2000] - x[2000:]).norm(dim=1)
    assert ((left - right).abs() <= scale * (1 + 1e-5) * distance).all()


def test_a_linear_critic_reaches_the_constant_and_is_normalised_too():
    torch.manual_seed(0)
    critic = settled(spectral_norm(scale=4.0).network(nn.Linear(3, 1)))
    slope = torch.func.grad(lambda x: critic(x).sum())(torch.randn(5, 3))
    torch.testing.assert_close(slope.norm(dim=1), torch.full((5,), 4.0))


def test_the_scale_is_a_buffer_so_that_one_trace_serves_all_scales():
    critic = critic_of(2.0)
    x = torch.randn(5, 2, dtype=torch.float64)
    doubled = functional_call(critic, {"scale": torch.tensor(4.0, dtype=torch.float64)}, (x,))
    torch.testing.assert_close(doubled, 2 * critic(x))


def test_features_of_the_critic_can_still_be_found():
    modules = [module for module in critic_of(1.0).modules() if hasattr(module, "features")]
    assert len(modules) == 1
    assert isinstance(modules[0], FeatureCritic)
