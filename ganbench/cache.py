"""Data from the network, kept in one folder: fetched on request, checked, and never by a run."""

import contextlib
import hashlib
import http.client
import os
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from ganbench.errors import DeviceError, NotCachedError, PluginError, StoreError
from ganbench.naming import is_file_name

_USED: ContextVar[list[Path] | None] = ContextVar("used", default=None)
"""The files that were asked for while fetching, None where nothing may be fetched."""

_AGAIN: ContextVar[bool] = ContextVar("again", default=False)

_HIDDEN: ContextVar[bool] = ContextVar("hidden", default=False)
_FAILURES = (
    urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError,
    ValueError,
)  # fmt: skip
"""What goes wrong between here and a server, and not on the disk."""
_PIECE = 1 << 20
_TIMEOUT = 60


def folder() -> Path:
    """Return where data are kept: GANBENCH_DATA, or the user's cache folder."""
    chosen = os.environ.get("GANBENCH_DATA")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path  # slow to import

    return user_cache_path("ganbench")


@contextlib.contextmanager
def fetching(again: bool = False) -> Iterator[list[Path]]:
    """Allow `kept` to make what is missing; yield the list of the files that are asked for.

    Args:
        again: whether what is there is made anew.
    """
    used: list[Path] = []
    tokens = _USED.set(used), _AGAIN.set(again)
    try:
        yield used
    finally:
        _USED.reset(tokens[0])
        _AGAIN.reset(tokens[1])


@contextlib.contextmanager
def hidden() -> Iterator[None]:
    """Let the cache look empty, for what must read the same on every machine."""
    token = _HIDDEN.set(True)
    try:
        yield
    finally:
        _HIDDEN.reset(token)


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """Return the file `name` in the cache; `ganbench fetch` makes it if it is missing.

    Args:
        name: of the file, with folders between slashes; each part is a plain file name.
        make: writes the file at the path that it is given. It appears in the cache only when it
            is complete.

    Raises:
        NotCachedError: if it is missing and nothing may be fetched now.
        DeviceError: if it cannot be fetched.
        StoreError: if the cache cannot be written.
        PluginError: if the name has another part than plain file names.
    """
    if not all(map(is_file_name, name.split("/"))):
        raise PluginError(
            f"{name[:60]!r} cannot name a file in the cache; between slashes, use up to 100 "
            "letters, digits and the signs . _ + = -."
        )
    path, used = folder() / name, _USED.get()
    stale = _HIDDEN.get() or (_AGAIN.get() and path not in (used or []))
    if used is not None and path not in used:
        used.append(path)
    if path.is_file() and not stale:
        return path
    if used is None:
        raise NotCachedError(name)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder(), prefix=".") as draft:
            made = Path(draft) / path.name
            make(made)
            path.parent.mkdir(parents=True, exist_ok=True)
            made.replace(path)
    except urllib.error.URLError as error:
        raise DeviceError(f"{name} could not be fetched: {error.reason}.") from None
    except OSError as error:
        raise StoreError(f"The cache {folder()} cannot be written: {error.strerror}.") from None
    return path


@dataclass(frozen=True)
class Remote:
    """A file on the network.

    Attributes:
        urls: where it can be had, the first choice first.
        checksum: "md5:..." or "sha256:..." of its bytes, in hexadecimal.
        size: in bytes.
    """

    urls: tuple[str, ...]
    checksum: str
    size: int

    def download(self, path: Path) -> None:
        """Write the file to `path`, from the first place that gives it whole.

        Raises:
            DeviceError: if no place does; says why.
        """
        failures = []
        for url in self.urls:
            try:
                self._copy(url, path)
            except _FAILURES as error:
                failures.append(f"{url} ({error})")
            else:
                return
        raise DeviceError(f"{path.name} could not be fetched from {'; '.join(failures)}.")

    def _copy(self, url: str, path: Path) -> None:
        kind, _, wanted = self.checksum.partition(":")
        digest, size = hashlib.new(kind, usedforsecurity=False), 0
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer, path.open("wb") as file:
            while piece := answer.read(_PIECE):
                size += len(piece)
                if size > self.size:
                    break
                digest.update(piece)
                file.write(piece)
        if size != self.size:
            raise ValueError(f"it has not the {self.size} bytes that it should have")
        if digest.hexdigest() != wanted:
            raise ValueError(f"its {kind} is {digest.hexdigest()}, not {wanted}")
