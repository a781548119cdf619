"""Any folder of pictures."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ganbench.api import NonNegativeInt, SpecError, Split, user_path
from ganbench_images.pictures import stacked
from ganbench_images.sets import ImageSet, divided, halves
from ganbench_images.sources import pictures_in

Side = Annotated[int, Field(gt=0, le=1024)]


class ImageFolder(ImageSet):
    """The pictures in a folder or zip file: PNG, JPEG, BMP, GIF, TIFF, WebP and PPM.

    With subfolders, each is a class, in alphabetical order. Where the folder holds the subfolders
    "train" and "test" and nothing else, they are the split, and their subfolders the classes;
    otherwise the pictures are divided at random into halves.

    Args:
        path: of the folder or zip file.
        size: side to which the largest square in the middle of each picture is scaled (Lanczos),
            1 to 1024; None takes pictures of one size as they are.
        channels: 1 turns colours to grey, 3 grey to RGB.
        split_seed: which half of the shuffled pictures is for training, 0 or more.

    Source: the folder's own

    Kind: image
    Size: as the folder
    Licence: the folder's own
    """

    def __init__(
        self,
        path: str,
        size: Side | None = None,
        channels: Literal[1, 3] = 3,
        split_seed: NonNegativeInt = 0,
    ) -> None:
        source = user_path(path)
        with pictures_in(source) as pictures:
            names = list(pictures)
            files = ((f"{source}/{name}", read()) for name, read in pictures.items())
            images = stacked(files, len(names), size, channels)
        if len(names) < 2:
            raise SpecError(
                f"{source} has a single picture; at least two are needed, one for training and "
                "one for tests."
            )
        self.positions, paths = _split(names, split_seed)
        self.classes, labels = _classes(source, paths)
        super().__init__(
            divided(images, self.positions),
            divided(labels, self.positions) if self.classes else None,
        )


def _split(
    names: Sequence[str], split_seed: int
) -> tuple[dict[Split, np.ndarray], list[PurePosixPath]]:
    """Return the positions of each split, and the names without the folder of a split."""
    paths = [PurePosixPath(name) for name in names]
    tops = np.array([path.parts[0] for path in paths])
    if set(tops) != {"train", "test"}:
        return halves(len(names), split_seed), paths
    positions: dict[Split, np.ndarray] = {
        "train": np.flatnonzero(tops == "train"),
        "test": np.flatnonzero(tops == "test"),
    }
    return positions, [PurePosixPath(*path.parts[1:]) for path in paths]


def _classes(source: Path, paths: Sequence[PurePosixPath]) -> tuple[list[str], np.ndarray]:
    """Return the names of the classes, none where there are no subfolders, and the labels."""
    inside = [len(path.parts) > 1 for path in paths]
    if any(inside) and not all(inside):
        nested, bare = paths[inside.index(True)], paths[inside.index(False)]
        raise SpecError(
            f"{source} has pictures with a class, such as {nested}, and without one, such as "
            f"{bare}; put each into the folder of its class, or all into one folder."
        )
    if not any(inside):
        return [], np.zeros(len(paths), np.int64)
    classes, labels = np.unique([path.parts[0] for path in paths], return_inverse=True)
    return classes.tolist(), labels
