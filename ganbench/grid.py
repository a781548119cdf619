"""Grids: a TOML file or flags -> the cells to run, with their recipes and fingerprints."""

import functools
import hashlib
import itertools
import json
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganbench import components, recipe
from ganbench.api import DataSpec
from ganbench.components import Component
from ganbench.errors import PluginError, SpecError
from ganbench.plugins import Built, Registry
from ganbench.recipe import Recipe

ENGINE_VERSION = 1
"""Raised whenever the engine's arithmetic changes: runs of another version are run anew."""

_PARTS = ("dataset", "prior", "generator", "discriminator", "architecture", "loss")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_MOST_SEEDS = 100_000


class Evaluation(BaseModel):
    """How runs are scored; the same for every variant."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    samples: int = Field(
        default=2000, ge=50, description="rows per sample, fewer if the test set is small"
    )
    seed: int = Field(
        default=0, ge=0, description="of the real sample and of every choice of a score"
    )
    floor_splits: int = Field(
        default=20, ge=2, description="real-vs-real repeats behind each floor"
    )


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    where: dict[str, str]


class _Override(_Rule):
    set: dict[str, Any]


class Grid(BaseModel):
    """A grid as written in TOML; every field but `name` may be replaced by a flag."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    seeds: int | str | list[int] = 5
    metrics: list[str] = []
    datasets: list[str] = []
    priors: list[str] = []
    architectures: list[str | dict[str, str]] = []
    losses: list[str] = []
    train: dict[str, Any] = {}
    evaluation: Evaluation = Evaluation()
    override: list[_Override] = []
    exclude: list[_Rule] = []

    @property
    def seed_list(self) -> list[int]:
        """The seeds, ascending."""
        return parse_seeds(self.seeds)


@dataclass(frozen=True)
class Cell:
    """One combination to train, without its seeds."""

    dataset: Built
    prior: Built
    generator: Built
    discriminator: Built
    loss: Built
    regularizers: tuple[Built, ...]
    recipe: Recipe
    fingerprint: str = field(repr=False)
    misfit: str | None = None

    @functools.cached_property
    def labels(self) -> dict[str, str]:
        """The five names that tables show."""
        return {
            "dataset": self.dataset.label,
            "prior": self.prior.label,
            "generator": self.generator.label,
            "discriminator": self.discriminator.label,
            "loss": "+".join(part.label for part in (self.loss, *self.regularizers)),
        }

    @property
    def title(self) -> str:
        """The cell in one short line."""
        names = self.labels
        return (
            f"{names['dataset']} · {pair_label(names['generator'], names['discriminator'])} · "
            f"{names['loss']} · {names['prior']}"
        )

    def run_id(self, seed: int, device_class: str) -> str:
        """Hash everything that decides the numbers of one run, and nothing else."""
        identity = {
            "dataset": {**self.dataset.identity, "fingerprint": self.fingerprint},
            "prior": self.prior.identity,
            "generator": self.generator.identity,
            "discriminator": self.discriminator.identity,
            "loss": [part.identity for part in (self.loss, *self.regularizers)],
            "recipe": self.recipe.model_dump(),
            "seed": seed,
            "device": device_class,
            "engine": ENGINE_VERSION,
        }
        return digest(identity)


def pair_label(generator: str, discriminator: str) -> str:
    """Name a pair of players: one name where both are alike."""
    return generator if generator == discriminator else f"{generator} vs {discriminator}"


