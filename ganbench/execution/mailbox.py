"""How a driver and the attendants of its tasks talk; imports nothing heavy, to start at once."""

from typing import Any

GO, SAVE, END = 0, 1, 2
"""What a driver may wish: go on, save and stop, end at once."""

Key = tuple[str, ...]
"""The leases of a task."""


class Mailbox:
    """What attendants have to tell the driver, and what it wishes of them all."""

    def __init__(self) -> None:
        self.wish = GO
        self.told: list[tuple[Key, list[dict[str, Any]]]] = []

    def exchange(self, key: Key, events: list[dict[str, Any]]) -> int:
        """Leave what has happened in a task, if only that it has begun; return the wish."""
        self.told.append((key, events))
        return self.wish

    def collect(self) -> list[tuple[Key, list[dict[str, Any]]]]:
        """Take everything that was left here, in order."""
        told, self.told = self.told, []
        return told

    def ask(self, wish: int) -> None:
        """Change the wish."""
        self.wish = wish
