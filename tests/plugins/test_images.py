import numpy as np
import pytest
import torch

from ganbench.api import DataSpec
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


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 16, 32, 64])
def test_dcgan_is_sized_by_the_image(side, channels):
    dcgan, spec = Dcgan(width=2), image_spec(side, channels)
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


@pytest.mark.parametrize("shape", [(1, 28, 28), (1, 8, 16), (3, 128, 128), (1, 4, 4)])
def test_dcgan_says_which_sizes_it_takes(shape):
    reason = Dcgan().misfit(DataSpec("image", shape))
    assert f"{shape[1]} x {shape[2]}" in reason


def test_dcgan_treats_samples_independently():
    spec = image_spec(8)
    generator, discriminator = Dcgan().generator(spec, 5), Dcgan().discriminator(spec)
    noise = torch.randn(4, 5)
    together = discriminator(generator(noise))
    alone = torch.cat([discriminator(generator(row[None])) for row in noise])
    torch.testing.assert_close(together, alone)
