"""Names that become parts of paths, and what keeps a path inside its folder."""

import hashlib
import os
import re
from collections.abc import Collection
from pathlib import Path

from ganbench.errors import SpecError, StoreError

ROOT = Path("results")
"""Below it are the results folders that nobody has named a place for."""

_LONGEST = 100
_COMPONENT = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+=-]*")
_PORTS = {f"{port}{number}" for port in ("COM", "LPT") for number in range(10)}
_RESERVED = {"CON", "PRN", "AUX", "NUL", *_PORTS}
"""What Windows takes for a device, whatever follows after a dot."""


def is_name(text: str) -> bool:
    """Whether the text can name a component."""
    return len(text) <= _LONGEST and _COMPONENT.fullmatch(text) is not None


def is_file_name(text: str) -> bool:
    """Whether the text can name a file or folder on every system, and nothing else."""
    return (
        len(text) <= _LONGEST
        and _FILE.fullmatch(text) is not None
        and ".." not in text
        and not text.endswith(".")
        and text.partition(".")[0].upper() not in _RESERVED
    )


def file_name(*labels: str, taken: Collection[str] = ()) -> str:
    """Make a file name without an ending out of labels of any kind.

    Args:
        labels: what the file is about; whatever no file name can hold becomes a hyphen.
        taken: names of other files; where the labels lead to one of them, a digest tells the new
            name apart.
    """
    whole = "-".join(labels)
    name = re.sub(r"[^A-Za-z0-9_.+=-]+|\.\.+", "-", whole).strip("-.").lower()
    if is_file_name(name) and name not in taken:
        return name
    digest = hashlib.sha256(whole.encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return f"f-{name[: _LONGEST - 20]}-{digest}"


def results_folder(results: str | Path) -> Path:
    """Return the results folder of this path, or of this name below `ROOT`.

    A path comes first; it is also returned where neither is there yet.
    """
    named = (Path(results), ROOT / results)
    return next((folder for folder in named if _holds_results(folder)), named[0])


def existing_folder(results: str | Path) -> Path:
    """Return the results folder of this path or name.

    Raises:
        SpecError: if there is none; lists those that are there.
    """
    folder = results_folder(results)
    if _holds_results(folder):
        return folder
    there = ", ".join(path.name for path in existing_folders())
    raise SpecError(
        f"'{results}' is no results folder. "
        + (f"Below ./{ROOT} there are: {there}." if there else "`ganbench run` makes one.")
    )


def existing_folders() -> list[Path]:
    """List the results folders below `ROOT`."""
    return sorted(path.parent for path in ROOT.glob("*/experiment.json"))


def _holds_results(folder: Path) -> bool:
    return os.path.isfile(folder / "experiment.json")


def inside(folder: Path, path: Path) -> Path:
    """Return a path below a folder, having seen that no link on the way leads out of it.

    Raises:
        StoreError: if one does.
    """
    if not path.resolve().is_relative_to(folder.resolve()):
        raise StoreError(
            f"'{path}' leads to '{path.resolve()}', outside of '{folder}'; remove that link, "
            "ganbench does not follow it."
        )
    return path
