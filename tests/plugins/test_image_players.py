"""Convolutional players: every size they promise, gradients, seeds side by side, formulas."""

import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional

from ganbench.api import BatchNorm, DataSpec, Output, SpecError, SpectralNorm
from ganbench_images import ConvAutoencoder, Dcgan, Patch, R3Net, ResNet
from ganbench_images.resampling import Doubled, Interpolated

PLAYERS = {
    "dcgan": Dcgan(width=2),
    "resnet": ResNet(width=4),
    "resnet-batch": ResNet(width=4, norm="batch"),
    "resnet-spectral": ResNet(width=4, norm="spectral"),
    "r3net": R3Net(width=4),
    "r3net-2": R3Net(width=8, blocks=2),
    "conv_autoencoder": ConvAutoencoder(width=2, code=5),
    "patch": Patch(width=4),
    "patch-spectral": Patch(width=4, depth=3, norm="spectral"),
}
GENERATORS = {name: players for name, players in PLAYERS.items() if hasattr(players, "generator")}
SIZES = [(side, channels) for side in (8, 16, 28, 32, 64) for channels in (1, 3)]


def image_spec(side, channels=1):
    return DataSpec("image", (channels, side, side), low=-1.0, high=1.0)


def learns(network):
    return all(
        torch.isfinite(parameter.grad).all() and parameter.grad.abs().max() > 0
        for parameter in network.parameters()
    )


@pytest.mark.parametrize(("side", "channels"), SIZES)
class TestEverySize:
    @pytest.mark.parametrize("name", GENERATORS)
    def test_generators_draw_images_and_every_weight_learns(self, name, side, channels):
        spec = image_spec(side, channels)
        assert PLAYERS[name].misfit(spec) is None
        generator = PLAYERS[name].generator(spec, 5)
        fake = generator(torch.randn(4, 5))
        assert fake.shape == (4, *spec.shape)
        assert fake.abs().max() <= 1
        (fake * torch.randn(fake.shape)).sum().backward()
        assert learns(generator)

    @pytest.mark.parametrize("name", PLAYERS)
    def test_discriminators_score_images_and_every_weight_learns(self, name, side, channels):
        spec = image_spec(side, channels)
        critic = PLAYERS[name].discriminator(spec)
        x = torch.randn(4, *spec.shape, requires_grad=True)
        scores = critic(x)
        assert scores.shape == (4,)
        scores.square().sum().backward()
        assert learns(critic)
        assert x.grad.abs().amax(dim=(1, 2, 3)).min() > 0


def seeds_and_gradients(build, x):
    """Return outputs and gradients of two seeds side by side, and of each alone."""
    networks = [build() for _ in range(2)]
    parameters, buffers = stack_module_state(networks)
    base = networks[0]

    def objective(parameters, buffers, x):
        return functional_call(base, (parameters, buffers), (x,)).square().mean()

    together = vmap(grad(objective), in_dims=(0, 0, None))(parameters, buffers, x)
    alone = [
        grad(objective)(dict(one.named_parameters()), dict(one.named_buffers()), x)
        for one in networks
    ]
    return together, alone


