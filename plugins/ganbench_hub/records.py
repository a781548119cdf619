"""One column of a set, with labels: read by `datasets`, kept as parquet."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ganbench.api import DeviceError, SpecError
from ganbench_hub.network import check_reachable, impatient, lost_connection, unreachable
from ganbench_images.reasons import reason

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_BYTES = 2**32


@dataclass(frozen=True)
class Wanted:
    """What to read of which set; see `ganbench_hub.hub.hf`."""

    name: str
    split: str
    config: str | None
    column: str | None
    label: str | None
    revision: str | None
    samples: int | None

    def __str__(self) -> str:
        """Write the expression of the dataset, for commands."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        return f"hf({', '.join(f'{name}={value!r}' for name, value in given.items())})"


@dataclass(frozen=True)
class Records:
    """Rows of one column.

    Attributes:
        column: its name.
        kind: "image", whose values are the bytes of files, or "text", whose values are in UTF-8.
        table: the columns "value" (bytes) and, where there are classes, "label".
    """

    column: str
    kind: str
    table: "pa.Table"

    def __len__(self) -> int:
        return len(self.table)

    def values(self) -> Iterator[bytes]:
        """Yield the values one by one."""
        for value in self.table.column("value"):
            yield value.as_py()

    def labels(self) -> np.ndarray | None:
        """Return the class of each row (n,), None where there are none."""
        if "label" not in self.table.column_names:
            return None
        labels: np.ndarray = self.table.column("label").to_numpy()
        return labels

    def save(self, path: Path) -> None:
        """Write the records to a parquet file."""
        import pyarrow.parquet as pq  # slow to import

        about = {"column": self.column, "kind": self.kind}
        pq.write_table(self.table.replace_schema_metadata(about), path)

    @classmethod
    def load(cls, path: Path) -> "Records":
        """Read what `save` wrote.

        Raises:
            SpecError: if the file is damaged.
        """
        import pyarrow.parquet as pq  # slow to import

        try:
            table = pq.read_table(path)
            about = table.schema.metadata
            return cls(about[b"column"].decode(), about[b"kind"].decode(), table)
        except Exception as error:  # a damaged file may raise any
            raise SpecError(f"{path} cannot be read: {reason(error)}.") from None


def read_records(wanted: Wanted, place: str) -> Records:
    """Read what is wanted from a folder or from the hub.

    Args:
        wanted: column, labels and rows.
        place: the name on the hub or the path of the folder.

    Raises:
        SpecError: if `datasets` is not installed, or cannot read it, or it has no such column.
        DeviceError: if the hub cannot be reached.
    """
    try:
        import datasets  # slow to import, optional
    except ImportError:
        raise SpecError(
            'hf needs the library datasets, which is not installed: pip install "ganbench[hf]".'
        ) from None
    try:
        with impatient(), tempfile.TemporaryDirectory() as scratch:
            if not Path(place).is_dir():
                check_reachable(place, wanted.revision)
            stream = datasets.load_dataset(
                place,
                wanted.config,
                split=wanted.split,
                revision=wanted.revision,
                streaming=True,
                cache_dir=scratch,
            )
            return _read(wanted, stream, place)
    except (SpecError, DeviceError):
        raise
    except Exception as error:  # of the many libraries that read sets
        if lost_connection(error):
            raise unreachable(wanted.name, error) from None
        raise SpecError(f"{wanted.name} cannot be read: {reason(error)}.") from None


def _read(wanted: Wanted, stream: Any, place: str) -> Records:
    import datasets
    import pyarrow as pa

    kinds = {name: _kind(feature) for name, feature in (stream.features or {}).items()}
    column, label = _column(wanted, kinds), _label(wanted, kinds)
    if kinds[column] == "image":
        stream = stream.cast_column(column, datasets.Image(decode=False))
    values: list[bytes] = []
    labels: list[int | None] = []
    size = 0
    for row in islice(stream, wanted.samples):
        values.append(_bytes(row[column], f"Row {len(values)} of {wanted.name}", place))
        size += len(values[-1])
        if size > _MOST_BYTES:
            raise SpecError(
                f"The first {len(values)} rows of {wanted.name} have more than {_MOST_BYTES} "
                "bytes; give `samples` to take fewer."
            )
        labels.append(row[label] if label else 0)
    if not values:
        raise SpecError(f"The split '{wanted.split}' of {wanted.name} has no rows.")
    if None in labels:
        raise SpecError(f"Row {labels.index(None)} of {wanted.name} has no '{label}'.")
    table = pa.table({"value": pa.array(values, pa.large_binary())})
    if label:
        table = table.append_column("label", pa.array(labels, pa.int64()))
    return Records(column, kinds[column], table)


def _kind(feature: Any) -> str:
    """Name what a column holds: "image", "text", "class", "integer", or its type."""
    import datasets

    if isinstance(feature, datasets.Image):
        return "image"
    if isinstance(feature, datasets.ClassLabel):
        return "class"
    dtype = str(getattr(feature, "dtype", type(feature).__name__))
    if dtype in ("string", "large_string"):
        return "text"
    return "integer" if dtype.startswith(("int", "uint")) else dtype


def _column(wanted: Wanted, kinds: Mapping[str, str]) -> str:
    if wanted.column is not None:
        return _known(wanted.column, wanted, kinds)
    for kind in ("image", "text"):
        found = [name for name, each in kinds.items() if each == kind]
        if len(found) > 1:
            names = ", ".join(found)
            raise SpecError(
                f"{wanted.name} has several columns of {kind}: {names}; give `column`."
            )
        if found:
            return found[0]
    raise SpecError(f"{wanted.name} has no column of images or text; {_listed(kinds)}.")


def _label(wanted: Wanted, kinds: Mapping[str, str]) -> str | None:
    if wanted.label is None:
        classes = [name for name, kind in kinds.items() if kind == "class"]
        return classes[0] if len(classes) == 1 else None
    label = _known(wanted.label, wanted, kinds)
    if kinds[label] not in ("class", "integer"):
        raise SpecError(
            f"The column '{label}' of {wanted.name} holds {kinds[label]}; labels are classes or "
            "whole numbers."
        )
    return label


def _known(column: str, wanted: Wanted, kinds: Mapping[str, str]) -> str:
    if column not in kinds:
        raise SpecError(f"{wanted.name} has no column '{column}'; {_listed(kinds)}.")
    return column


def _listed(kinds: Mapping[str, str]) -> str:
    return "it has " + (", ".join(f"{name} ({kind})" for name, kind in kinds.items()) or "none")


def _bytes(value: Any, row: str, place: str) -> bytes:
    """Return the content of an image, which may be in the row or in a file, or of a text."""
    if isinstance(value, dict):
        if value["bytes"] is not None:
            return bytes(value["bytes"])
        if not _belongs(str(value["path"]), place):
            raise SpecError(f"{row} is refused: its image is {value['path']}, outside of the set.")
        return _file(value)
    if value is None:
        raise SpecError(f"{row} is empty.")
    return str(value).encode()


def _belongs(path: str, place: str) -> bool:
    """Whether a file that a row names is of the set: on the hub, or below the set's own folder."""
    outermost = path.rpartition("::")[2]
    if not os.path.isdir(place):
        return outermost.startswith(("hf://", "https://"))
    folder = os.path.abspath(place)
    return os.path.commonpath([folder, os.path.abspath(outermost)]) == folder


def _file(value: Mapping[str, Any]) -> bytes:
    import datasets
    import pyarrow as pa

    kind = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    stored = datasets.Image().embed_storage(pa.array([value], kind))
    content: bytes = stored[0].as_py()["bytes"]
    return content
