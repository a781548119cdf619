"""Files that are either there whole or not at all, and that tell when they were damaged."""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from ganbench.errors import StoreError

FORMAT = 3
"""Of everything that this ganbench writes; 2 stored no critics."""
_SEALED = 2
"""The first format that has checksums outside of the runs."""

_MOST = {"": 1 << 30, ".json": 64 << 20, ".txt": 64 << 20, ".parquet": 4 << 30}
_MOST_DATA = 64 << 30
"""Bytes that files of results have at most, by the ends of their names."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def is_part(name: str) -> bool:
    """Whether a name may be part of a path in a results folder."""
    return _PART.fullmatch(name) is not None


def part(name: str) -> str:
    """Return a name that may be part of a path in a results folder.

    Raises:
        StoreError: if it could lead elsewhere.
    """
    if not is_part(name):
        raise StoreError(
            f"{name[:80]!r} is no id of a run, floor or cell: these have up to 64 letters, "
            "digits, '-' and '_'. Whoever wrote it into the results folder was not ganbench."
        )
    return name


def read(path: Path) -> bytes:
    """Read a file of a results folder, which is neither a link nor larger than such files are.

    Raises:
        ValueError: if it is.
        OSError: if it cannot be read.
    """
    if path.is_symlink() or not path.is_file():
        raise ValueError("it is no file" if os.path.lexists(path) else "it is not there")
    size, most = path.stat().st_size, largest(path.name)
    if size > most:
        raise ValueError(f"it has {size:,} bytes, and such a file has at most {most:,}")
    return path.read_bytes()


def largest(name: str) -> int:
    """Return the bytes that a file of results has at most."""
    return _MOST.get(os.path.splitext(name)[1], _MOST_DATA)


def write(path: Path, data: bytes) -> None:
    """Write a file and flush it to disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Flush the names in a folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(data: bytes) -> str:
    """Hash bytes to 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sealed(data: dict[str, Any]) -> bytes:
    """Write JSON that carries its format and a checksum."""
    text = _text({"format": FORMAT, **data})
    return text.removesuffix(_END) + _seal(text)


def unsealed(data: bytes) -> dict[str, Any]:
    """Read JSON that `sealed` or an older ganbench wrote, without format and checksum.

    Raises:
        ValueError: if it is damaged.
        StoreError: if its format is newer.
    """
    body = json.loads(data)
    found = body.get("format") if isinstance(body, dict) else None
    if not isinstance(found, int):
        raise ValueError("it has no format")
    if found > FORMAT:
        raise StoreError(
            f"it has format {found}, and this ganbench reads up to {FORMAT}; "
            "read it with a newer ganbench."
        )
    if found >= _SEALED:
        end = _seal(b"")
        text = data[: -len(end)] + _END
        if data != text.removesuffix(_END) + _seal(text):
            raise ValueError("its checksum does not fit")
        del body["sha256"]
    del body["format"]
    result: dict[str, Any] = body
    return result


_END = b"\n}\n"


def _text(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, indent=1) + "\n").encode()


def _seal(text: bytes) -> bytes:
    """Return what stands in the place of the end of a text: its checksum, and the end."""
    return f',\n "sha256": "{sha256(text)}"'.encode() + _END


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of everything in a folder."""
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size
    return sum(size_of(each) for each in path.iterdir())
