"""Component expressions: `name(param=value)+name(...)`, one parser for command line and grids."""

import ast
import collections.abc
import difflib
import inspect
import itertools
import math
import re
import types
import typing
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ganbench.errors import PluginError, SpecError, UnknownComponentError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_LONGEST = 1000
_MOST_CHOICES = 30
"""Names in a sentence, where a command lists them."""
_MOST_ALTERNATIVES = 100_000
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

    @property
    def alternatives(self) -> int:
        """Number of components that its lists stand for."""
        return math.prod(len(value) for _, value in self.params if isinstance(value, list))

    def axes(self) -> "list[Component]":
        """Expand every list among the parameters: one component for each combination.

        Raises:
            SpecError: if they are too many.
        """
        if self.alternatives > _MOST_ALTERNATIVES:
            raise SpecError(
                f"The lists in '{self}' stand for {self.alternatives} alternatives; at most "
                f"{_MOST_ALTERNATIVES} fit into one expression."
            )
        choices = [value if isinstance(value, list) else [value] for _, value in self.params]
        names = [key for key, _ in self.params]
        return [
            Component(self.name, tuple(zip(names, values, strict=True)))
            for values in itertools.product(*choices)
        ]


def parse(text: str) -> tuple[Component, ...]:
    """Parse `name(param=value)+name(...)`; values are literals and are never evaluated.

    Raises:
        SpecError: if the text is no such expression.
    """
    _check_length(text, _LONGEST)
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
    _check_length(text, 3 * _LONGEST)
    roles = re.fullmatch(r"\s*generator=(.+?)[\s,]+discriminator=(.+)", text)
    if roles:
        return parse_single(roles[1]), parse_single(roles[2])
    component = parse_single(text)
    return component, component


def _check_length(text: str, most: int) -> None:
    if len(text) > most:
        raise SpecError(f"A component expression has at most {most} characters: {text[:40]}…")


def _split(text: str, separator: str) -> list[str]:
    """Split at separators outside brackets and quotes."""
    parts, depth, quote, start, escaped = [], 0, "", 0, False
    for position, character in enumerate(text):
        if quote:
            quote = "" if character == quote and not escaped else quote
            escaped = character == "\\" and not escaped
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
    call = _call(rest)
    if call is None:
        raise SpecError(f"Cannot read '{text}' in '{whole}'. {_SHAPE}")
    if call.args:
        raise SpecError(f"Name every parameter in '{text}': name(param=value).")
    params = {}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in params:
            raise SpecError(f"Give each parameter once, by name, in '{text}'.")
        params[keyword.arg] = _literal(keyword.value, keyword.arg, text)
    return Component(match[0], tuple(params.items()))


def _call(arguments: str) -> ast.Call | None:
    """Parse `(...)` as the arguments of a call, None if it is not that."""
    if not (arguments.startswith("(") and arguments.endswith(")")):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(f"f{arguments}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else None


class _Words(ast.NodeTransformer):
    """Reads true and false as TOML does."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(node.id == "true") if node.id in ("true", "false") else node


def _literal(node: ast.expr, key: str, text: str) -> Any:
    try:
        value = ast.literal_eval(_Words().visit(node))
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise SpecError(
            f"'{key}' in '{text}' is no literal: write a number, true, false, a quoted text, "
            "a (tuple), or a [list] of alternatives."
        ) from None
    for item in value if isinstance(value, list) else [value]:
        _check_plain(item, key, text)
    if value == []:
        raise SpecError(f"'{key}' in '{text}' is empty.")
    return value


def _check_plain(value: Any, key: str, text: str) -> None:
    if isinstance(value, tuple):
        if not value:
            raise SpecError(f"'{key}' in '{text}' is empty.")
        for item in value:
            _check_plain(item, key, text)
    elif isinstance(value, float) and not math.isfinite(value):
        raise SpecError(f"'{key}' in '{text}' is not finite.")
    elif not isinstance(value, bool | int | float | str | None):
        raise SpecError(
            f"'{key}' in '{text}' must be a number, text, true, false, a tuple or a list of these."
        )


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
    """Read a factory's parameters from its typed signature.

    Raises:
        PluginError: if an annotation cannot be resolved or has no values to check.
    """
    function = factory.__init__ if inspect.isclass(factory) else factory
    try:
        hints = typing.get_type_hints(function, include_extras=True)
        accepted = tuple(
            Parameter(name, hints.get(name, Any), parameter.default)
            for name, parameter in inspect.signature(factory).parameters.items()
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        )
        for parameter in accepted:
            TypeAdapter(parameter.annotation)
    except Exception as error:
        raise PluginError(
            f"The signature of {factory!r} cannot be read: {type(error).__name__}: {error}"
        ) from error
    return accepted


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
        key: _validated(name, parameter, given[key]) if key in given else _default(parameter)
        for key, parameter in known.items()
    }


def shortest(
    component: Component, accepted: Sequence[Parameter], bound: Mapping[str, Any]
) -> Component:
    """Name only those of the `bound` parameters that no default gives."""
    changed = tuple(
        (parameter.name, bound[parameter.name])
        for parameter in accepted
        if parameter.required or bound[parameter.name] != parameter.default
    )
    return Component(component.name, changed)


def _default(parameter: Parameter) -> Any:
    """Return the default as it would be were it written out: 1.0 for `weight: float = 1`."""
    try:
        return TypeAdapter(parameter.annotation).validate_python(parameter.default, strict=True)
    except ValidationError:
        return parameter.default


def _validated(name: str, parameter: Parameter, value: Any) -> Any:
    try:
        return TypeAdapter(parameter.annotation).validate_python(value, strict=True)
    except ValidationError:
        raise SpecError(
            f"{name}({parameter.name}={value!r}): {parameter.name} must be {parameter.accepts}."
        ) from None


def describe_type(annotation: Any) -> str:
    """Write a type with its range for people: `int > 0`, `'adam' or 'sgd'`."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        base, *extras = inside
        return " ".join([describe_type(base), *_ranges(extras)])
    if origin is typing.Literal:
        return " or ".join(map(repr, inside))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(describe_type, inside))
    if origin is not None:
        return _describe_generic(origin, [each for each in inside if each is not ...])
    names = {type(None): "None", Any: "anything"}
    return names.get(annotation) or str(getattr(annotation, "__name__", annotation))


def _describe_generic(origin: Any, inside: Sequence[Any]) -> str:
    if origin is collections.abc.Callable:
        return "function"
    between = " to " if issubclass(origin, Mapping) else ", "
    return f"{origin.__name__.lower()} of {between.join(map(describe_type, inside))}"


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


def unknown(
    kind: str, name: str, choices: Iterable[str], listing: str = ""
) -> UnknownComponentError:
    """Make the error for a name that nobody owns, with a suggestion and the choices.

    Args:
        kind: what it should have named.
        name: that nobody owns.
        choices: the names that there are.
        listing: the command that lists them, which is named where they are too many to read.
    """
    names = sorted(choices)
    if listing and len(names) > _MOST_CHOICES:
        available = f"`{listing}` lists all {len(names)}."
    else:
        available = f"Available: {', '.join(names) or 'none'}."
    return UnknownComponentError(
        f"No {kind} named '{name}'.{_suggestion(name, names)} {available}"
    )


def _suggestion(name: str, choices: Iterable[str] | Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, list(choices), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
