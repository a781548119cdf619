"""Spirals, pinwheels, boards, rolls and funnels: exact densities and the draws of them."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import integrate, special, stats

from ganbench.api import SpecError
from ganbench.components import parse_single
from ganbench_vectors import Checkerboard, Funnel, Pinwheel, Spiral, SwissRoll

ROWS = 20_000
PLANE = {
    "spiral": Spiral(),
    "one arm": Spiral(arms=1, turns=0.5, noise=0.3),
    "five arms": Spiral(arms=5, turns=1.0, noise=0.1),
    "checkerboard": Checkerboard(),
    "odd board": Checkerboard(side=5, reach=1.25),
    "pinwheel": Pinwheel(tangential=0.15),
    "strongly bent": Pinwheel(arms=3, rate=-0.8, tangential=0.2),
}
REACH, CELLS = 3.0, 240


def draw(dataset, n=ROWS, seed=1):
    return dataset.sample(n, "train", torch.Generator().manual_seed(seed)).double()


def shares(dataset, boxes=12):
    """Return the mass of boxes x boxes equal boxes on [-REACH, REACH]^2, by midpoints."""
    line = (torch.arange(CELLS, dtype=torch.float64) + 0.5) / CELLS * 2 * REACH - REACH
    mass = dataset.log_prob(torch.cartesian_prod(line, line)).exp() * (2 * REACH / CELLS) ** 2
    return mass.reshape(boxes, CELLS // boxes, boxes, CELLS // boxes).sum(dim=(1, 3)).numpy()


@pytest.mark.parametrize("name", PLANE)
def test_the_density_integrates_to_one_and_is_that_of_the_samples(name):
    """Cells of 1/40 end where squares of the boards do, and are far below any width."""
    dataset = PLANE[name]
    expected = shares(dataset)
    assert expected.sum() == pytest.approx(1, abs=1e-5)
    edges = np.linspace(-REACH, REACH, 13)
    counts = np.histogram2d(*draw(dataset).numpy().T, bins=[edges, edges])[0]
    likely = expected * ROWS >= 5
    observed = np.append(counts[likely], ROWS - counts[likely].sum())
    law = np.append(expected[likely], 1 - expected[likely].sum())
    if law[-1] * ROWS < 5:
        assert observed[-1] <= 20
        observed, law = observed[:-1], law[:-1] / law[:-1].sum()
        law *= observed.sum() / ROWS
    assert stats.chisquare(observed, ROWS * law).pvalue > 1e-3


@pytest.mark.parametrize("noise", [0.01, 0.05, 0.5])
def test_the_density_of_spirals_equals_adaptive_quadrature(noise):
    dataset = Spiral(arms=3, turns=2.0, noise=noise)
    low, high = math.pi / 2, math.pi / 2 + 4 * math.pi
    breaks = np.linspace(low, high, 400)
    for point in ([1.0, 0.0], [0.3, 0.4], [-0.5, 0.1], [0.0, 0.0], [-0.6, -0.9]):

        def integrand(t, point=point):
            total = 0.0
            for arm in range(3):
                angle = t + 2 * math.pi * arm / 3
                dx = point[0] - t / high * math.cos(angle)
                dy = point[1] - t / high * math.sin(angle)
                total += math.exp(-(dx * dx + dy * dy) / (2 * noise**2))
            return total

        exact = sum(
            integrate.quad(integrand, *ends, epsabs=0, epsrel=1e-10)[0]
            for ends in pairwise(breaks)
        ) / (3 * (high - low) * 2 * math.pi * noise**2)
        found = dataset.log_prob(torch.tensor([point], dtype=torch.float64)).exp().item()
        assert found == pytest.approx(exact, rel=1e-8, abs=1e-100)


def test_long_curves_are_divided_and_many_rows_too(monkeypatch):
    dataset, x = Spiral(arms=2, turns=2.0, noise=0.02), 0.7 * torch.randn(50, 2).double()
    whole = dataset.log_prob(x)
    monkeypatch.setattr("ganbench_vectors.quadrature._LARGEST", 5000)
    monkeypatch.setattr("ganbench_vectors.quadrature._LARGEST_RULE", 100)
    near = whole > -100
    torch.testing.assert_close(dataset.log_prob(x)[near], whole[near], rtol=0, atol=1e-9)
    assert dataset.log_prob(x[:0]).shape == (0,)


# ----------------------------------------------------------------------------------------- board


@pytest.mark.parametrize(("side", "reach"), [(2, 1.0), (3, 0.7), (4, 2.0), (64, 1e6), (63, 1e-6)])
def test_samples_lie_in_squares_of_the_same_density(side, reach):
    dataset = Checkerboard(side=side, reach=reach)
    squares = (side**2 + 1) // 2
    height = side**2 / (4 * squares * reach**2)
    sample = dataset.sample(ROWS, "train", torch.Generator().manual_seed(0))
    assert sample.dtype == torch.float32
    for x in (sample, sample.double()):
        np.testing.assert_allclose(dataset.log_prob(x).numpy(), math.log(height), rtol=1e-6)
    place = ((sample.double() / reach + 1) * side / 2).floor().long()
    counts = (place[:, 0] * side + place[:, 1]).bincount(minlength=side**2)
    assert (counts > 0).sum() <= squares
    if squares < 100:
        assert stats.chisquare(counts[counts > 0]).pvalue > 1e-3
        assert (counts > 0).sum() == squares


def test_beside_its_squares_a_board_has_no_density():
    board = Checkerboard()
    corners = torch.tensor([[-1.5, -0.5], [2.5, 0.5], [-2.5, -2.5], [1.5, -1.5], [0.5, 9.0]])
    assert board.log_prob(corners).tolist() == [-math.inf] * 5
    inside = torch.tensor([[-1.5, -1.5], [1.5, 1.5], [0.5, 0.5], [-0.5, -0.5], [0.5, -1.5]])
    np.testing.assert_allclose(board.log_prob(inside).exp().numpy(), 1 / 8, rtol=1e-6)


# -------------------------------------------------------------------------------------- pinwheel


def test_straight_arms_are_turned_gaussians():
    dataset = Pinwheel(arms=4, radial=0.2, tangential=0.1, rate=0.0)
    x = torch.randn(300, 2, dtype=torch.float64)
    exact = 0
    for mean, stds in (([1, 0], (0.2, 0.1)), ([0, 1], (0.1, 0.2))):
        for sign in (1, -1):
            law = stats.multivariate_normal(sign * np.array(mean), np.diag(np.square(stds)))
            exact = exact + law.pdf(x.numpy()) / 4
    np.testing.assert_allclose(dataset.log_prob(x).exp().numpy(), exact, rtol=1e-9, atol=1e-200)


def test_a_bend_keeps_areas_and_distances():
    bent, straight = Pinwheel(), Pinwheel(rate=0.0)
    x, y = draw(bent), draw(straight)
    torch.testing.assert_close(x.norm(dim=1), y.norm(dim=1), rtol=0, atol=1e-6)
    torch.testing.assert_close(bent.log_prob(x), straight.log_prob(y), rtol=0, atol=0.01)
    turn = torch.view_as_complex(x) / torch.view_as_complex(y)
    expected = torch.polar(torch.ones(ROWS).double(), 0.25 * y.norm(dim=1).exp())
    torch.testing.assert_close(turn, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("rate", [-10.0, 10.0])
def test_far_from_a_pinwheel_the_density_is_still_a_number(rate):
    x = torch.tensor([[1e4, 1e4], [0.0, 0.0], [60.0, 0.0]])
    value = Pinwheel(rate=rate).log_prob(x)
    assert not value.isnan().any()


# ---------------------------------------------------------------------------------------- funnel


@pytest.mark.parametrize(("dim", "scale"), [(2, 3.0), (10, 1.0)])
def test_a_funnel_has_its_conditional_laws(dim, scale):
    x = draw(Funnel(dim=dim, scale=scale)).numpy()
    assert stats.kstest(x[:, 0] / scale, "norm").pvalue > 1e-3
    for column in x.T[1:]:
        assert stats.kstest(column / np.exp(x[:, 0] / 2), "norm").pvalue > 1e-3


def test_the_density_of_a_funnel_is_that_of_scipy_and_integrates_to_one():
    dataset = Funnel(dim=3, scale=2.0)
    x = draw(dataset, 200)
    first = x[:, :1].numpy()
    exact = stats.norm(scale=2).logpdf(first[:, 0])
    exact += stats.norm(scale=np.exp(first / 2)).logpdf(x[:, 1:].numpy()).sum(axis=1)
    np.testing.assert_allclose(dataset.log_prob(x).numpy(), exact, rtol=1e-9)

    plane = Funnel()
    line = torch.linspace(-8, 8, 401, dtype=torch.float64)
    first, unit = torch.cartesian_prod(3 * line, line).unbind(dim=1)
    x = torch.stack([first, (first / 2).exp() * unit], dim=1)
    mass = (plane.log_prob(x) + first / 2).exp().sum().item() * 3 * 0.04**2
    assert mass == pytest.approx(1, abs=1e-9)


# ------------------------------------------------------------------------------------------ roll


def test_a_roll_without_noise_is_a_thin_sheet():
    roll = SwissRoll(noise=0.0)
    assert (roll.intrinsic_dim, roll.tails, roll.log_prob) == (2, "bounded", None)
    x = draw(roll).numpy()
    angle = np.hypot(x[:, 0], x[:, 2])
    np.testing.assert_allclose(x[:, 0], angle * np.cos(angle), atol=1e-4)
    np.testing.assert_allclose(x[:, 2], angle * np.sin(angle), atol=1e-4)
    assert stats.kstest(angle, stats.uniform(1.5 * np.pi, 3 * np.pi).cdf).pvalue > 1e-3
    assert stats.kstest(x[:, 1], stats.uniform(0, 21).cdf).pvalue > 1e-3


@pytest.mark.parametrize("noise", [0.1, 0.5, 2.0])
def test_the_density_of_a_roll_equals_adaptive_quadrature(noise):
    roll = SwissRoll(noise=noise)
    points = [[4.7, 3.0, 0.3], [0.0, 0.2, 11.0], [-9.4, 20.9, 0.2], [1.0, 21.5, -4.6]]
    for point in points:

        def integrand(t, point=point):
            dx, dz = point[0] - t * math.cos(t), point[2] - t * math.sin(t)
            return math.exp(-(dx * dx + dz * dz) / (2 * noise**2))

        breaks = np.linspace(1.5 * math.pi, 4.5 * math.pi, 500)
        across = sum(
            integrate.quad(integrand, *ends, epsabs=0, epsrel=1e-10)[0]
            for ends in pairwise(breaks)
        ) / (3 * math.pi * 2 * math.pi * noise**2)
        height = np.diff(special.ndtr(np.array([point[1] - 21, point[1]]) / noise))[0] / 21
        found = roll.log_prob(torch.tensor([point], dtype=torch.float64)).exp().item()
        assert found == pytest.approx(across * height, rel=1e-8, abs=1e-100)


def test_the_density_of_a_roll_integrates_to_one_and_is_that_of_the_samples():
    """In the middle of its height the roll has the density of its curve, divided by 21."""
    roll = SwissRoll(noise=1.0)
    x = draw(roll)
    assert stats.kstest(x[:, 1].numpy(), _height_cdf).pvalue > 1e-3
    line = (torch.arange(90, dtype=torch.float64) + 0.5) / 90 * 42 - 21
    middle = torch.tensor([10.5], dtype=torch.float64)
    mass = roll.log_prob(torch.cartesian_prod(line, middle, line)).exp() * 21 * (42 / 90) ** 2
    assert mass.sum().item() == pytest.approx(1, abs=1e-4)
    edges = np.linspace(-21, 21, 11)
    counts = np.histogram2d(x[:, 0].numpy(), x[:, 2].numpy(), bins=[edges, edges])[0]
    expected = mass.reshape(10, 9, 10, 9).sum(dim=(1, 3)).numpy()
    likely = expected * ROWS > 5
    law = expected[likely] / expected[likely].sum()
    assert stats.chisquare(counts[likely], counts[likely].sum() * law).pvalue > 1e-3
    torch.testing.assert_close(
        roll.log_prob(torch.tensor([[5.0, -20.0, 3.0], [5.0, 41.0, 3.0]]).double()).diff(),
        torch.zeros(1).double(),
    )


def _height_cdf(x):
    """Integrate the mean of normal distribution functions around heights up to 21."""

    def part(z):
        return z * special.ndtr(z) + np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)

    return (part(x) - part(x - 21)) / 21


# ---------------------------------------------------------------------------------------- traits


@pytest.mark.parametrize(
    ("dataset", "intrinsic", "tails"),
    [
        (Spiral(), 2, "light"),
        (Checkerboard(), 2, "bounded"),
        (Pinwheel(), 2, "light"),
        (Funnel(dim=5), 5, "heavy"),
        (SwissRoll(), 3, "light"),
    ],
)
def test_dimension_and_tails_are_known(dataset, intrinsic, tails):
    assert (dataset.intrinsic_dim, dataset.tails) == (intrinsic, tails)
    assert dataset.modes is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("swiss_roll(noise=0.001)", "swiss_roll: noise must be 0 or at least 0.05, not 0.001."),
        ("spiral(noise=0.0)", "noise must be float >= 0.01 and <= 10."),
        ("spiral(arms=0)", "arms must be int >= 1 and <= 8."),
        ("checkerboard(side=1)", "side must be int >= 2 and <= 64."),
        ("pinwheel(radial=0.0)", "radial must be float >= 0.001 and <= 10."),
        ("funnel(dim=1)", "dim must be int >= 2 and <= 65536."),
    ],
)
def test_what_makes_no_law_is_refused_in_a_sentence(registry, text, words):
    with pytest.raises(SpecError) as error:
        registry.build("dataset", parse_single(text))
    assert str(error.value).endswith(words)
