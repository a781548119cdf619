"""Samples as files that other programs read."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from ganbench.api import DataKind, Dataset
from ganbench.errors import SpecError
from ganbench.report.figures.images import sheet


def frame(x: Tensor, dataset: Dataset) -> pd.DataFrame:
    """Turn samples (n, *shape) into a table: original columns, x0, x1, ... or `text`."""
    if (table := dataset.to_frame(x)) is not None:
        return table
    if (text := dataset.to_text(x)) is not None:
        return pd.DataFrame({"text": text})
    return pd.DataFrame(x.flatten(1).numpy(), columns=[f"x{i}" for i in range(dataset.spec.size)])


def _csv(x: Tensor, dataset: Dataset, path: Path) -> None:
    frame(x, dataset).to_csv(path, index=False)


def _parquet(x: Tensor, dataset: Dataset, path: Path) -> None:
    frame(x, dataset).to_parquet(path, index=False)


def _lines(x: Tensor, dataset: Dataset, path: Path) -> None:
    text = dataset.to_text(x) or []
    path.write_text("".join(f"{line}\n" for line in map(one_line, text)), encoding="utf-8")


def _array(x: Tensor, dataset: Dataset, path: Path) -> None:  # noqa: ARG001
    np.save(path, x.numpy())


def _picture(x: Tensor, dataset: Dataset, path: Path) -> None:
    from matplotlib.image import imsave

    imsave(path, sheet(x, dataset.spec, max(1, round(len(x) ** 0.5))))


def one_line(text: str) -> str:
    """Write line breaks and tabs as they are written in code."""
    return (
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    )


_TABLE: Mapping[str, Callable[[Tensor, Dataset, Path], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
}
WRITERS: Mapping[DataKind, Mapping[str, Callable[[Tensor, Dataset, Path], None]]] = {
    "vector": {**_TABLE, ".npy": _array},
    "table": _TABLE,
    "image": {".png": _picture, ".npy": _array},
    "sequence": {".txt": _lines, **_TABLE, ".npy": _array},
}
"""How samples of each kind are written, by the ending of the file's name."""


def check_ending(path: Path, dataset: Dataset) -> None:
    """Refuse a file name whose ending says nothing for this kind of data.

    Raises:
        SpecError: names the endings that do.
    """
    kind = dataset.spec.kind
    if path.suffix.lower() not in WRITERS[kind]:
        endings = ", ".join(WRITERS[kind])
        raise SpecError(
            f"'{path}' has no ending for {kind} data. Choose one of {endings} for --out."
        )


def write_samples(x: Tensor, dataset: Dataset, path: Path) -> None:
    """Write samples (n, *shape) in the format that the ending of the name says."""
    check_ending(path, dataset)
    WRITERS[dataset.spec.kind][path.suffix.lower()](x, dataset, path)
