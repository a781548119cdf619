"""Where pictures come from: a folder with subfolders, or a zip file of one."""

import contextlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

from ganbench.api import SpecError, read_limited
from ganbench_images.archives import LARGEST, Reader, zip_members

_SUFFIXES = {
    ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm",
}  # fmt: skip

Pictures = Mapping[str, Reader]
"""Names within a folder or zip file, with slashes, in alphabetical order -> what reads each."""


@contextlib.contextmanager
def pictures_in(path: Path) -> Iterator[Pictures]:
    """Open a folder or zip file and find the pictures in it, at any depth.

    Raises:
        SpecError: if it is missing, cannot be read or has no picture.
    """
    if not path.exists():
        raise SpecError(f"{path} does not exist.")
    with _files(path) as files:
        pictures = {name: files[name] for name in sorted(files) if _is_picture(name)}
        if not pictures:
            known = ", ".join(sorted(_SUFFIXES))
            raise SpecError(f"{path} has no pictures, that is files that end in {known}.")
        yield pictures


def _files(path: Path) -> contextlib.AbstractContextManager[dict[str, Reader]]:
    if not path.is_dir():
        if not path.is_file():
            raise SpecError(f"{path} is neither a folder nor a zip file.")
        return zip_members(path)
    files = {
        file.relative_to(path).as_posix(): Reader(partial(_content, file), _stamp(file))
        for file in path.rglob("*")
        if file.is_file()
    }
    return contextlib.nullcontext(files)


def _stamp(path: Path) -> str:
    known = path.stat()
    return f"{known.st_size} {known.st_mtime_ns}"


def _content(path: Path) -> bytes:
    try:
        return read_limited(path, LARGEST)
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}.") from None


def _is_picture(name: str) -> bool:
    parts = PurePosixPath(name)
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts.parts)
    return parts.suffix.lower() in _SUFFIXES and not hidden
