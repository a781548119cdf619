"""What a component must say of itself: the attributes of the class that it is written against."""

import collections.abc
import functools
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from ganbench.architecture import Architecture
from ganbench.baselines import Baseline
from ganbench.components import describe_type
from ganbench.data import Dataset, Prior
from ganbench.errors import PluginError
from ganbench.objectives import Loss, Regularizer
from ganbench.scoring import Metric
from ganbench.tracking import Tracker

CLASSES: Mapping[str, type] = {
    "architecture": Architecture,
    "loss": Loss,
    "regularizer": Regularizer,
    "dataset": Dataset,
    "prior": Prior,
    "baseline": Baseline,
    "metric": Metric,
    "tracker": Tracker,
}
"""Kind of component -> the class that its plugins see."""


def check_declared(kind: str, value: object) -> None:
    """Read all that a component declares, so that whoever plans with it can rely on it.

    Raises:
        PluginError: if something is missing or of another type; says what it must be.
        Exception: what a property of the component raises.
    """
    missing = object()
    for name, hint in _declared(kind):
        given = getattr(value, name, missing)
        if given is missing:
            raise PluginError(f"It does not set `{name}`, which must be {describe_type(hint)}.")
        if not _fits(given, hint):
            told = repr(given)[:100]
            raise PluginError(f"Its `{name}` is {told}, and must be {describe_type(hint)}.")


@functools.cache
def _declared(kind: str) -> tuple[tuple[str, Any], ...]:
    """List what the class of a kind declares: its attributes and properties, with their types."""
    return tuple({**typing.get_type_hints(CLASSES[kind]), **dict(_properties(kind))}.items())


def _properties(kind: str) -> Iterator[tuple[str, Any]]:
    for name, member in vars(CLASSES[kind]).items():
        if isinstance(member, property):
            yield name, typing.get_type_hints(member.fget)["return"]


def _fits(value: object, hint: Any) -> bool:
    """Whether a value is of a type, as far as that shows without calling or changing it."""
    origin, inside = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, each) for each in inside)
    if origin is typing.Literal:
        return value in inside
    if origin is collections.abc.Callable:
        return callable(value)
    if origin is None:
        return value is None
    if origin in (frozenset, tuple):
        return isinstance(value, origin) and all(_fits(each, inside[0]) for each in value)
    return isinstance(value, origin)