def digest(value: Any) -> str:
    """Hash JSON-compatible data to 16 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --------------------------------------------------------------------------------- reading TOML


def load_grid(name_or_file: str, registry: Registry) -> Grid:
    """Read a grid by the name that a plugin registered, or from a TOML file.

    Raises:
        SpecError: if there is no such grid or file, or it does not make sense.
    """
    if name_or_file in registry.entries["grid"]:
        path = registry.file(name_or_file)
    elif name_or_file.endswith(".toml") or "/" in name_or_file:
        path = Path(name_or_file)
    else:
        problem = components.unknown("grid", name_or_file, registry.entries["grid"])
        raise SpecError(f"{problem} A file of your own must end in .toml.")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"There is no grid file '{path}'.") from None
    except OSError as error:
        raise SpecError(f"Cannot read the grid file '{path}': {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"The grid file '{path}' is not UTF-8 text.") from None
    except (ValueError, RecursionError) as error:
        raise SpecError(f"The grid file '{path}' is no valid TOML: {error}.") from None
    return make_grid({"name": path.stem, **data}, origin=str(path))


def make_grid(data: Mapping[str, Any], origin: str) -> Grid:
    """Check the fields of a grid.

    Raises:
        SpecError: one sentence that names the first bad field and what fits.
    """
    try:
        grid = Grid(**data)
    except ValidationError as error:
        raise SpecError(f"{origin}: {_sentence(error)}") from None
    if not _NAME.fullmatch(grid.name) or ".." in grid.name:
        raise SpecError(
            f"{origin}: name = {grid.name!r} cannot name a results folder; use up to 100 letters, "
            "digits, '.', '_' and '-', starting with a letter or digit."
        )
    parse_seeds(grid.seeds)
    for rule in (*grid.override, *grid.exclude):
        for part in rule.where:
            if part not in _PARTS:
                raise SpecError(f"{origin}: {components.unknown('part of a cell', part, _PARTS)}")
    return grid


def _sentence(error: ValidationError) -> str:
    first, *others = error.errors()
    place = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        choices: dict[str, type[BaseModel]] = {
            "evaluation": Evaluation,
            "override": _Override,
            "exclude": _Rule,
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
    if re.fullmatch(r"\d{1,10}", text):
        return list(range(min(int(text), _MOST_SEEDS + 1)))
    chosen: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if not match:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            return []
        chosen.extend(range(first, min(last, first + _MOST_SEEDS) + 1))
    return chosen


# --------------------------------------------------------------------------------------- cells


def plan(grid: Grid, registry: Registry, idle_rules: bool = False) -> list[Cell]:
    """Expand a grid to its cells; a cell that cannot be trained carries the reason in `misfit`.

    Args:
        grid: what to expand.
        registry: where its components come from.
        idle_rules: whether a rule may match no cell, as where flags have replaced an axis.

    Raises:
        SpecError: for anything in the grid that does not make sense.
    """
    for field_name in ("datasets", "architectures", "losses", "priors"):
        if not getattr(grid, field_name):
            kind = field_name.removesuffix("es" if field_name == "losses" else "s")
            names = ", ".join(registry.names(kind)) or "none"
            raise SpecError(f"The grid names no {field_name}. Available: {names}.")
    builder = _Builder(registry)
    cells: dict[str, Cell] = {}
    matched = {id(rule): False for rule in (*grid.override, *grid.exclude)}
    for combination in itertools.product(
        _expand(grid.datasets),
        _pairs(grid.architectures),
        _expand(grid.losses),
        _expand(grid.priors),
    ):
        parts = builder.parts(*combination)
        hits = {id(rule) for rule in matched_rules(grid, parts)}
        matched.update(dict.fromkeys(hits, True))
        if hits.isdisjoint({id(rule) for rule in grid.exclude}):
            cell = builder.cell(parts, grid, [r for r in grid.override if id(r) in hits])
            cells.setdefault(json.dumps([cell.labels, cell.recipe.model_dump()]), cell)
    for rule in (*grid.override, *grid.exclude):
        if not (matched[id(rule)] or idle_rules):
            where = ", ".join(f"{key} = '{value}'" for key, value in rule.where.items())
            raise SpecError(f"The rule where {where} matches no cell of the grid.")
    return list(cells.values())


Parts = Mapping[str, tuple[Built, ...]]


def matched_rules(grid: Grid, parts: Parts) -> list[_Rule]:
    """Return the overrides and excludes whose `where` fits this combination."""
    return [rule for rule in (*grid.override, *grid.exclude) if _matches(rule.where, parts)]


def _matches(where: Mapping[str, str], parts: Parts) -> bool:
    """Whether the names agree and every parameter that `where` gives has (one of) its values."""

    def fits(want: Component, have: Built) -> bool:
        return want.name == have.entry.name and all(
            key in have.params
            and have.params[key] in (value if isinstance(value, list) else [value])
            for key, value in want.params
        )

    def agrees(pattern: tuple[Component, ...], actual: tuple[Built, ...]) -> bool:
        return len(pattern) == len(actual) and all(map(fits, pattern, actual))

    for part, text in where.items():
        if part == "architecture":
            pattern = components.parse_pair(text)
            if not agrees(pattern, (*parts["generator"], *parts["discriminator"])):
                return False
        elif not agrees(components.parse(text), parts[part]):
            return False
    return True


def _expand(expressions: Sequence[str]) -> list[tuple[Component, ...]]:
    """Parse expressions and expand the lists inside them."""
    return [
        combination
        for text in expressions
        for combination in itertools.product(*(part.axes() for part in components.parse(text)))
    ]


def _pairs(entries: Sequence[str | Mapping[str, str]]) -> list[tuple[Component, Component]]:
    pairs = []
    for entry in entries:
        if isinstance(entry, str):
            first, second = components.parse_pair(entry)
            alike = first == second
        elif set(entry) == {"generator", "discriminator"}:
            first, second = (components.parse_single(entry[role]) for role in sorted(entry)[::-1])
            alike = False
        else:
            raise SpecError(
                f"An architecture is a text or has a generator and a discriminator: {dict(entry)}."
            )
        if alike:
            pairs += [(one, one) for one in first.axes()]
        else:
            pairs += list(itertools.product(first.axes(), second.axes()))
    return pairs


class _Builder:
    """Builds each component once, however many cells use it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.build = functools.cache(registry.build)
        self.fingerprints: dict[str, str] = {}

    def parts(
        self,
        dataset: tuple[Component, ...],
        pair: tuple[Component, Component],
        loss: tuple[Component, ...],
        prior: tuple[Component, ...],
    ) -> Parts:
        return {
            "dataset": self._single("dataset", dataset),
            "prior": self._single("prior", prior),
            "generator": (self.build("architecture", pair[0]),),
            "discriminator": (self.build("architecture", pair[1]),),
            "loss": (
                self.build("loss", loss[0]),
                *(self.build("regularizer", part) for part in loss[1:]),
            ),
        }

    def _single(self, kind: str, joined: tuple[Component, ...]) -> tuple[Built]:
        if len(joined) != 1:
            text = "+".join(map(str, joined))
            raise SpecError(f"A {kind} is one component, not '{text}'.")
        return (self.build(kind, joined[0]),)

    def cell(self, parts: Parts, grid: Grid, overrides: Sequence[_Override]) -> Cell:
        (dataset,), (prior,) = parts["dataset"], parts["prior"]
        (generator,), (discriminator,) = parts["generator"], parts["discriminator"]
        loss, *regularizers = parts["loss"]
        advice = [_advice(part) for part in (generator, discriminator, loss, *regularizers)]
        try:
            recipe.resolve(*advice)
        except SpecError as error:
            raise PluginError(str(error)) from None
        settings = [("train", grid.train), *(_origin(rule) for rule in overrides)]
        return Cell(
            dataset,
            prior,
            generator,
            discriminator,
            loss,
            tuple(regularizers),
            recipe.resolve(*advice, *settings),
            self._fingerprint(dataset),
            _misfit(dataset, generator, discriminator),
        )

    def _fingerprint(self, dataset: Built) -> str:
        if dataset.label not in self.fingerprints:
            with dataset.answering():
                self.fingerprints[dataset.label] = dataset.value.fingerprint()
        return self.fingerprints[dataset.label]


