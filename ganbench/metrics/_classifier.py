"""A small network that tells labels apart; what its penultimate layer sees are features."""

import contextlib
import functools
import hashlib
import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from ganbench import seeding
from ganbench.cache import folder
from ganbench.errors import MetricError
from ganbench.metrics._checks import Floats

_VERSION = 1
_FEATURES = 64
_CHANNELS = (32, 64, 128)
_SMALLEST_SIDE = 8
_BATCH = 32
_BLOCK = 256
_RATE = 2e-3
_LEAST_ROWS = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """What decides the weights, besides the version of torch.

    Attributes:
        rows: float32 samples (n, *shape).
        classes: of each row (n,), from zero.
        epochs: passes over the rows.
        seed: of weights, held-out rows and their order.
    """

    rows: NDArray[np.float32]
    classes: NDArray[np.int64]
    epochs: int
    seed: int

    @functools.cached_property
    def key(self) -> str:
        """Hash of all of it."""
        settings = [_VERSION, torch.__version__, self.rows.shape, self.epochs, self.seed]
        parts = (json.dumps(settings).encode(), self.rows.tobytes(), self.classes.tobytes())
        return hashlib.sha256(b"".join(parts)).hexdigest()

    def network(self) -> "Network":
        """Draw a network that has learned nothing."""
        with seeding.global_torch_seed(self.seed, "classifier", "weights"):
            return Network(self.rows.shape[1:], int(self.classes.max()) + 1)


def as_classes(labels: ArrayLike | Tensor, n: int) -> NDArray[np.int64]:
    """Number the labels (n,) of n rows from zero.

    Raises:
        MetricError: if they are not one for each row, of two or more classes.
    """
    values = np.asarray(labels.cpu() if isinstance(labels, Tensor) else labels)
    if values.shape != (n,):
        raise MetricError(f"`labels` must have the shape ({n},), not {values.shape}.")
    if n < _LEAST_ROWS:
        raise MetricError(
            f"`reference` has {n} rows, but a classifier needs at least {_LEAST_ROWS}."
        )
    names, classes = np.unique(values, return_inverse=True)
    if len(names) < 2:
        raise MetricError("`labels` has one class only, but a classifier needs two or more.")
    return classes.astype(np.int64)


class Network(nn.Module):
    """Convolutions that halve images down to 4 x 4, if there are any, and two dense layers."""

    mean: Tensor
    scale: Tensor
    accuracy: Tensor

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.shape = shape
        layers, shape = _convolutions(shape) if len(shape) == 3 else ([], shape)
        flat = int(np.prod(shape))
        hidden = [nn.Linear(flat, _FEATURES), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), *hidden)
        self.head = nn.Linear(_FEATURES, classes)
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("accuracy", torch.zeros((), dtype=torch.float64))

    def embed(self, x: Tensor) -> Tensor:
        """Map samples (B, *shape) to features (B, 64)."""
        features: Tensor = self.body((x - self.mean) / self.scale)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Map samples (B, *shape) to logits (B, classes)."""
        logits: Tensor = self.head(self.embed(x))
        return logits

    def features(self, rows: Floats) -> Floats:
        """Map rows (n, d) to features (n, 64), block by block."""
        samples = torch.from_numpy(rows.astype(np.float32)).reshape(-1, *self.shape)
        with _one_thread(), torch.no_grad():
            blocks = [self.embed(block) for block in torch.split(samples, _BLOCK)]
        return torch.cat(blocks).double().numpy()


def _convolutions(shape: tuple[int, ...]) -> tuple[list[nn.Module], tuple[int, ...]]:
    """Return layers for images of a shape, and the shape that comes out of them."""
    layers: list[nn.Module] = []
    while min(shape[1:]) >= _SMALLEST_SIDE:
        channels = _CHANNELS[min(len(layers) // 3, len(_CHANNELS) - 1)]
        layers += [nn.Conv2d(shape[0], channels, 3, padding=1), nn.SiLU(), nn.MaxPool2d(2)]
        shape = (channels, shape[1] // 2, shape[2] // 2)
    return layers, shape


def digest(network: Network) -> str:
    """Hash a network's weights."""
    state = network.state_dict()
    total = hashlib.sha256(f"classifier {_VERSION} {network.shape}".encode())
    for name in sorted(state):
        total.update(name.encode() + state[name].numpy().tobytes())
    return total.hexdigest()


def trained(lesson: Lesson, cache: Path | None) -> Network:
    """Find the trained network in the cache, or train it and put it there."""
    file = (cache or folder() / "features") / f"classifier-{lesson.key[:32]}.safetensors"
    found = _load(file, lesson.network())
    if found is None:
        found = _train(lesson)
        _save(file, found)
    return found


def _load(file: Path, network: Network) -> Network | None:
    """Fill a network from a file, None where that is not there or damaged."""
    try:
        with safe_open(file, "pt") as saved:
            state = {name: saved.get_tensor(name) for name in network.state_dict()}
            network.load_state_dict(state)
            if saved.metadata() != {"digest": digest(network)}:
                raise ValueError("its weights are not those that were saved")
    except FileNotFoundError:
        return None
    except Exception as error:
        log.warning("'%s' is damaged and is made anew: %s", file, error)
        return None
    return network.requires_grad_(False)


def _save(file: Path, network: Network) -> None:
    """Publish a network by one rename; where that cannot be, it is trained again next time."""
    draft = file.with_name(f".{uuid.uuid4().hex}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(network.state_dict(), draft, {"digest": digest(network)})
        draft.replace(file)
    except OSError as error:
        log.warning("A trained classifier cannot be kept in '%s': %s", file.parent, error)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _train(lesson: Lesson) -> Network:
    """Train on four fifths of the rows, and measure the accuracy on the others."""
    network, rng = lesson.network(), seeding.torch_stream(lesson.seed, "classifier", "rows")
    rows, classes = torch.from_numpy(lesson.rows), torch.from_numpy(lesson.classes)
    order = torch.randperm(len(rows), generator=rng)
    kept, held_out = order[len(rows) // 5 :], order[: len(rows) // 5]
    network.mean.copy_(rows[kept].mean())
    network.scale.copy_(rows[kept].std().clamp_min(torch.finfo(torch.float32).tiny))
    with _one_thread():
        with torch.enable_grad():
            _descend(network, rows[kept], classes[kept], lesson.epochs, rng)
        with torch.no_grad():
            blocks = torch.split(rows[held_out], _BLOCK)
            guesses = torch.cat([network(block).argmax(dim=1) for block in blocks])
    network.accuracy.copy_((guesses == classes[held_out]).double().mean())
    return network


def _descend(
    network: Network, rows: Tensor, classes: Tensor, epochs: int, rng: torch.Generator
) -> None:
    """Minimise the cross-entropy by Adam, with a rate that rises and falls once."""
    optimizer = torch.optim.Adam(network.parameters(), _RATE)
    steps = epochs * -(-len(rows) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps)
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(rows), generator=rng), _BATCH):
            optimizer.zero_grad()
            torch.autograd.backward(functional.cross_entropy(network(rows[batch]), classes[batch]))
            optimizer.step()
            schedule.step()
    network.requires_grad_(False)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Compute in one thread: sums of several depend on how many there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
