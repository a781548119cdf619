import pytest
import torch

from ganbench.api import Output
from ganbench_images import Digits
from ganbench_players import Autoencoder
from ganbench_vectors import ring8

ENERGY = Output("energy")


def test_the_energy_is_the_mean_squared_error_of_each_sample():
    critic = Autoencoder(width=8, code=3).discriminator(Digits().spec, ENERGY)
    x = torch.randn(5, 1, 8, 8)
    rebuilt = critic.decoder(critic.encoder(x))
    expected = [((x[i].flatten() - rebuilt[i]) ** 2).mean() for i in range(5)]
    torch.testing.assert_close(critic(x), torch.stack(expected))
    assert (critic(x) >= 0).all()


def test_the_score_falls_with_the_energy():
    critic = Autoencoder(width=8, code=3).discriminator(ring8().spec)
    x = torch.randn(50, 2)
    energy, start = critic.energy(x), torch.nn.functional.softplus(critic.rise)
    assert start.item() == pytest.approx(1)
    torch.testing.assert_close(critic(x), critic.offset - energy)
    with torch.no_grad():
        critic.rise.fill_(-5)  # a scale that was driven down stays above 0
        critic.offset.fill_(2)
    assert torch.equal(critic(x).argsort(), (-energy).argsort())
    assert critic(x).max() < 2


@pytest.mark.parametrize("output", [Output(), ENERGY])
def test_the_features_are_the_code(output):
    critic = Autoencoder(width=8, code=3).discriminator(ring8().spec, output)
    x = torch.randn(5, 2)
    (encoder,) = (module for name, module in critic.named_modules() if name.endswith("encoder"))
    assert torch.equal(critic.features(x), encoder(x))
    assert critic.features(x).shape == (5, 3)


def test_an_embedding_is_linear_in_the_code():
    critic = Autoencoder(code=3).discriminator(ring8().spec, Output("embedding", 4))
    x = torch.randn(5, 2)
    torch.testing.assert_close(critic(x), critic.head(critic.features(x)))


def test_generator_and_decoder_have_the_same_layers():
    players = Autoencoder(width=8, depth=2, code=3)
    generator = players.generator(ring8().spec, 3)
    decoder = players.discriminator(ring8().spec, ENERGY).decoder
    shapes = [[p.shape for p in network.parameters()] for network in (generator, decoder)]
    assert shapes[0] == shapes[1]


def test_a_trained_autoencoder_rebuilds_what_lies_on_a_line_and_nothing_else():
    critic = Autoencoder(width=32, code=1).discriminator(ring8().spec, ENERGY)
    optimizer = torch.optim.Adam(critic.parameters(), lr=1e-2)
    for _ in range(300):
        x = torch.randn(64, 1) * torch.tensor([[1.0, 1.0]])
        optimizer.zero_grad()
        critic(x).mean().backward()
        optimizer.step()
    along, across = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, -1.0]])
    assert critic(along) < 0.02 < 0.5 < critic(across)
