import math
from itertools import product

import pytest
import torch
from playing import Plain, bound, critic_loss, drawn, generator_loss, network

from ganbench_losses import cramer, energy, gmmn, mmd
from ganbench_losses.discrepancy import mean_of_others, squared_distances
from ganbench_losses.kernels import minus_distance, mmd_squared, rational_quadratic, rbf

NOWHERE = None


def batches(n=6, d=3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(2, n, d, generator=rng, dtype=torch.float64)
    return real, 0.7 * fake + 0.3


def naive(real, fake, kernel):
    """Return the unbiased estimate by loops over pairs."""

    def mean(x, y, itself):
        pairs = [(i, j) for i, j in product(range(len(x)), range(len(y))) if itself or i != j]
        return sum(kernel((x[i] - y[j]).norm().item()) for i, j in pairs) / len(pairs)

    within = mean(real, real, itself=False) + mean(fake, fake, itself=False)
    return within - 2 * mean(real, fake, itself=True)


KERNELS = {
    "gmmn": (gmmn((0.3, 1.0)), lambda d: sum(math.exp(-d * d / (2 * s * s)) for s in (0.3, 1.0))),
    "energy": (energy(), lambda d: -d),
    "rq": (
        mmd(size=3),
        lambda d: sum((1 + d * d / (2 * s)) ** -s for s in (0.2, 0.5, 1, 2, 5)),
    ),
    "rbf": (
        mmd("rbf", size=3),
        lambda d: sum(math.exp(-d * d / (2 * s * s)) for s in (1, 2, 4, 8, 16)),
    ),
    "cramer": (cramer(size=3), lambda d: -d),
}


@pytest.mark.parametrize("name", KERNELS)
def test_estimates_match_loops_over_pairs(name):
    loss, kernel = KERNELS[name]
    real, fake = batches()
    itself = Plain(lambda x: x)
    value = generator_loss(loss, itself, real, fake)
    assert value.item() == pytest.approx(naive(real, fake, kernel), abs=1e-9)
    if loss.output is not None:
        assert critic_loss(loss, itself, real, fake) == -value


def test_losses_without_a_critic_ask_for_none_and_take_samples_of_any_shape():
    real, fake = batches(d=12)
    for loss in (gmmn(), energy()):
        assert loss.output is None
        flat = generator_loss(loss, NOWHERE, real, fake)
        images = [x.reshape(6, 3, 2, 2) for x in (real, fake)]
        assert generator_loss(loss, NOWHERE, *images) == flat


def test_a_learned_kernel_asks_for_embeddings_of_its_size():
    assert (mmd(size=9).output.kind, mmd(size=9).output.size) == ("embedding", 9)
    assert cramer(size=5).output.size == 5


def test_a_batch_against_itself_lacks_its_diagonal_only():
    """The biased estimate is 0 there; leaving pairs of a sample with itself out shows below."""
    x, _ = batches(n=7)
    kernel = rbf((0.5, 1.5))
    others = mean_of_others(kernel(x, x))
    value = mmd_squared(x, x, kernel)
    assert value.item() == pytest.approx(2 / 7 * (others.item() - 2), abs=1e-12)


@pytest.mark.parametrize("loss", [gmmn((0.5,)), energy()])
def test_estimates_of_equal_laws_are_zero_on_average(loss):
    rng = torch.Generator().manual_seed(1)
    pairs = torch.randn(2000, 2, 8, 2, generator=rng, dtype=torch.float64)
    values = torch.func.vmap(lambda pair: generator_loss(loss, NOWHERE, *pair))(pairs)
    error = values.std() / math.sqrt(len(values))
    assert abs(values.mean()) < 3 * error
    assert (values < 0).any()


def test_moment_matching_of_two_normal_laws():
    """E k(x, y) of N(0, 1) and N(m, 1) is s / sqrt(s^2 + 2) * exp(-m^2 / (2 (s^2 + 2)))."""
    s, m = 0.7, 1.2
    rng = torch.Generator().manual_seed(2)
    pairs = torch.randn(400, 2, 50, 1, generator=rng, dtype=torch.float64)
    pairs[:, 1] += m
    values = torch.func.vmap(lambda pair: generator_loss(gmmn((s,)), NOWHERE, *pair))(pairs)
    height = s / math.sqrt(s * s + 2)
    expected = 2 * height * (1 - math.exp(-(m**2) / (2 * (s * s + 2))))
    assert abs(values.mean().item() - expected) < 3 * values.std().item() / math.sqrt(400)


def test_energy_distance_of_two_points_is_twice_the_cramer_distance():
    real, fake = torch.zeros(4, 1), torch.ones(4, 1)
    # Samples that coincide count as 1e-5 apart.
    assert generator_loss(energy(), NOWHERE, real, fake).item() == pytest.approx(2, abs=3e-5)


def test_distances_keep_their_digits_far_from_the_origin():
    x, y = batches(d=2)
    near = squared_distances(x.float(), y.float())
    far = squared_distances((x + 1000).float(), (y + 1000).float())
    torch.testing.assert_close(far, near, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(near.double(), torch.cdist(x, y).square(), atol=1e-5, rtol=1e-5)


def test_slopes_of_distances_are_at_most_one_next_to_a_sample():
    rng = torch.Generator().manual_seed(4)
    far = 5 + torch.randn(6, 16, generator=rng)
    near = far + 1e-4 * torch.randn(6, 16, generator=rng)
    slopes = torch.func.grad(lambda x: minus_distance(x, far).diagonal().sum())(near)
    torch.testing.assert_close(slopes.norm(dim=1), torch.ones(6), atol=1e-3, rtol=0)


def test_gradients_are_finite_where_samples_coincide():
    x = torch.ones(4, 2)
    for loss in (gmmn(), energy()):
        slope = torch.func.grad(lambda fake, loss=loss: generator_loss(loss, NOWHERE, x, fake))(x)
        assert slope.isfinite().all()


@pytest.mark.parametrize("name", ["rq", "cramer"])
def test_the_witness_penalty_matches_single_slopes(name):
    loss, _ = KERNELS[name]
    (penalty,) = loss.regularizers
    real, fake = batches(n=4, d=2)
    critic = bound(loss.output, network(loss.output, 2))
    draws = drawn(penalty, real)

    def witness(x):
        row = critic(x[None])[0]
        near = [kernel_of(name, row, critic(batch)) for batch in (real, fake)]
        return near[0].mean() - near[1].mean()

    total = 0.0
    for r, f, u in zip(real, fake, draws["mix"], strict=True):
        x = (u * r + (1 - u) * f).requires_grad_()
        (slope,) = torch.autograd.grad(witness(x), x)
        total += (slope.norm().item() - 1) ** 2 / 4
    weight = {"rq": 1.0, "cramer": 10.0}[name]
    assert penalty.penalty(critic, real, fake, draws).item() == pytest.approx(weight * total)


def kernel_of(name, row, rows):
    return rational_quadratic(row[None], rows) if name == "rq" else -(row - rows).norm(dim=1)


def test_the_witness_penalty_can_be_left_out():
    assert mmd(penalised=False).regularizers == ()
    assert mmd().regularizers[0].needs == {"embedding", "weights"}
    assert mmd().recipe["critic_steps"] == 5


def test_default_bandwidths_see_narrow_modes_and_standardised_rows():
    rng = torch.Generator().manual_seed(3)
    for scale, d in ((0.02, 2), (1.0, 10)):
        real, fake = scale * torch.randn(2, 100, d, generator=rng)
        slope = torch.func.grad(lambda x, real=real: generator_loss(gmmn(), NOWHERE, real, x))(
            fake + scale
        )
        downhill = fake + scale - scale * slope / slope.norm(dim=1).mean()
        before, after = (
            generator_loss(gmmn(), NOWHERE, real, x) for x in (fake + scale, downhill)
        )
        assert 0 < after < before
