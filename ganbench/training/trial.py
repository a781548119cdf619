"""A look at what the components of a cell give, before anything is trained on it."""

import contextlib

import torch
from torch import Tensor, nn

from ganbench import seeding
from ganbench.api import Dataset, Prior
from ganbench.cells import Cell
from ganbench.errors import InvalidOutputError
from ganbench.plugins import Built

_ROWS = 3


def check_data(cell: Cell) -> None:
    """See that dataset and prior draw what they say.

    Raises:
        InvalidOutputError: if they do not; names the component, what it gave and what fits.
    """
    dataset: Dataset = cell.dataset.value
    for split in ("train", "test"):
        real = dataset.sample(_ROWS, split, seeding.torch_stream(0, "trial"))
        _check(cell.dataset, f"sample({_ROWS}, '{split}')", real, (_ROWS, *dataset.spec.shape))
    if not cell.is_baseline:
        _check_noise(cell.prior)


def _check_noise(part: Built) -> None:
    prior: Prior = part.value
    noise = prior.sample((_ROWS,), seeding.torch_stream(0, "trial"))
    with torch.random.fork_rng():
        learned = prior.network()
    drawn = prior.dim if learned is None else noise.shape[-1]  # the network makes `dim` of it
    _check(part, f"sample(({_ROWS},))", noise, (_ROWS, drawn))
    if learned is not None:
        check_player(part, learned, noise, (_ROWS, prior.dim))


def check_player(part: Built, network: nn.Module, sample: Tensor, shape: tuple[int, ...]) -> None:
    """See that a network, in evaluation mode, gives this shape for a sample (n, ...).

    Raises:
        InvalidOutputError: if it does not. One that raises will do so in training, and is passed.
    """
    output = None
    with contextlib.suppress(Exception), torch.no_grad():
        output = network.eval()(sample)
    if output is not None:
        _check(part, f"a network for input of shape {tuple(sample.shape)}", output, shape, False)


def check_samples(cell: Cell, samples: object, count: int, law: Dataset) -> None:
    """See that what a generator drew are `count` samples with the shape and type of a law's.

    Raises:
        InvalidOutputError: if they are not. Numbers that are not finite are another matter.
    """
    _check(cell.generator, "the generator", samples, (count, *law.spec.shape), finite=False)


def _check(
    part: Built, what: str, value: object, shape: tuple[int, ...], finite: bool = True
) -> None:
    fits = f"a tensor of float32 numbers of shape {shape}"
    name = f"{what} of {part.entry.kind} '{part.label}'"
    if not isinstance(value, Tensor):
        raise InvalidOutputError(f"{name} gave a {type(value).__name__}, not {fits}.")
    if tuple(value.shape) != shape or value.dtype != torch.float32:
        kind = str(value.dtype).removeprefix("torch.")
        raise InvalidOutputError(f"{name} gave {kind} of shape {tuple(value.shape)}, not {fits}.")
    if finite and not torch.isfinite(value).all():
        raise InvalidOutputError(f"{name} gave numbers that are not finite.")
