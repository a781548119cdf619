"""Results as one file: an archive with checksums, written and read in a stream.

A gzipped tar of plain files: experiment.json with grid, commands and environment, the cells, runs
and floors as they lie in the folder, and at the end SHA256SUMS, as `sha256sum -c` reads it. Equal
results give equal bytes where zlib is the same. Headers are read one by one, so that nothing but a
file of results is ever written, and links, devices and extensions of the format are refused.
"""

import contextlib
import errno
import gzip
import hashlib
import os
import re
import tarfile
import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from ganbench.errors import StoreError
from ganbench.store.contents import without
from ganbench.store.disk import largest, read
from ganbench.store.folder import Store

SUMS = "SHA256SUMS"
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(_BLOCK)
_PIECE = 1 << 20
_MOST_FILES = 1 << 22
_MOST_BYTES = 256 << 30
_PART = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_NAME = re.compile(
    rf"experiment\.json|cells/{_PART}\.parquet|floors/{_PART}\.json|{SUMS}"
    rf"|runs/{_PART}/[a-z]{{1,20}}\.(json|txt|parquet|safetensors)"
)


def pack(store: Store, path: Path, left_out: Collection[str] = ()) -> int:
    """Write all results of a folder to one file.

    Args:
        store: is only read.
        path: of the file; it appears only when it is whole.
        left_out: names of files that runs can do without, "generator" and "critic".

    Returns:
        The number of runs.

    Raises:
        StoreError: if something is damaged, or the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    sums: dict[str, str] = {}
    try:
        with (
            draft.open("wb") as raw,
            gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file,
        ):
            for name, data in _contents(store, left_out):
                sums[name] = hashlib.sha256(data).hexdigest()
                _add(file, name, data)
            text = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
            _add(file, SUMS, text.encode())
            file.write(2 * _END)
        draft.replace(path)
    except OSError as error:
        raise StoreError(f"Cannot write '{path}': {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return sum(name.endswith("/run.json") for name in sums)


def _contents(store: Store, left_out: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every file, experiment.json first, each checked."""
    store.experiment()
    cells = store.cells_file
    yield "experiment.json", read(store.folder / "experiment.json")
    if cells is not None:
        yield f"cells/{cells.name}", read(cells)
    if cells != store.cells_file:
        raise StoreError(f"'{store.folder}' was asked for more meanwhile; export it again.")
    for path in store.floor_files():
        store.floor(path.stem)
        yield f"floors/{path.name}", read(path)
    for run_id in store.ids():
        contents, wrong = store.checked(run_id)
        if wrong:
            raise StoreError(
                f"The run {run_id} of '{store.folder}' is damaged ({wrong}). `ganbench store "
                f"verify {store.folder} --quarantine` moves it out of the way; then export again."
            )
        for name, data in sorted(without(contents, left_out).items()):
            yield f"runs/{run_id}/{name}", data


def _add(file: gzip.GzipFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    file.write(info.tobuf(tarfile.GNU_FORMAT))
    file.write(data)
    file.write(bytes(-len(data) % _BLOCK))


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Store]:
    """Unpack what `pack` wrote to a folder that is there inside this block.

    Every checksum is verified before the block begins.

    Raises:
        StoreError: if it is damaged, no such file, or made by somebody who means harm.
    """
    with tempfile.TemporaryDirectory(prefix="ganbench-") as place:
        folder = Path(place) / "bundle"
        try:
            with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as file:
                _unpack(file, folder)
        except (OSError, EOFError, zlib.error, ValueError, tarfile.HeaderError) as error:
            what = (isinstance(error, OSError) and error.strerror) or error
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise StoreError(
                    f"Cannot unpack '{path}' below '{place}': {what}. TMPDIR may name a folder on "
                    "another disk."
                ) from error
            raise StoreError(
                f"'{path}' is no bundle of results, or a damaged one ({what}). Copy it again, or "
                "write it anew with `ganbench store export RESULTS --bundle FILE`."
            ) from error
        yield Store(folder)


def _unpack(file: gzip.GzipFile, folder: Path) -> None:
    sums: dict[str, str] = {}
    total = 0
    for info in _headers(file):
        total += info.size
        if len(sums) >= _MOST_FILES or total > _MOST_BYTES:
            raise ValueError(
                f"it holds more than {_MOST_FILES:,} files or {_MOST_BYTES >> 30} GiB"
            )
        if info.name in sums:
            raise ValueError(f"it holds {info.name} twice")
        sums[info.name] = _write(file, info, folder / info.name)
    if not {SUMS, "experiment.json"} <= set(sums):
        raise ValueError(f"it lacks experiment.json or {SUMS}")
    del sums[SUMS]
    listed = _listed((folder / SUMS).read_bytes())
    for name in sorted({*listed, *sums}):
        if listed.get(name) != sums.get(name):
            raise ValueError(f"{name} does not have the sha256 that {SUMS} gives")


def _headers(file: gzip.GzipFile) -> Iterator[tarfile.TarInfo]:
    """Read header after header; whoever takes one reads the file behind it."""
    while (block := _exactly(file, _BLOCK)) != _END:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        shown = ascii(info.name)
        if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise ValueError(f"{shown} is no plain file")
        if not _NAME.fullmatch(info.name):
            raise ValueError(f"{shown} is no file of results")
        most = largest(info.name)
        if not 0 <= info.size <= most:
            raise ValueError(f"{shown} has {info.size:,} bytes, and at most {most:,} are read")
        yield info
    rest = file.read(tarfile.RECORDSIZE + 1)  # to the end, where gzip has its own checksum
    if rest.strip(b"\0") or not _BLOCK <= len(rest) <= tarfile.RECORDSIZE:
        raise ValueError("something stands behind its end")


def _exactly(file: gzip.GzipFile, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise EOFError("it ends too early")
    return data


def _write(file: gzip.GzipFile, info: tarfile.TarInfo, path: Path) -> str:
    """Write the file behind a header, and return its sha256."""
    digest, rest = hashlib.sha256(), info.size
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as out:
        while rest:
            piece = _exactly(file, min(rest, _PIECE))
            digest.update(piece)
            out.write(piece)
            rest -= len(piece)
    _exactly(file, -info.size % _BLOCK)
    return digest.hexdigest()


def _listed(sums: bytes) -> Mapping[str, str]:
    """Read SHA256SUMS: name -> sha256."""
    lines = [line.split("  ", 1) for line in sums.decode("ascii").splitlines()]
    if any(len(line) != 2 for line in lines):
        raise ValueError(f"{SUMS} cannot be read")
    return {name: digest for digest, name in lines}
