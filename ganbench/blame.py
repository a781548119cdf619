"""Which line of a plugin an error came from."""

import sysconfig
import traceback
from pathlib import Path

import torch

_OTHERS = (
    Path(__file__).parent,
    Path(torch.__file__).parent,
    Path(sysconfig.get_path("stdlib")),
)
"""Where code lies that no plugin has written."""
_LIBRARIES = Path(sysconfig.get_path("purelib"))


def place(error: BaseException) -> str:
    """Quote the innermost line of a plugin that an error came through.

    Returns:
        "my_gan.py:12: `if scores.sum() > 0`", empty if no plugin's line was on the way.
    """
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.line and _is_of_plugin(Path(frame.filename)):
            return quoted(frame)
    return ""


def quoted(frame: traceback.FrameSummary) -> str:
    """Quote a line: "my_gan.py:12: `if scores.sum() > 0`"."""
    line = (frame.line or "").rstrip(":")
    return f"{Path(frame.filename).name}:{frame.lineno}: `{line}`"


def _is_of_plugin(file: Path) -> bool:
    if file.is_relative_to(_LIBRARIES):
        return not file.is_relative_to(_OTHERS[1])
    return not any(file.is_relative_to(folder) for folder in _OTHERS)
