"""Component expressions: `name(param=value)+name(...)`, one parser for command line and grids."""

import ast
import difflib
import inspect
import itertools
import math
import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ganbench.errors import SpecError, UnknownComponentError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_LONGEST = 1000
_SHAPE = "Write name, name(param=value) or several joined by +."


@dataclass(frozen=True)
class Component:
    """A name and the parameters that were given with it."""

    name: str
    params: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        """Write the expression that parses to this component."""
        if not self.params:
            return self.name
        inside = ", ".join(f"{key}={value!r}" for key, value in self.params)
        return f"{self.name}({inside})"

    def axes(self) -> "list[Component]":
        """Expand every list among the parameters: one component for each combination."""
        choices = [value if isinstance(value, list) else [value] for _, value in self.params]
        names = [key for key, _ in self.params]
        return [
            Component(self.name, tuple(zip(names, values, strict=True)))
            for values in itertools.product(*choices)
        ]


def is_name(text: str) -> bool:
    """Whether the text can name a component."""
    return _NAME.fullmatch(text) is not None


def parse(text: str) -> tuple[Component, ...]:
    """Parse `name(param=value)+name(...)`; values are literals and are never evaluated.

    Raises:
        SpecError: if the text is no such expression.
    """
    if len(text) > _LONGEST:
        raise SpecError(f"A component expression has at most {_LONGEST} characters: {text[:40]}…")
    parts = _split(text, "+")
    return tuple(_parse_one(part.strip(), text) for part in parts)


def parse_single(text: str) -> Component:
    """Parse an expression that must be one component.

    Raises:
        SpecError: if it is none or several.
    """
    components = parse(text)
    if len(components) > 1:
        raise SpecError(f"'{text}' joins several components by '+', but only one fits here.")
    return components[0]


def parse_pair(text: str) -> tuple[Component, Component]:
    """Parse `generator=A discriminator=B`, or `A` for both players.

    Raises:
        SpecError: if it is neither.
    """
    roles = re.fullmatch(r"\s*generator=(.+?)[\s,]+discriminator=(.+)", text)
    if roles:
        return parse_single(roles[1]), parse_single(roles[2])
    component = parse_single(text)
    return component, component


def _split(text: str, separator: str) -> list[str]:
    """Split at separators outside brackets and quotes."""
    parts, depth, quote, start = [], 0, "", 0
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def _parse_one(text: str, whole: str) -> Component:
    match = _NAME.match(text)
    if not match:
        raise SpecError(f"Cannot read '{whole}': {text or 'nothing'!r} is no component. {_SHAPE}")
    rest = text[match.end() :].strip()
    if not rest:
        return Component(match[0])
    try:
        call = ast.parse(f"f{rest}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SpecError(f"Cannot read '{text}' in '{whole}'. {_SHAPE}") from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise SpecError(f"Cannot read '{text}' in '{whole}'. {_SHAPE}")
    if call.args:
        raise SpecError(f"Name every parameter in '{text}': name(param=value).")
    params = {}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in params:
            raise SpecError(f"Give each parameter once, by name, in '{text}'.")
        params[keyword.arg] = _literal(keyword.value, keyword.arg, text)
    return Component(match[0], tuple(params.items()))


def _literal(node: ast.expr, key: str, text: str) -> Any:
    if isinstance(node, ast.Name) and node.id in ("true", "false"):
        return node.id == "true"
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise SpecError(
            f"'{key}' in '{text}' is no literal: write a number, true, false, a quoted text, "
            "a (tuple), or a [list] of alternatives."
        ) from None
    _check_plain(value, key, text)
    return value


def _check_plain(value: Any, key: str, text: str) -> None:
    if isinstance(value, list | tuple):
        if not value:
            raise SpecError(f"'{key}' in '{text}' is empty.")
        for item in value:
            _check_plain(item, key, text)
    elif isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"'{key}' in '{text}' is not finite.")
    elif not isinstance(value, bool | int | float | str | None):
        raise SpecError(f"'{key}' in '{text}' must be a number, text, true, false or a list.")


# ---------------------------------------------------------------------------------- parameters


@dataclass(frozen=True)
class Parameter:
    """One parameter of a factory."""

    name: str
    annotation: Any
    default: Any

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty

    @property
    def accepts(self) -> str:
        """What it takes, for people: `int > 0`."""
        return describe_type(self.annotation)

    def __str__(self) -> str:
        """Say name, type and default."""
        tail = "required" if self.required else f"default {self.default!r}"
        return f"{self.name} ({self.accepts}, {tail})"


def parameters(factory: Callable[..., Any]) -> tuple[Parameter, ...]:
    """Read a factory's parameters from its typed signature."""
    function = factory.__init__ if inspect.isclass(factory) else factory
    hints = typing.get_type_hints(function, include_extras=True)
    return tuple(
        Parameter(name, hints.get(name, Any), parameter.default)
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    )


def bind(component: Component, accepted: Sequence[Parameter]) -> dict[str, Any]:
    """Check a component's parameters and fill in the defaults.

    Raises:
        SpecError: for an unknown, missing, wrongly typed or out-of-range parameter.
    """
    name = component.name
    known = {parameter.name: parameter for parameter in accepted}
    choices = ", ".join(map(str, accepted)) or "none"
    given = dict(component.params)
    for key in given:
        if key not in known:
            hint = _suggestion(key, known)
            raise SpecError(f"{name} has no parameter '{key}'.{hint} Accepted: {choices}.")
    missing = [key for key, parameter in known.items() if parameter.required and key not in given]
    if missing:
        raise SpecError(f"{name} needs {', '.join(missing)}. Accepted: {choices}.")
    return {
        key: _validated(name, parameter, given[key]) if key in given else parameter.default
        for key, parameter in known.items()
    }


def _validated(name: str, parameter: Parameter, value: Any) -> Any:
    try:
        return TypeAdapter(parameter.annotation).validate_python(value, strict=True)
    except ValidationError:
        raise SpecError(
            f"{name}({parameter.name}={value!r}): {parameter.name} must be {parameter.accepts}."
        ) from None


def describe_type(annotation: Any) -> str:
    """Write a type with its range for people: `int > 0`, `'adam' or 'sgd'`."""
    if typing.get_origin(annotation) is typing.Annotated:
        base, *extras = typing.get_args(annotation)
        return " ".join([describe_type(base), *_ranges(extras)])
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(repr(choice) for choice in typing.get_args(annotation))
    if annotation is Any:
        return "anything"
    return annotation.__name__ if inspect.isclass(annotation) else str(annotation)


def _ranges(extras: Iterable[Any]) -> list[str]:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    limits = [limit for extra in extras for limit in getattr(extra, "metadata", [extra])]
    text = [
        f"{sign} {getattr(limit, field):g}"
        for limit in limits
        for field, sign in signs.items()
        if getattr(limit, field, None) is not None
    ]
    return [" and ".join(text)] if text else []


def unknown(kind: str, name: str, choices: Iterable[str]) -> UnknownComponentError:
    """Make the error for a name that nobody owns, with a suggestion and the choices."""
    names = sorted(choices)
    available = ", ".join(names) or "none"
    hint = _suggestion(name, names)
    return UnknownComponentError(f"No {kind} named '{name}'.{hint} Available: {available}.")


def _suggestion(name: str, choices: Iterable[str] | Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, list(choices), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
