"""The dataset `hf`: what a set holds decides whether it becomes images or text."""

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ganbench.api import Dataset, NonNegativeInt, PositiveInt, SpecError, kept, user_path
from ganbench_hub.records import Records, Wanted, read_records
from ganbench_images.mending import mended_by_fetching
from ganbench_images.pictures import stacked
from ganbench_images.sets import ImageSet, divided, halves
from ganbench_sequences.windows import Length, Symbols, TextWindows

_HUB_ID = re.compile(r"[A-Za-z0-9][\w-]*(\.[\w-]+)*/[A-Za-z0-9][\w-]*(\.[\w-]+)*", re.ASCII)
"""With an owner: `datasets` takes a bare name such as pandas for a reader of local files."""
_LONGEST_ID = 80

Side = Annotated[int, Field(gt=0, le=1024)]


def hf(
    name: str,
    split: str = "train",
    config: str | None = None,
    column: str | None = None,
    label: str | None = None,
    revision: str | None = None,
    size: Side | None = None,
    channels: Literal[1, 3] = 3,
    length: Length = 32,
    max_symbols: Symbols | None = None,
    samples: PositiveInt | None = None,
    split_seed: NonNegativeInt = 0,
) -> Dataset:
    """Any images or texts that Hugging Face `datasets` reads, from its hub or a folder.

    A set of the hub is fetched once, by `ganbench fetch "hf(name=...)"`, into ganbench's cache; a
    folder (parquet files, or pictures in folders of classes) is read as it is and needs no
    network. No code of a set is run. The rows of the one split are divided at random into train
    and test halves; texts are cut into windows of characters as by `text`, each row by itself.

    Args:
        name: of the set on the hub, such as "ylecun/mnist", or the path of a folder.
        split: which of the set's own splits to take.
        config: which of the set's configurations, None for the only one.
        column: of the images or texts; None takes the only one.
        label: column of the classes, whole numbers; None takes the only column of classes, if
            there is one.
        revision: of the set on the hub, a commit, branch or tag; None takes what is newest when
            it is fetched.
        size: side to which the largest square in the middle of each image is scaled (Lanczos), 1
            to 1024; None takes images of one size as they are.
        channels: 1 turns colours to grey, 3 grey to RGB.
        length: characters in a window of text, 2 to 1024.
        max_symbols: size of the vocabulary of texts, 2 to 1024; the most frequent characters are
            kept, None keeps all.
        samples: how many rows to take from the start, 1 or more; None takes all.
        split_seed: which half of the shuffled rows is for training, 0 or more.

    Source: the set's own; the reader is Lhoest et al. 2021, arXiv:2109.02846

    Kind: any
    Size: as the set
    Licence: the set's own
    """
    wanted = Wanted(name, split, config, column, label, revision, samples)
    records = _records(wanted)
    if records.kind == "image":
        return HubImages(records, name, size, channels, split_seed)
    if records.kind != "text":
        raise SpecError(
            f"The column '{records.column}' of {name} holds {records.kind}; hf takes columns of "
            "images or text."
        )
    origin = f"the column '{records.column}' of {name}"
    texts = [content.decode() for content in records.values()]
    return TextWindows(
        texts, length, max_symbols=max_symbols, split_seed=split_seed, origin=origin
    )


class HubImages(ImageSet):
    """The images of some records, in two halves."""

    def __init__(
        self,
        records: Records,
        name: str,
        size: int | None,
        channels: int,
        split_seed: int,
    ) -> None:
        if len(records) < 2:
            raise SpecError(
                f"{name} has a single row; at least two are needed, one for training and one for "
                "tests."
            )
        files = ((f"{name} (row {i})", content) for i, content in enumerate(records.values()))
        images = stacked(files, len(records), size, channels)
        self.positions = halves(len(images), split_seed)
        labels = records.labels()
        super().__init__(
            divided(images, self.positions),
            None if labels is None else divided(np.asarray(labels), self.positions),
        )


def _records(wanted: Wanted) -> Records:
    folder = user_path(wanted.name)
    if folder.is_dir():
        return read_records(wanted, str(folder.resolve()))
    if len(wanted.name) > _LONGEST_ID or not _HUB_ID.fullmatch(wanted.name):
        raise SpecError(
            f"{wanted.name} is no folder, and no name on the hub such as ylecun/mnist."
        )
    digest = hashlib.sha256(repr(wanted).encode()).hexdigest()[:16]
    name = f"hf/{wanted.name.replace('/', '--')}-{digest}.parquet"
    path = kept(name, partial(_fetch, wanted=wanted))
    with mended_by_fetching(str(wanted)):
        return Records.load(path)


def _fetch(path: Path, wanted: Wanted) -> None:
    read_records(wanted, wanted.name).save(path)
