"""What is measured: small games that cover dense, convolutional and recurrent players."""

import math
from dataclasses import dataclass

import numpy as np

NOISE, RATE, EPSILON = 16, 1e-3, 1e-8
SLOPE = 0.2
"""Of the critics' LeakyReLU below zero."""
DECAY = 0.999
"""Of the generator's moving average."""
GP_WEIGHT = R_GAMMA = 10.0


@dataclass(frozen=True)
class Mlp:
    """Dense layers: ReLU in the generator, LeakyReLU in the critic."""

    width: int
    depth: int


@dataclass(frozen=True)
class Dcgan:
    """Strided convolutions between the image and feature maps of `start` x `start`."""

    width: int
    start: int

    def channels(self, side: int) -> list[int]:
        """Return the channels from full size down."""
        return [self.width * 2**i for i in range((side // self.start).bit_length())]


@dataclass(frozen=True)
class Lstm:
    """One LSTM cell each; the generator reads its noise and its last output at every step."""

    hidden: int


@dataclass(frozen=True)
class Case:
    """One game: an update of the critic, then one of the generator, with Adam.

    Attributes:
        name: names data and players.
        data: a key of `bank`.
        players: the architecture of both.
        loss: "ns", "wgan+gp" or "rp+r1+r2".
        batch: samples of each update.
    """

    name: str
    data: str
    players: Mlp | Dcgan | Lstm
    loss: str
    batch: int

    @property
    def betas(self) -> tuple[float, float]:
        """Adam's decay rates."""
        return (0.0, 0.9) if "gp" in self.loss else (0.5, 0.999)


LOSSES = ("ns", "wgan+gp", "rp+r1+r2")
CASES = [
    *(Case("mlp-64x2", "ring8", Mlp(64, 2), loss, 64) for loss in LOSSES),
    *(Case("mlp-128x3", "ring8", Mlp(128, 3), loss, 256) for loss in LOSSES),
    Case("dcgan-8", "digits", Dcgan(16, start=4), "ns", 64),
    Case("dcgan-28", "images", Dcgan(16, start=7), "ns", 64),
    Case("lstm", "sequences", Lstm(32), "ns", 64),
]


def bank(data: str) -> tuple[np.ndarray, float]:
    """Return rows to pick from, and the standard deviation of normal noise to add to a pick.

    Rows are points (2,), images (1, side, side) in [-1, 1] or one-hot sequences (length, levels).
    """
    rng = np.random.default_rng(0)
    spread = 0.0
    if data == "ring8":
        angles = 2 * math.pi * np.arange(8) / 8
        rows, spread = np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.02
    elif data == "digits":
        from sklearn.datasets import load_digits  # slow to import

        rows = load_digits().images[:, None] / 8 - 1
    elif data == "images":
        rows = rng.uniform(-1, 1, (1024, 1, 28, 28))
    else:
        rows = np.eye(32)[rng.integers(0, 32, (1024, 16))]
    return rows.astype(np.float32), spread
