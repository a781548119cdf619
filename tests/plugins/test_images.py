import numpy as np
import pytest
import torch
from torch import nn

from ganbench.api import BatchNorm, DataSpec, SpectralNorm
from ganbench_images import Dcgan, Digits


@pytest.fixture(scope="module")
def digits():
    return Digits()


def image_spec(side, channels=1):
    return DataSpec("image", (channels, side, side), low=-1.0, high=1.0)


def test_digits_are_1797_images_of_seventeen_levels(digits):
    images = torch.cat([digits.rows("train"), digits.rows("test")])
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == torch.float32
    assert torch.equal(images.unique(), torch.arange(17) / 8 - 1)
    assert (digits.spec.low, digits.spec.high) == (-1, 1)


def test_halves_share_no_position(digits):
    train, test = digits.positions["train"], digits.positions["test"]
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(1797))
    assert len(digits.rows("train")) == len(train) == 898


def test_split_is_stable_and_follows_its_seed(digits):
    assert Digits().fingerprint() == digits.fingerprint()
    assert Digits(split_seed=1).fingerprint() != digits.fingerprint()


def test_projection_fixes_real_images_and_is_idempotent(digits):
    for split in ("train", "test"):
        assert torch.equal(digits.project(digits.rows(split)), digits.rows(split))
    wild = torch.randn(100, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    once = digits.project(wild)
    assert torch.equal(digits.project(once), once)
    assert set(once.unique().tolist()) <= {level / 8 - 1 for level in range(17)}
    assert (once - wild.clamp(-1, 1)).abs().max() <= 1 / 16


NORMS = ("none", "batch", "layer", "spectral")


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 16, 28, 32, 56, 64])
def test_dcgan_is_sized_by_the_image(side, channels, norm):
    dcgan, spec = Dcgan(width=2, norm=norm), image_spec(side, channels)
    assert dcgan.misfit(spec) is None
    generator, discriminator = dcgan.generator(spec, 5), dcgan.discriminator(spec)
    fake = generator(3 * torch.randn(3, 5))
    assert fake.shape == (3, *spec.shape)
    assert fake.abs().max() <= 1
    score = discriminator(fake)
    assert score.shape == (3,)
    score.sum().backward()
    for parameter in (*generator.parameters(), *discriminator.parameters()):
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("shape", [(1, 24, 24), (1, 8, 16), (3, 128, 128), (1, 4, 4), (1, 7, 7)])
def test_dcgan_says_which_sizes_it_takes(shape):
    reason = Dcgan().misfit(DataSpec("image", shape))
    assert f"{shape[1]} x {shape[2]}" in reason


def count(network, kind):
    return sum(isinstance(module, kind) for module in network.modules())


@pytest.mark.parametrize(
    ("norm", "kind", "in_generator", "in_discriminator"),
    [("batch", BatchNorm, 3, 2), ("layer", nn.GroupNorm, 3, 2), ("spectral", SpectralNorm, 0, 4)],
)
def test_dcgan_normalises_what_it_says(norm, kind, in_generator, in_discriminator):
    for other in NORMS:
        dcgan, spec = Dcgan(width=2, norm=other), image_spec(16)
        expected = (in_generator, in_discriminator) if other == norm else (0, 0)
        assert count(dcgan.generator(spec, 5), kind) == expected[0]
        assert count(dcgan.discriminator(spec), kind) == expected[1]


def test_only_batch_normalisation_makes_scores_depend_on_other_samples():
    spec = image_spec(8)
    x = torch.rand(4, 1, 8, 8)
    for norm in NORMS:
        critic = Dcgan(norm=norm).discriminator(spec)
        same = torch.allclose(critic(x)[:2], critic(x[:2]), atol=1e-5)
        assert same == (norm != "batch")


def test_dcgan_treats_samples_independently():
    spec = image_spec(8)
    generator, discriminator = Dcgan().generator(spec, 5), Dcgan().discriminator(spec)
    noise = torch.randn(4, 5)
    together = discriminator(generator(noise))
    alone = torch.cat([discriminator(generator(row[None])) for row in noise])
    torch.testing.assert_close(together, alone)
