"""Windows of a text as one-hot sequences, divided so that halves share no character."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from ganbench.api import Dataset, DataSpec, NonNegativeInt, PositiveInt, SpecError, Split

Length = Annotated[int, Field(ge=2, le=1024)]
Symbols = Annotated[int, Field(ge=2, le=1024)]
Unit = Literal["character", "word"]
Integers = NDArray[np.int64]

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
"""Stands for all symbols that the vocabulary does not have."""

_MOST_SYMBOLS = 1024
_MOST_VALUES = 2**28
_BLOCK = 8
_FEWEST = 4


class TextWindows(Dataset):
    """One-hot windows of a text, or of several documents.

    Each document is cut into windows one after the other; what is left at its end is dropped, and
    so are documents shorter than a window. Blocks of up to 8 neighbouring windows are shuffled,
    the first half of all windows is for training and the rest for tests; one block is cut where
    the halves meet. So no window crosses the border of a document or a half. Rows are finite,
    unless those of a half would fill more than 2^28 numbers (1 GiB): then windows are only drawn.

    Symbols are what occurs in the training half, in the order of their code points. What only the
    test half has becomes the symbol U+FFFD, which is there only if it is needed.

    Args:
        text: one text, or a list of documents.
        length: symbols in a window, 2 to 1024.
        stride: symbols from the start of a training window to the start of the next one in its
            block, above 0; None for `length`, without overlap. Test windows never overlap.
        max_symbols: size of the vocabulary, 2 to 1024: the most frequent symbols are kept and all
            others become U+FFFD; None for all symbols.
        unit: "character", or "word", what blanks and line ends separate.
        split_seed: shuffles the blocks, 0 or more.
        origin: how messages name the text.
    """

    symbols: Sequence[str]

    def __init__(
        self,
        text: str | Sequence[str],
        length: Length = 32,
        stride: PositiveInt | None = None,
        max_symbols: Symbols | None = None,
        unit: Unit = "character",
        split_seed: NonNegativeInt = 0,
        origin: str = "the text",
    ) -> None:
        documents = [text] if isinstance(text, str) else text
        tokens = _characters(documents) if unit == "character" else _words(documents)
        halves = _halves(_blocks(tokens.lengths, length), length, split_seed)
        if sum(stop - start for start, stop in halves["train"]) < _FEWEST // 2 * length:
            raise SpecError(
                f"Of {origin}, too few windows of {length} {unit}s can be cut: at least {_FEWEST} "
                "are needed. Take a longer text or a smaller `length`."
            )
        kept, unknown = _vocabulary(tokens, halves, max_symbols, origin)
        places = np.full(len(tokens.names), len(kept))
        places[kept] = np.arange(len(kept))
        self.symbols = tuple(tokens.names[place] for place in kept) + (UNKNOWN,) * unknown
        self.spec = DataSpec("sequence", (length, len(self.symbols)))
        self._between = "" if unit == "character" else " "
        self._text = torch.from_numpy(places[tokens.codes]).to(torch.int16)
        strides = {"train": stride or length, "test": length}
        self._starts = {
            half: torch.from_numpy(_starts(stretches, length, strides[half]))
            for half, stretches in halves.items()
        }

    def rows(self, split: Split) -> Tensor | None:
        """Return the windows (n, length, vocabulary) of one half, None if they are too many."""
        if len(self._starts[split]) * self.spec.size > _MOST_VALUES:
            return None
        return self._one_hot(self._starts[split])

    def sample(self, n: int, split: Split, rng: torch.Generator) -> Tensor:
        """Draw `n` windows of one half, with replacement, on `rng.device`."""
        starts = self._starts[split].to(rng.device)
        picks = torch.randint(len(starts), (n,), generator=rng, device=rng.device)
        return self._one_hot(starts[picks])

    def project(self, x: Tensor) -> Tensor:
        """Replace each step by the one-hot of its largest value."""
        return torch.zeros_like(x).scatter_(2, x.argmax(dim=2, keepdim=True), 1)

    def to_text(self, x: Tensor) -> list[str]:
        """Return the text of each sequence (n, length, vocabulary) by its likeliest symbols."""
        return [
            self._between.join(self.symbols[place] for place in row)
            for row in x.argmax(dim=2).tolist()
        ]

    def fingerprint(self) -> str:
        """Hash symbols and windows."""
        digest = hashlib.sha256(repr((self.spec.shape, self.symbols)).encode())
        for part in (self._text, *self._starts.values()):
            digest.update(part.numpy().tobytes())
        return digest.hexdigest()[:16]

    def _one_hot(self, starts: Tensor) -> Tensor:
        length, vocabulary = self.spec.shape
        places = starts[:, None] + torch.arange(length, device=starts.device)
        symbols = self._text.to(starts.device)[places].long()
        empty = torch.zeros(*symbols.shape, vocabulary, device=starts.device)
        return empty.scatter_(2, symbols[:, :, None], 1)


Stretch = tuple[int, int]
"""Where neighbouring windows start and end in the text."""


@dataclass(frozen=True)
class _Tokens:
    """A text as numbers.

    Attributes:
        names: the different symbols, in order.
        codes: the place of each symbol of the text among the names.
        lengths: of the documents.
    """

    names: list[str]
    codes: Integers
    lengths: list[int]


def _characters(documents: Sequence[str]) -> _Tokens:
    encoded = "".join(documents).encode("utf-32-le", "surrogatepass")
    points, codes = np.unique(np.frombuffer(encoded, np.uint32), return_inverse=True)
    return _Tokens([chr(point) for point in points], codes, [len(each) for each in documents])


def _words(documents: Sequence[str]) -> _Tokens:
    words = [document.split() for document in documents]
    names = sorted({word for document in words for word in document})
    places = {name: place for place, name in enumerate(names)}
    codes = [places[word] for document in words for word in document]
    return _Tokens(names, np.array(codes, np.int64), [len(document) for document in words])


def _blocks(lengths: Sequence[int], length: int) -> list[Stretch]:
    """Cut each document into stretches of up to 8 whole windows."""
    blocks, begin = [], 0
    for size in lengths:
        end = begin + size - size % length
        step = _BLOCK * length
        blocks += [(start, min(start + step, end)) for start in range(begin, end, step)]
        begin += size
    return blocks


def _halves(blocks: Sequence[Stretch], length: int, split_seed: int) -> dict[Split, list[Stretch]]:
    """Give each half as many windows, within one, in the order of the text."""
    left = sum(stop - start for start, stop in blocks) // length // 2 * length
    train, test = [], []
    for position in np.random.default_rng(split_seed).permutation(len(blocks)):
        start, stop = blocks[position]
        border = min(start + left, stop)
        left -= border - start
        train.append((start, border))
        test.append((border, stop))
    return {
        "train": sorted(each for each in train if each[0] < each[1]),
        "test": sorted(each for each in test if each[0] < each[1]),
    }


def _vocabulary(
    tokens: _Tokens, halves: dict[Split, list[Stretch]], most: int | None, origin: str
) -> tuple[Integers, bool]:
    """Return which names are kept, in order, and whether another symbol stands for the rest.

    Raises:
        SpecError: if there are too many, or too few.
    """
    known = np.array([name != UNKNOWN for name in tokens.names])
    train, test = (_counts(tokens, halves[half]) for half in ("train", "test"))
    unknown = bool(((train + test)[~known | (train == 0)] > 0).any())
    limit = _MOST_SYMBOLS if most is None else most
    order = np.argsort(-train * known, kind="stable")
    found = order[(train * known)[order] > 0]
    if len(found) + unknown > limit:
        if most is None:
            raise SpecError(
                f"The vocabulary of {origin} has {len(found) + unknown} symbols, and at most "
                f"{limit} fit: set `max_symbols` to keep the most frequent and write all others "
                "as one symbol."
            )
        found, unknown = found[: limit - 1], True
    if len(found) + unknown < 2:
        raise SpecError(f"The training half of {origin} has a single symbol: take another text.")
    return np.sort(found), unknown


def _counts(tokens: _Tokens, stretches: Sequence[Stretch]) -> Integers:
    """Count each symbol in some stretches of the text."""
    parts = [tokens.codes[start:stop] for start, stop in stretches]
    return np.bincount(np.concatenate(parts), minlength=len(tokens.names))


def _starts(stretches: Sequence[Stretch], length: int, stride: int) -> Integers:
    """List where windows start."""
    return np.concatenate(
        [np.arange(start, stop - length + 1, stride) for start, stop in stretches]
    )
