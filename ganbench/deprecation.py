"""How a part of the public interface goes: with a warning that says when, and what to use."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass


class GanbenchDeprecationWarning(FutureWarning):
    """A name of the public interface is going to end; Python shows it to users, too."""


@dataclass(frozen=True)
class Leaving:
    """A name on its way out.

    Attributes:
        value: what it still stands for.
        ends: the release that no longer has it.
        instead: what takes its place.
    """

    value: object
    ends: str
    instead: str


def find_leaving(module: str, name: str, leaving: Mapping[str, Leaving]) -> object:
    """Return what a name of a module still stands for, and warn whoever asked for it.

    It is the body of a module's `__getattr__`.

    Raises:
        AttributeError: if the module has no such name.
    """
    if name not in leaving:
        raise AttributeError(f"module '{module}' has no attribute '{name}'")
    going = leaving[name]
    warnings.warn(
        f"{module}.{name} ends in ganbench {going.ends}: use {going.instead}.",
        GanbenchDeprecationWarning,
        stacklevel=3,
    )
    return going.value
