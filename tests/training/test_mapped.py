"""What vmap cannot do is done one by one: rows of a function, and seeds when samples are drawn."""

from dataclasses import replace

import pytest
import torch
from stand_ins import built
from torch import nn

from ganbench.api import Architecture, FeatureCritic
from ganbench.errors import PluginError
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train
from ganbench.training.mapped import mapped
from ganbench.training.sampling import Stored

CPU = torch.device("cpu")


def doubled_if_negative(x, scale):
    return x * scale["by"] if x.sum() < 0 else x


def test_rows_are_taken_at_once_where_vmap_can_and_else_one_by_one():
    x, scale = torch.tensor([[1.0, 2.0], [-3.0, 1.0]]), {"by": torch.tensor([5.0, 7.0])}
    shapes = []

    def noted(x, scale):
        shapes.append(x.shape)
        return x * scale["by"]

    assert torch.equal(mapped(noted, x, scale), x * torch.tensor([[5.0], [7.0]]))
    assert len(shapes) == 1
    expected = torch.tensor([[1.0, 2.0], [-21.0, 7.0]])
    assert torch.equal(mapped(doubled_if_negative, x, scale), expected)


def test_what_raises_one_by_one_as_well_is_told_as_it_is_raised():
    def wrong(x):
        raise ValueError("Not so.")

    with pytest.raises(ValueError, match=r"Not so\.") as raised:
        mapped(wrong, torch.zeros(2))
    assert raised.value.__context__ is None

    def full(x):
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        mapped(full, torch.zeros(2))


class Turning(nn.Module):
    """A generator whose samples depend on a branch."""

    def __init__(self, noise_dim, spec):
        super().__init__()
        self.layer = nn.Linear(noise_dim, spec.size)

    def forward(self, z):
        x = self.layer(z)
        return x if x.sum() > 0 else 2 * x


class Writer(nn.Module):
    """A plain LSTM that writes sequences."""

    def __init__(self, noise_dim, spec):
        super().__init__()
        self.length = spec.shape[0]
        self.lstm, self.head = nn.LSTM(noise_dim, 4, batch_first=True), nn.Linear(4, spec.shape[1])

    def forward(self, z):
        h, _ = self.lstm(z[:, None].repeat(1, self.length, 1))
        return self.head(h).softmax(dim=-1)


class Choosing(Writer):
    """The same, with symbols that have no gradient."""

    def forward(self, z):
        return nn.functional.one_hot(super().forward(z).argmax(-1), self.head.out_features).float()

    def log_prob(self, x, z):
        return (super().forward(z).log() * x).sum(dim=(1, 2))


class Reader(nn.Module):
    """A plain LSTM that reads them."""

    def __init__(self, vocabulary):
        super().__init__()
        self.lstm = nn.LSTM(vocabulary, 4, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0][:, -1]


def cell_of(make_cell, generator, dataset="ring8", gives="pathwise"):
    class Players(Architecture):
        kinds = frozenset({"vector", "sequence"})
        generator_gives = frozenset({gives})

        def generator(self, spec, noise_dim):
            return generator(noise_dim, spec)

        def discriminator(self, spec, output):
            body = Reader(spec.shape[1]) if spec.kind == "sequence" else nn.Linear(2, 4)
            return FeatureCritic(body, 4, output)

    players = {role: built(role, Players) for role in ("generator", "discriminator")}
    return replace(make_cell(dataset, generator_steps=2, block=2), **players)


def test_samples_of_a_branch_are_drawn_seed_by_seed_to_the_bit(make_cell):
    cell = cell_of(make_cell, Turning)
    *_, progress = train(cell, [0, 1], CPU)
    ensemble = progress.ensemble
    assert progress.engine.rung == "loop"
    samples = ensemble.generate(30, "look")
    noise = ensemble.noise(30, "look")
    for slot in range(2):
        weight, bias = (
            ensemble.generator(slot)["layer.weight"],
            ensemble.generator(slot)["layer.bias"],
        )
        x = nn.functional.linear(noise[slot], weight, bias)
        torch.testing.assert_close(samples[slot], x if x.sum() > 0 else 2 * x)
    *_, other = train(cell, [1, 7], CPU)
    assert torch.equal(samples[1], other.ensemble.generate(30, "look")[0])
    stored = Stored(cell, 1, ensemble.generator(1), ensemble.critic(1))
    assert torch.equal(stored.drawn(30, 0), ensemble.generate(30, "drawn 0")[1])


@pytest.mark.parametrize(("writer", "gives"), [(Writer, "pathwise"), (Choosing, "likelihood")])
def test_plain_recurrent_players_are_trained_and_drawn_from_seed_by_seed(make_cell, writer, gives):
    cell = cell_of(make_cell, writer, "markov(vocabulary=3, length=4)", gives)
    *_, progress = train(cell, [0, 1], CPU)
    assert progress.engine.rung == "loop"
    assert "lstm" in progress.engine.reason
    samples = progress.ensemble.generate(20, "look")
    assert samples.shape == (2, 20, 4, 3)
    assert (samples.sum(dim=3) == 1).all()
    assert not torch.equal(samples[0], samples[1])


def test_hidden_random_numbers_of_samples_are_refused(make_cell):
    class Restless(Turning):
        def forward(self, z):
            x = self.layer(z)
            return x if self.training else x + torch.randn_like(x)

    ensemble = Ensemble(cell_of(make_cell, Restless), [0, 1], CPU)
    with torch.random.fork_rng(), pytest.raises(PluginError, match="while samples are drawn"):
        ensemble.generate(5, "look")
