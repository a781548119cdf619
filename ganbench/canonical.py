"""One way to write data as text, so that equal data have equal hashes."""

import json
from collections.abc import Mapping
from typing import Any


def written(value: Any) -> str:
    """Write JSON-compatible data, keys in order.

    Raises:
        ValueError: for a number that is not finite.
    """
    return json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)


def joined(members: Mapping[str, str]) -> str:
    """Write an object whose values are written already, as `written` writes the whole."""
    return "{" + ", ".join([f'"{key}": {members[key]}' for key in sorted(members)]) + "}"
