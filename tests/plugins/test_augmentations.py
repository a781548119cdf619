import pytest
import torch
from torch.autograd import gradcheck

from ganbench_losses import consistency, diffaug, instance_noise

COLOR = ("brightness", "saturation", "contrast")
OFF = {**dict.fromkeys(COLOR, 0.0), "translation": 0.0, "cutout": 0.0}
SIDE = 8


def images(count=5, channels=3, height=SIDE, width=SIDE):
    rng = torch.Generator().manual_seed(0)
    return torch.randn(count, channels, height, width, generator=rng, dtype=torch.float64)


def draws_of(regularizer, x, **known):
    """Draw what is declared, but what is known: one value for each sample."""
    rng = torch.Generator().manual_seed(1)
    values = {"progress": torch.zeros((), dtype=x.dtype)}
    for name, draw in regularizer.draws.items():
        shape = x.shape if draw.per == "element" else (len(x), *[1] * (x.dim() - 1))
        law = torch.rand if draw.law == "uniform" else torch.randn
        values[name] = law(shape, generator=rng, dtype=x.dtype)
        if name in known:
            values[name] = torch.tensor(known[name], dtype=x.dtype).reshape(shape)
    return values


def diffaugmented(x, known=None, **on):
    """Augment with all switched off but what is given."""
    part = diffaug(**{**OFF, **on})
    return part.augment(x, draws_of(part, x, **(known or {})))


def step_draw(step, reach):
    """Return the uniform draw that gives a shift."""
    return (step + reach + 0.5) / (2 * reach + 1)


def rolled_in(x, down, across):
    """Roll, with zeros where entries came round the border."""
    y = torch.roll(x, (down, across), dims=(1, 2))
    y[:, : max(down, 0)] = 0
    y[:, x.shape[1] + min(down, 0) :] = 0
    y[:, :, : max(across, 0)] = 0
    y[:, :, x.shape[2] + min(across, 0) :] = 0
    return y


# -------------------------------------------------------------------------------------- diffaug


def test_all_switched_off_changes_nothing():
    assert torch.equal(diffaugmented(images()), images())


@pytest.mark.parametrize("channels", [1, 3])
def test_the_defaults_are_those_of_the_paper(channels):
    x = images(count=2, channels=channels)
    part = diffaug(translation=0, cutout=0)
    draws = draws_of(part, x)
    brightness, saturation, contrast = (draws[name] for name in COLOR)
    y = x + (brightness - 0.5)
    mean = y.mean(dim=1, keepdim=True)
    y = (y - mean) * (2 * saturation) + mean
    mean = y.mean(dim=(1, 2, 3), keepdim=True)
    y = (y - mean) * (contrast + 0.5) + mean
    torch.testing.assert_close(part.augment(x, draws), y)


def test_brightness_moves_the_mean_of_each_image_by_its_own_draw():
    y = diffaugmented(images(3), {"brightness": [0.0, 0.5, 0.75]}, brightness=0.4)
    moved = (y - images(3)).mean(dim=(1, 2, 3))
    torch.testing.assert_close(moved, torch.tensor([-0.4, 0.0, 0.2], dtype=torch.float64))


def test_saturation_leaves_grey_images_alone():
    x = images(channels=1)
    assert torch.equal(diffaugmented(x, saturation=1.0), x)


def test_translation_is_a_roll_with_zeros_at_the_border():
    down, across = [-2, -1, 0, 1, 2], [1, 0, 1, -1, -1]
    known = {
        "down": [step_draw(step, 2) for step in down],
        "across": [step_draw(step, 1) for step in across],
    }
    x = images(width=4)
    y = diffaugmented(x, known, translation=0.25)
    for i, steps in enumerate(zip(down, across, strict=True)):
        assert torch.equal(y[i], rolled_in(x[i], *steps))


def test_every_shift_within_reach_is_equally_likely():
    draws = (torch.arange(500, dtype=torch.float64) + 0.5) / 500
    x = torch.zeros(500, 1, SIDE, 1, dtype=torch.float64)
    x[:, :, 4] = 1
    y = diffaugmented(x, {"down": draws.tolist()}, translation=0.25)
    assert y.sum(dim=0).flatten().tolist() == [0, 0, 100, 100, 100, 100, 100, 0]


@pytest.mark.parametrize(
    ("row", "column", "area"), [(0.5, 0.5, 16), (0.0, 0.5, 8), (0.0, 0.0, 4), (0.999, 0.999, 4)]
)
def test_cutout_zeroes_a_rectangle_and_loses_what_is_outside(row, column, area):
    x = torch.ones(1, 2, SIDE, SIDE, dtype=torch.float64)
    y = diffaugmented(x, {"row": [row], "column": [column]}, cutout=0.5)
    assert (y == 0).sum().item() == 2 * area
    assert ((y == 0) | (y == 1)).all()


