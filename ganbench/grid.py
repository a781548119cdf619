"""Grids as written: a TOML file or flags, checked field by field."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganbench import components, recipe
from ganbench.errors import SpecError
from ganbench.files import read_limited, user_path
from ganbench.naming import is_file_name
from ganbench.plugins import Registry

FLAGS_GRID = "flags"
"""The grid that fills in what is left open where none is named."""
_PARTS = ("dataset", "prior", "generator", "discriminator", "architecture", "loss")
_MOST_SEEDS = 100_000
_MOST_BYTES = 2**20
_DEEPEST = 8


class Evaluation(BaseModel):
    """How runs are scored; the same for every variant."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    samples: int = Field(
        default=2000,
        ge=50,
        le=1_000_000,
        description="rows per sample, fewer in small sets",
    )
    seed: int = Field(
        default=0, ge=0, description="of the real sample and of every choice of a score"
    )
    floor_splits: int = Field(
        default=20, ge=2, le=1000, description="real-vs-real repeats behind each floor"
    )


class Rule(BaseModel):
    """Which cells it is about: part of a cell -> component expression, or any of several."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    where: dict[str, str | list[str]]


class Override(Rule):
    """Settings for the cells that fit."""

    set: dict[str, Any]


class Grid(BaseModel):
    """A grid as written in TOML; every field but `name` may be replaced by a flag."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    seeds: int | str | list[int] = 5
    metrics: list[str] = []
    datasets: list[str] = []
    priors: list[str] = []
    architectures: list[str | dict[str, str | list[str]]] = []
    losses: list[str] = []
    baselines: list[str] = []
    trackers: list[str] = []
    train: dict[str, Any] = {}
    evaluation: Evaluation = Evaluation()
    override: list[Override] = []
    exclude: list[Rule] = []

    @property
    def seed_list(self) -> list[int]:
        """The seeds, ascending."""
        return parse_seeds(self.seeds)