def _advice(part: Built) -> tuple[str, Mapping[str, Any]]:
    """Ask a component for the settings that it recommends."""
    with part.answering():
        return f"The recipe of {part.label}", dict(part.value.recipe)


def _origin(rule: _Override) -> tuple[str, Mapping[str, Any]]:
    """Name where settings come from; a rule without conditions is what --set makes."""
    return "override" if rule.where else "--set", rule.set


def restore_cell(record: Mapping[str, Any], registry: Registry) -> Cell:
    """Build a cell from its labels and its resolved recipe.

    Raises:
        SpecError: if a component is no longer there.
    """
    dataset = registry.build("dataset", components.parse_single(record["dataset"]))
    loss, *regularizers = components.parse(record["loss"])
    return Cell(
        dataset,
        registry.build("prior", components.parse_single(record["prior"])),
        registry.build("architecture", components.parse_single(record["generator"])),
        registry.build("architecture", components.parse_single(record["discriminator"])),
        registry.build("loss", loss),
        tuple(registry.build("regularizer", part) for part in regularizers),
        Recipe(**record["recipe"]),
        dataset.value.fingerprint(),
    )


def _misfit(dataset: Built, generator: Built, discriminator: Built) -> str | None:
    with dataset.answering():
        spec: DataSpec = dataset.value.spec
    for role, player in (("generator", generator), ("discriminator", discriminator)):
        with player.answering():
            reason = _player_misfit(dataset, spec, player, role)
        if reason:
            return reason
    return None


def _player_misfit(dataset: Built, spec: DataSpec, player: Built, role: str) -> str | None:
    if spec.kind not in player.value.kinds:
        kinds = " and ".join(sorted(player.value.kinds))
        return f"{player.label} fits {kinds} data, and {dataset.label} is {spec.kind} data"
    if not hasattr(player.value, role):
        return f"{player.label} offers no {role}"
    reason: str | None = player.value.misfit(spec)
    return f"{player.label} does not fit {dataset.label}: {reason}" if reason else None


def parse_settings(texts: Sequence[str]) -> dict[str, Any]:
    """Read `key=value` settings, values as in TOML, or plain words.

    Raises:
        SpecError: for a text without '='.
    """
    settings: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise SpecError(f"--set takes KEY=VALUE, not '{text}'.")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except (ValueError, RecursionError):
            parsed = value.strip()
        if isinstance(parsed, float) and not math.isfinite(parsed):
            raise SpecError(f"--set {text}: the value is not finite.")
        settings[key.strip()] = parsed
    return settings