def test_an_odd_cutout_is_centred_on_a_pixel():
    x = torch.ones(1, 1, 6, 6, dtype=torch.float64)
    y = diffaugmented(x, {"row": [2.5 / 6], "column": [4.5 / 6]}, cutout=0.5)
    assert (y[0, 0] == 0).nonzero().tolist() == [[i, j] for i in (1, 2, 3) for j in (3, 4, 5)]


def test_gradients_pass_through_diffaug():
    x = images(count=2, height=4, width=4).requires_grad_()
    part = diffaug()
    draws = draws_of(part, x)
    assert gradcheck(lambda x: part.augment(x, draws), x)
    (slope,) = torch.autograd.grad(part.augment(x, draws).sum(), x)
    assert slope.abs().max() > 0


# ------------------------------------------------------------------------------- instance noise


@pytest.mark.parametrize("shape", [(4, 2), (4, 5, 3), (4, 1, 8, 8)])
def test_instance_noise_fits_every_kind(shape):
    x, part = torch.ones(shape), instance_noise(std=0.3)
    draws = draws_of(part, x)
    torch.testing.assert_close(part.augment(x, draws), 1 + 0.3 * draws["noise"])
    assert torch.equal(instance_noise(std=0.0).augment(x, draws), x)


@pytest.mark.parametrize(("progress", "left"), [(0.0, 1), (0.2, 0.5), (0.4, 0), (1.0, 0)])
def test_instance_noise_falls_linearly_to_nothing(progress, left):
    x, part = torch.zeros(4, 2, dtype=torch.float64), instance_noise(std=0.3, until=0.4)
    draws = {**draws_of(part, x), "progress": torch.tensor(progress, dtype=torch.float64)}
    expected = 0.3 * left * draws["noise"]
    torch.testing.assert_close(part.augment(x, draws), expected, rtol=0, atol=1e-15)


def test_instance_noise_can_last():
    x, part = torch.zeros(4, 2), instance_noise(std=0.3, until=1e9)
    draws = {**draws_of(part, x), "progress": torch.tensor(1.0)}
    torch.testing.assert_close(part.augment(x, draws), 0.3 * draws["noise"])


@pytest.mark.parametrize("part", [diffaug(), instance_noise()], ids=["diffaug", "instance_noise"])
def test_the_same_draws_give_the_same_samples_and_inputs_are_kept(part):
    x = images()
    draws = draws_of(part, x)
    y = part.augment(x, draws)
    assert torch.equal(y, part.augment(x, draws))
    assert torch.equal(x, images())
    assert not torch.equal(y, x)


# ---------------------------------------------------------------------------------- consistency


@pytest.mark.parametrize("x", [images(), images()[:, 0, 0], images()[:, 0]])
def test_a_constant_critic_is_consistent(x):
    part = consistency(fake=True)
    assert part.penalty(lambda x: x.flatten(1).sum(dim=1) * 0, x, x, draws_of(part, x)) == 0


def test_a_linear_critic_pays_for_the_jitter_along_its_slope():
    real, fake = images()[:, 0, 0, :2], images()[:, 1, 1, :2]
    slope = torch.tensor([2.0, -1.0], dtype=torch.float64)
    for both in (False, True):
        part = consistency(weight=3.0, fake=both, jitter=0.2)
        draws = draws_of(part, real)
        cost = part.penalty(lambda x: x @ slope, real, fake, draws)
        noises = [draws[f"{role}_noise"] for role in (("real", "fake") if both else ("real",))]
        expected = sum(3 * (0.2 * noise @ slope).square().mean() for noise in noises)
        torch.testing.assert_close(cost, expected)


def test_jitter_comes_close_to_r1():
    x = torch.zeros(20000, 2, dtype=torch.float64)
    part = consistency()
    cost = part.penalty(lambda x: x @ x.new_tensor([3.0, 4.0]), x, x, draws_of(part, x))
    assert cost.item() == pytest.approx(10 * 0.05**2 * 25, rel=0.05)


def test_images_are_mirrored_and_shifted():
    x, weights = images(2, channels=1), images(1, channels=1)[0]
    part = consistency(weight=1.0)
    down, across = (-1, 1), (0, 1)
    known = {
        "real_flip": [0.2, 0.7],
        "real_down": [step_draw(step, 1) for step in down],
        "real_across": [step_draw(step, 1) for step in across],
    }
    changed = torch.stack(
        [rolled_in(x[0].flip(2), down[0], across[0]), rolled_in(x[1], down[1], across[1])]
    )
    gap = ((x - changed) * weights).sum(dim=(1, 2, 3))
    cost = part.penalty(
        lambda x: (x * weights).sum(dim=(1, 2, 3)), x, x, draws_of(part, x, **known)
    )
    torch.testing.assert_close(cost, gap.square().mean())


def test_switched_off_changes_cost_nothing():
    part = consistency(flip=False, translation=0.0, jitter=0.0)
    for x in (images(), images()[:, 0, 0]):
        assert part.penalty(lambda x: x.flatten(1).sum(dim=1), x, x, draws_of(part, x)) == 0
