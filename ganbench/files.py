"""Files that a grid, a component expression or a command names: their paths, and reading them."""

import os
from pathlib import Path

from ganbench.errors import SpecError

_LONGEST_PART = 255
_LONGEST = 4096
_PIECE = 1 << 20


def user_path(text: str) -> Path:
    """Return the path that somebody wrote, with ~ for the home folder.

    Raises:
        SpecError: if no system can have such a path.
    """
    shown = repr(text if len(text) <= 60 else f"{text[:60]}…")
    if not text or "\0" in text:
        raise SpecError(f"{shown} is no path: it is empty or holds a NUL character.")
    try:
        encoded = os.fsencode(text)
    except UnicodeEncodeError:
        raise SpecError(f"{shown} is no path: it cannot be written in UTF-8.") from None
    longest = max(map(len, encoded.split(os.fsencode(os.sep))))
    if len(encoded) > _LONGEST or longest > _LONGEST_PART:
        raise SpecError(
            f"{shown} is no path: it is longer than {_LONGEST} bytes, or one name in it than "
            f"{_LONGEST_PART}."
        )
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise SpecError(f"{shown} is no path here: that user has no home folder.") from None


def read_limited(path: Path, most: int) -> bytes:
    """Read a file of a limited size, which may be a pipe.

    Args:
        path: of the file.
        most: bytes that it may have.

    Raises:
        SpecError: if it has more; no more is read.
        OSError: if it cannot be read.
    """
    content = bytearray()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            content += piece
            if len(content) > most:
                raise SpecError(f"{path} is too large: at most {most} bytes are read.")
    return bytes(content)