@pytest.mark.parametrize("side", [8, 28])
class TestTwoSeedsAtOnce:
    def same(self, build, x):
        together, alone = seeds_and_gradients(build, x)
        for name, values in together.items():
            for i, one in enumerate(alone):
                torch.testing.assert_close(values[i], one[name], rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("name", GENERATORS)
    def test_generators_have_the_gradients_of_each_alone(self, name, side):
        self.same(lambda: GENERATORS[name].generator(image_spec(side, 3), 5), torch.randn(4, 5))

    @pytest.mark.parametrize("name", PLAYERS)
    def test_discriminators_have_the_gradients_of_each_alone(self, name, side):
        x = torch.rand(4, 3, side, side)
        self.same(lambda: PLAYERS[name].discriminator(image_spec(side, 3)), x)

    @pytest.mark.parametrize("name", PLAYERS)
    def test_a_penalty_on_the_slope_can_be_learned(self, name, side):
        critic = PLAYERS[name].discriminator(image_spec(side))
        x = torch.rand(3, 1, side, side, requires_grad=True)
        (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        slope.square().sum().backward()
        weights = [p for p in critic.parameters() if p.ndim > 1]
        assert all(p.grad is not None and p.grad.abs().max() > 0 for p in weights)


@pytest.mark.parametrize("name", [name for name in PLAYERS if name != "conv_autoencoder"])
def test_embeddings_and_features_have_their_shapes(name):
    critic = PLAYERS[name].discriminator(image_spec(16, 3), Output("embedding", 6))
    x = torch.randn(4, 3, 16, 16)
    assert critic(x).shape == (4, 6)
    torch.testing.assert_close(critic(x), critic.head(critic.features(x)))


@pytest.mark.parametrize("name", PLAYERS)
def test_discriminators_judge_each_sample_by_itself(name):
    critic = PLAYERS[name].discriminator(image_spec(16))
    x = torch.rand(4, 1, 16, 16)
    torch.testing.assert_close(critic(x)[:2], critic(x[:2]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("players", [ResNet(), R3Net(), ConvAutoencoder()])
@pytest.mark.parametrize("shape", [(1, 24, 24), (1, 8, 16), (3, 128, 128)])
def test_other_sizes_are_refused_by_name(players, shape):
    assert f"{shape[1]} x {shape[2]}" in players.misfit(DataSpec("image", shape))


class TestResampling:
    def test_doubling_repeats_each_pixel(self):
        x = torch.randn(2, 3, 4, 5)
        expected = functional.interpolate(x, scale_factor=2, mode="nearest")
        assert torch.equal(Doubled()(x), expected)

    @pytest.mark.parametrize("shape", [(4, 4), (1, 1), (3, 7)])
    def test_interpolation_is_bilinear(self, shape):
        x = torch.randn(2, 3, *shape, dtype=torch.float64)
        expected = functional.interpolate(x, scale_factor=2, mode="bilinear")
        torch.testing.assert_close(Interpolated()(x), expected)


class TestResNet:
    def count(self, network, kind):
        return sum(isinstance(module, kind) for module in network.modules())

    def test_normalises_what_it_says(self):
        spec = image_spec(16)
        for norm, in_generator, in_discriminator in (
            ("none", 0, 0),
            ("batch", 5, 0),
            ("spectral", 5, 9),
        ):
            players = ResNet(width=2, norm=norm)
            assert self.count(players.generator(spec, 3), BatchNorm) == in_generator
            critic = players.discriminator(spec)
            assert self.count(critic, SpectralNorm) == in_discriminator
            assert self.count(critic, BatchNorm) == 0

    def test_without_its_changes_the_discriminator_is_a_mean_of_what_the_shortcut_sees(self):
        critic = ResNet(width=2).discriminator(image_spec(8))
        with torch.no_grad():
            for block in critic.body[:2]:
                block.change[-2 if block is critic.body[0] else -1].weight.zero_()
            shortcut = critic.body[0].shortcut[1]
            shortcut.weight.copy_(torch.tensor([[[[1.0]]], [[[-1.0]]]]))
        x = torch.rand(5, 1, 8, 8)
        sums = 16 * x.mean(dim=(1, 2, 3)) / 4 / 2  # of 4 x 4 means; two blocks halve
        expected = torch.stack([sums, torch.zeros(5)], dim=1)
        torch.testing.assert_close(critic.features(x), expected)

    @pytest.mark.parametrize("side", [8, 64])
    @pytest.mark.parametrize("norm", ["none", "batch"])
    def test_first_images_are_neither_flat_nor_saturated(self, side, norm):
        generator = ResNet(norm=norm).generator(image_spec(side, 3), 16)
        with torch.no_grad():
            fake = generator(torch.randn(32, 16))
        assert 0.05 < fake.std() < 0.8


class TestR3Net:
    def test_a_block_starts_as_a_small_change(self):
        generator = R3Net(width=16, blocks=2).generator(image_spec(32), 8)
        x = generator[0](torch.randn(16, 8))
        for block in generator[1:-3]:
            y = block(x)
            if y.shape == x.shape:
                assert 0 < (y - x).std() < 0.2 * x.std()
            x = y.detach()

    def test_convolutions_are_grouped_by_eight_and_nothing_is_normalised(self):
        critic = R3Net(width=16).discriminator(image_spec(32))
        grouped = [m for m in critic.modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
        assert [(m.in_channels // m.groups, m.kernel_size[0]) for m in grouped] == [
            (8, 3), (8, 3), (8, 3), (8, 3), (1, 4),
        ]  # fmt: skip
        assert not any(isinstance(m, BatchNorm | nn.GroupNorm) for m in critic.modules())

    def test_widths_that_groups_do_not_divide_are_refused(self):
        with pytest.raises(SpecError, match=r"r3net\(width=6\): width must be a multiple of 4"):
            R3Net(width=6)


class TestConvAutoencoder:
    ENERGY = Output("energy")

    def test_the_energy_is_the_mean_squared_error_of_each_image(self):
        critic = PLAYERS["conv_autoencoder"].discriminator(image_spec(16, 3), self.ENERGY)
        x = torch.randn(4, 3, 16, 16)
        rebuilt = critic.decoder(critic.encoder(x)).view_as(x)
        expected = (x - rebuilt).square().mean(dim=(1, 2, 3))
        torch.testing.assert_close(critic(x), expected)
        assert critic.features(x).shape == (4, 5)

    def test_the_score_falls_with_the_energy_and_embeddings_read_the_code(self):
        critic = PLAYERS["conv_autoencoder"].discriminator(image_spec(16))
        x = torch.randn(9, 1, 16, 16)
        assert torch.equal(critic(x).argsort(), (-critic.energy(x)).argsort())
        embedding = PLAYERS["conv_autoencoder"].discriminator(
            image_spec(16), Output("embedding", 3)
        )
        torch.testing.assert_close(embedding(x), embedding.head(embedding.features(x)))

    def test_generator_and_decoder_have_the_same_layers(self):
        spec, players = image_spec(28), ConvAutoencoder(width=2, code=5)
        decoder = players.discriminator(spec, self.ENERGY).decoder
        shapes = [[p.shape for p in n.parameters()] for n in (players.generator(spec, 5), decoder)]
        assert shapes[0] == shapes[1]

    def test_it_learns_to_rebuild(self):
        critic = ConvAutoencoder(width=4, code=4).discriminator(image_spec(8), self.ENERGY)
        optimizer = torch.optim.Adam(critic.parameters(), lr=1e-2)
        x = torch.where(torch.arange(8) < 4, 1.0, -1.0).expand(2, 1, 8, 8).clone()
        x[1] = x[1].mT.clone()
        first = critic(x).mean().item()
        for _ in range(60):
            optimizer.zero_grad()
            critic(x).mean().backward()
            optimizer.step()
        assert critic(x).mean() < 0.1 * first


class TestPatch:
    def test_the_score_is_the_mean_of_the_scores_of_patches(self):
        critic = Patch(width=3, depth=2).discriminator(image_spec(16))
        x = torch.randn(4, 1, 16, 16)
        maps = critic.body[:-1](x)
        scores = functional.conv2d(maps, critic.head.weight[:, :, None, None], critic.head.bias)
        torch.testing.assert_close(critic(x), scores.mean(dim=(1, 2, 3)))

    @pytest.mark.parametrize("depth", [1, 2, 3, 4])
    def test_a_patch_has_the_side_that_is_written(self, depth):
        critic = Patch(width=2, depth=depth).discriminator(image_spec(64))
        x = torch.randn(1, 1, 64, 64, requires_grad=True)
        maps = critic.body[:-1](x)
        middle = maps.shape[-1] // 2 - (maps.shape[-1] > 2)
        (slope,) = torch.autograd.grad(maps[0, :, middle, middle].sum(), x)
        rows = slope[0, 0].abs().sum(dim=1).nonzero().flatten()
        assert rows.max() - rows.min() + 1 == 3 * 2**depth - 2

    def test_small_images_need_few_halvings(self):
        assert "needs a side of at least 16, not 8 x 9" in Patch(depth=4).misfit(
            DataSpec("image", (1, 8, 9))
        )
        critic = Patch(width=2, depth=3).discriminator(DataSpec("image", (1, 8, 9)))
        assert critic(torch.randn(2, 1, 8, 9)).shape == (2,)
