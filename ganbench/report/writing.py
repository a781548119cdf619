"""Files of a report, each put in place at once."""

import uuid
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Put a file in place, in a folder that it makes, so that nobody reads half of it.

    Raises:
        OSError: if it cannot be written; what was there before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid.uuid4().hex}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
