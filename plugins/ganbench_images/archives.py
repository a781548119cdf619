"""Members of archives, read in memory: nothing is unpacked, and nothing may lie outside."""

import contextlib
import gzip
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from ganbench.api import SpecError
from ganbench_images.reasons import reason


@dataclass(frozen=True)
class Reader:
    """Call it to read a file.

    Attributes:
        read: reads it.
        stamp: changes when the file does.
    """

    read: Callable[[], bytes]
    stamp: str

    def __call__(self) -> bytes:
        """Return the content."""
        return self.read()


LARGEST = 2**26
"""Bytes of a member at most."""
MOST_MEMBERS = 2**20
MOST_UNPACKED = {"tar": 2**29, "zip": 2**34}
"""Bytes of all members together at most."""


class _Bounded(gzip.GzipFile):
    """Refuses what unpacks to more than a whole archive may have, wherever that is said."""

    def read(self, size: int | None = -1) -> bytes:
        """Read that many bytes, not more than there may be."""
        most = MOST_UNPACKED["tar"]
        if size is None or size < 0 or self.tell() + size > most:
            raise tarfile.ReadError(f"it unpacks to more than {most} bytes")
        return super().read(size)


def tar_members(path: Path, names: Collection[str]) -> dict[str, bytes]:
    """Read the named members of a gzipped tar file.

    Raises:
        SpecError: if the file cannot be read, lacks one of them, has one that is too large or is
            no plain file, or has any member outside of its folder.
    """
    found: dict[str, bytes] = {}
    try:
        with _Bounded(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
            for count, member in enumerate(archive, 1):
                _check_inside(path, member.name)
                _check_extent(path, count, member.offset_data + member.size, "tar")
                if member.name in names:
                    found[member.name] = _content(path, archive, member)
    except (OSError, EOFError, zlib.error, tarfile.TarError, RecursionError) as error:
        raise SpecError(f"{path} cannot be read as a gzipped tar file: {reason(error)}.") from None
    if missing := sorted(set(names) - found.keys()):
        raise SpecError(f"{path} has no member {missing[0]}.")
    return found


def _content(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    _check_size(path, member.name, member.size)
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        raise SpecError(f"{member.name} in {path} is no plain file.")
    return file.read()


@contextlib.contextmanager
def zip_members(path: Path) -> Iterator[dict[str, Reader]]:
    """Open a zip file: the names of its files, with what reads each.

    Raises:
        SpecError: if the file cannot be read or has any member outside of its folder, and, when a
            member is read, if it is too large or damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise SpecError(f"{path} cannot be read as a zip file: {reason(error)}.") from None
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        _check_extent(path, len(members), sum(member.file_size for member in members), "zip")
        for member in members:
            _check_inside(path, member.filename)
        yield {
            member.filename: Reader(
                partial(_member, path, archive, member), f"{member.file_size} {member.CRC}"
            )
            for member in members
        }


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    _check_size(path, member.filename, member.file_size)
    if stat.S_ISLNK(member.external_attr >> 16):
        raise SpecError(f"{member.filename} in {path} is no plain file.")
    try:
        return archive.read(member)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise SpecError(f"{member.filename} in {path} cannot be read: {reason(error)}.") from None


def _check_inside(path: Path, name: str) -> None:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts or parts[:1] == ("/",) or (parts and ":" in parts[0]):
        raise SpecError(f"{path} is refused: its member {name!r} lies outside of the archive.")


def _check_extent(path: Path, count: int, size: int, kind: str) -> None:
    if count > MOST_MEMBERS or size > MOST_UNPACKED[kind]:
        raise SpecError(
            f"{path} is refused: at most {MOST_MEMBERS} members of {MOST_UNPACKED[kind]} bytes "
            "together are read."
        )


def _check_size(path: Path, name: str, size: int) -> None:
    if size > LARGEST:
        raise SpecError(f"{name} in {path} has {size} bytes; at most {LARGEST} are read.")
