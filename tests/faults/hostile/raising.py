"""Raises when it is imported."""

raise ZeroDivisionError("raises at import")
