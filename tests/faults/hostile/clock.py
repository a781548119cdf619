"""A plugin that offers nothing, and changes the clock."""

from hostile import wrong_clock  # noqa: F401