def load_grid(name_or_file: str, registry: Registry) -> Grid:
    """Read a grid by the name that a plugin registered, or from a TOML file.

    Raises:
        SpecError: if there is no such grid or file, or it does not make sense.
    """
    if name_or_file in registry.entries["grid"]:
        path = registry.file(name_or_file)
    elif name_or_file.endswith(".toml") or "/" in name_or_file:
        path = user_path(name_or_file)
    else:
        problem = registry.unknown("grid", name_or_file, registry.entries["grid"])
        raise SpecError(f"{problem} A file of your own must end in .toml.")
    try:
        data = tomllib.loads(read_limited(path, _MOST_BYTES).decode("utf-8"))
    except FileNotFoundError:
        raise SpecError(f"There is no grid file '{path}'.") from None
    except OSError as error:
        raise SpecError(f"Cannot read the grid file '{path}': {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"The grid file '{path}' is not UTF-8 text.") from None
    except (ValueError, RecursionError) as error:
        raise SpecError(f"The grid file '{path}' is no valid TOML: {error}.") from None
    grid = make_grid({"name": path.stem, **data}, origin=str(path))
    if not all(rule.where for rule in (*grid.override, *grid.exclude)):
        raise SpecError(f"{path}: every rule needs a where that names {', '.join(_PARTS)}.")
    return grid


def make_grid(data: Mapping[str, Any], origin: str) -> Grid:
    """Check the fields of a grid.

    Raises:
        SpecError: one sentence that names the first bad field and what fits.
    """
    _check_plain(data, origin)
    try:
        grid = Grid(**data)
    except ValidationError as error:
        raise SpecError(f"{origin}: {_sentence(error)}") from None
    if not is_file_name(grid.name):
        raise SpecError(
            f"{origin}: name = {grid.name!r} cannot name a results folder; use up to 100 letters, "
            "digits, '.', '_' and '-', starting with a letter or digit, and no name of a device "
            "such as nul or com1."
        )
    parse_seeds(grid.seeds)
    for rule in (*grid.override, *grid.exclude):
        for part in rule.where:
            if part not in _PARTS:
                raise SpecError(f"{origin}: {components.unknown('part of a cell', part, _PARTS)}")
    return grid


def replaced(fields: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Add recipe settings to the fields of a grid that win over all others."""
    rules = [*fields.get("override", []), *([{"where": {}, "set": settings}] if settings else [])]
    return {**fields, "override": rules}


def _check_plain(data: Any, origin: str) -> None:
    """Refuse what TOML can hold and no grid needs, before anything walks through it or prints it.

    Raises:
        SpecError: if values lie too deep, or a number has more than 64 bits.
    """
    level = [data]
    for _ in range(_DEEPEST):
        for value in level:
            if isinstance(value, int) and abs(value) >= 2**63:
                raise SpecError(f"{origin}: a number has more than 64 bits: {hex(value)[:20]}….")
        level = [inner for value in level for inner in _inner(value)]
    if level:
        raise SpecError(f"{origin}: its values lie more than {_DEEPEST} tables or lists deep.")


def _inner(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _sentence(error: ValidationError) -> str:
    first, *others = error.errors()
    place = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        choices: dict[str, type[BaseModel]] = {
            "evaluation": Evaluation,
            "override": Override,
            "exclude": Rule,
        }
        model: type[BaseModel] = Grid
        if len(first["loc"]) > 1:
            model = choices.get(str(first["loc"][0]), Grid)
        return str(components.unknown("grid field", key, model.model_fields))
    alternatives = [first, *(other for other in others if _place(other["loc"]) == place)]
    message = " or ".join(recipe.lower_first(str(each["msg"])) for each in alternatives)
    if first["type"] == "missing":
        return f"field '{place}' is missing."
    return f"field '{place}' = {first['input']!r} does not fit: {message}."


def _place(location: tuple[int | str, ...]) -> str:
    """Name a field as it is written, without the types that pydantic tried."""
    tried = ("int", "str", "list[int]", "dict[str,str]")
    return ".".join(str(part) for part in location if part not in tried)


def parse_seeds(seeds: int | str | Sequence[int]) -> list[int]:
    """Read seeds: 10 (zero to nine), "0-4", "1,5,7" or a list.

    Raises:
        SpecError: if none of these, negative, repeated or none at all.
    """
    if isinstance(seeds, int):
        chosen = list(range(min(seeds, _MOST_SEEDS + 1)))
    elif isinstance(seeds, str):
        chosen = _seed_text(seeds.replace(" ", ""))
    else:
        chosen = list(seeds)
    fits = chosen and min(chosen) >= 0 and max(chosen) < 2**31 and len(chosen) <= _MOST_SEEDS
    if not fits or len(set(chosen)) < len(chosen):
        raise SpecError(
            f"seeds = {seeds!r} does not fit: give a count (10), a range (0-4) or different "
            f"non-negative whole numbers (1,5,7), at most {_MOST_SEEDS}."
        )
    return sorted(chosen)


def _seed_text(text: str) -> list[int]:
    if re.fullmatch(r"[0-9]{1,10}", text):
        return list(range(min(int(text), _MOST_SEEDS + 1)))
    chosen: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{1,10})(?:-([0-9]{1,10}))?", part)
        if not match or len(chosen) > _MOST_SEEDS:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            return []
        chosen.extend(range(first, min(last, first + _MOST_SEEDS) + 1))
    return chosen


def parse_settings(texts: Sequence[str], flag: str = "--set") -> dict[str, Any]:
    """Read `key=value` settings, values as in TOML, or plain words.

    Args:
        texts: the settings.
        flag: that they were given with, for errors.

    Raises:
        SpecError: for a text without '='.
    """
    settings: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise SpecError(f"{flag} takes KEY=VALUE, not '{text}'.")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except (ValueError, RecursionError):
            parsed = value.strip()
        if isinstance(parsed, float) and not math.isfinite(parsed):
            raise SpecError(f"{flag} {text}: the value is not finite.")
        _check_plain(parsed, f"{flag} {text[:40]}")
        settings[key.strip()] = parsed
    return settings
