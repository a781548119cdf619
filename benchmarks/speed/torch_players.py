"""The players as stock PyTorch modules."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from benchmarks.speed.cases import NOISE, SLOPE, Dcgan, Lstm, Mlp


def build(players: Mlp | Dcgan | Lstm, shape: Sequence[int]) -> tuple[nn.Module, nn.Module]:
    """Return generator, noise (B, NOISE) -> (B, *shape), and critic, (B, *shape) -> (B,)."""
    if isinstance(players, Mlp):
        hidden = [players.width] * players.depth
        critic = _mlp([*shape, *hidden, 1], nn.LeakyReLU(SLOPE))
        return _mlp([NOISE, *hidden, *shape], nn.ReLU()), critic.append(nn.Flatten(0))
    if isinstance(players, Dcgan):
        generator, critic = _dcgan_generator(players, shape), _dcgan_critic(players, shape)
        return generator.apply(_initialise), critic.apply(_initialise)
    return Writer(*shape, players.hidden), Reader(shape[1], players.hidden)


def _mlp(sizes: list[int], activation: nn.Module) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), activation]
    return nn.Sequential(*layers[:-1])


def _dcgan_generator(players: Dcgan, shape: Sequence[int]) -> nn.Sequential:
    start, channels = players.start, players.channels(shape[1])[::-1]
    layers: list[nn.Module] = [
        nn.Linear(NOISE, channels[0] * start**2),
        nn.Unflatten(1, (channels[0], start, start)),
        nn.ReLU(),
    ]
    for wide, narrow in pairwise(channels):
        layers += [nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(players.width, shape[0], 3, padding=1), nn.Tanh())


def _dcgan_critic(players: Dcgan, shape: Sequence[int]) -> nn.Sequential:
    start, channels = players.start, players.channels(shape[1])
    layers = [nn.Conv2d(shape[0], players.width, 3, padding=1), nn.LeakyReLU(SLOPE)]
    for narrow, wide in pairwise(channels):
        layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
    last = nn.Linear(channels[-1] * start**2, 1)
    return nn.Sequential(*layers, nn.Flatten(), last, nn.Flatten(0))


def _initialise(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.get_parameter("bias"))


class Writer(nn.Module):
    """Noise (B, NOISE) -> softmax outputs (B, length, levels), each fed back into the next."""

    def __init__(self, length: int, levels: int, hidden: int) -> None:
        super().__init__()
        self.length, self.levels = length, levels
        self.cell = nn.LSTMCell(NOISE + levels, hidden)
        self.head = nn.Linear(hidden, levels)

    def forward(self, noise: Tensor) -> Tensor:
        """Write the sequences."""
        output, state, outputs = noise.new_zeros(len(noise), self.levels), None, []
        for _ in range(self.length):
            state = self.cell(torch.cat([noise, output], dim=1), state)
            output = self.head(state[0]).softmax(dim=1)
            outputs.append(output)
        return torch.stack(outputs, dim=1)


class Reader(nn.Module):
    """Sequences (B, length, levels) -> scores (B,)."""

    def __init__(self, levels: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(levels, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Score the sequences by the last hidden state."""
        return self.head(self.lstm(x)[0][:, -1]).flatten()
