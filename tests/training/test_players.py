"""Networks as flat rows."""

import torch
from torch import nn

from ganbench.layers import Noise
from ganbench.training import players

CPU = torch.device("cpu")


def build(seeds):
    return players.build(lambda: nn.Linear(3, 2), seeds, "generator", torch.zeros(1, 3), 4, CPU)


def test_flatten_inverts_unflatten_and_the_player_computes_what_the_network_computes():
    player, rows, _ = build([0, 1])
    parameters = player.unflatten(rows[1])
    torch.testing.assert_close(player.flatten(parameters), rows[1])
    x = torch.arange(6.0).view(2, 3)
    expected = x @ parameters["weight"].T + parameters["bias"]
    torch.testing.assert_close(player(parameters, x), expected)
    assert player.size == 8


def test_a_seeds_initial_values_depend_on_that_seed_alone():
    _, rows, _ = build([4, 5])
    _, other, _ = build([9, 4])
    assert torch.equal(rows[0], other[1])
    assert not torch.equal(rows[0], rows[1])


def test_building_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    build([0])
    assert torch.equal(before, torch.get_rng_state())


def test_buffers_are_stacked():
    _, _, buffers = players.build(
        lambda: nn.BatchNorm1d(3), [0, 1], "critic", torch.zeros(1, 3), 4, CPU
    )
    assert buffers["running_mean"].shape == (2, 3)


class Walk(nn.Module):
    def __init__(self):
        super().__init__()
        self.noise = Noise("normal")
        self.register_buffer("place", torch.zeros(4, 3))

    def forward(self, x):
        return x + self.place[: len(x)]

    def next_buffers(self):
        return {"place": self.place + self.noise(self.place)}


def test_random_numbers_of_buffers_that_evolve_are_found():
    player, _, _ = players.build(Walk, [0], "generator", torch.zeros(2, 3), 4, CPU)
    ((name, (draw, shape)),) = player.noise.items()
    assert (name, draw.law, shape) == ("noise.values", "normal", (3,))
    assert not player.drawing_noise
