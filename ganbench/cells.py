"""From a grid to its cells: components built, recipes resolved, misfits explained, ids hashed."""

import functools
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganbench import components, recipe
from ganbench.compatibility import baseline_misfit, misfit, pretraining_misfit, warnings_of
from ganbench.components import Component
from ganbench.errors import PluginError, SpecError
from ganbench.extent import check_extent
from ganbench.grid import Grid, Override, Rule
from ganbench.plugins import NOTHING, Built, Registry
from ganbench.recipe import Recipe

_ADVICE = "The recipe of "

ENGINE_VERSION = 2
"""Raised whenever the engine's arithmetic changes: runs of another version are run anew."""


@dataclass(frozen=True)
class Cell:
    """One combination to train, without its seeds.

    Attributes:
        dataset: the law to learn.
        prior: the noise.
        generator: the players that offer the generator, or a baseline.
        discriminator: the players that offer the discriminator.
        loss: the objectives.
        regularizers: what is added to them.
        recipe: how to train.
        fingerprint: of the data.
        misfit: why it cannot be trained, None if it can.
        warnings: why it can hardly succeed.
    """

    dataset: Built
    prior: Built
    generator: Built
    discriminator: Built
    loss: Built
    regularizers: tuple[Built, ...]
    recipe: Recipe
    fingerprint: str = field(repr=False)
    misfit: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_baseline(self) -> bool:
        """Whether a law is fitted, without a game."""
        return self.loss is NOTHING

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
        players = pair_label(names["generator"], names["discriminator"])
        parts = (names["dataset"], players, names["loss"], names["prior"])
        return " · ".join(part for part in parts if part != NOTHING.label)

    def run_id(self, seed: int, device_class: str) -> str:
        """Hash everything that decides the numbers of one run, and nothing else."""
        return digest({**self.identity(device_class), "seed": seed})

    def identity(self, device_class: str) -> dict[str, Any]:
        """Collect what decides the numbers of its runs, besides the seed."""
        return {
            "dataset": {**self.dataset.identity, "fingerprint": self.fingerprint},
            "prior": self.prior.identity,
            "generator": self.generator.identity,
            "discriminator": self.discriminator.identity,
            "loss": [part.identity for part in (self.loss, *self.regularizers)],
            "recipe": self.recipe.model_dump(),
            "device": device_class,
            "engine": ENGINE_VERSION,
        }

    def shares_data(self, origin: str) -> bool:
        """Whether a cell with this `origin` was trained on the same rows or law."""
        return f"data {self.fingerprint};" in origin

    @property
    def origin(self) -> str:
        """Versions of data, components and engine, in one short text."""
        parts = (self.dataset, self.prior, self.generator, self.discriminator, self.loss)
        owners = {part.entry.owner for part in (*parts, *self.regularizers)} - {""}
        return f"{', '.join(sorted(owners))}; data {self.fingerprint}; engine {ENGINE_VERSION}"


def pair_label(generator: str, discriminator: str) -> str:
    """Name a pair of players: one name where both are alike, or where there is but one."""
    return (
        generator
        if discriminator in (generator, NOTHING.label)
        else f"{generator} vs {discriminator}"
    )


def digest(value: Any) -> str:
    """Hash JSON-compatible data to 16 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def plan(grid: Grid, registry: Registry, idle_rules: bool = False) -> list[Cell]:
    """Expand a grid to its cells; a cell that cannot be trained carries the reason in `misfit`.

    Args:
        grid: what to expand.
        registry: where its components come from.
        idle_rules: whether a rule may match no cell, as where flags have replaced an axis.

    Raises:
        SpecError: for anything in the grid that does not make sense.
    """
    fields = ["datasets", "architectures", "losses", "priors"]
    alone = grid.baselines and not (grid.architectures or grid.losses)
    for field_name in fields[:1] if alone else fields:
        if not getattr(grid, field_name):
            kind = field_name.removesuffix("es" if field_name == "losses" else "s")
            names = ", ".join(registry.names(kind)) or "none"
            raise SpecError(f"The grid names no {field_name}. Available: {names}.")
    check_extent(grid)
    builder = _Builder(registry)
    cells: dict[str, Cell] = {}
    matched = {id(rule): False for rule in (*grid.override, *grid.exclude)}
    for parts in _combinations(grid, builder):
        hits = {id(rule) for rule in matched_rules(grid, parts)}
        matched.update(dict.fromkeys(hits, True))
        if hits.isdisjoint({id(rule) for rule in grid.exclude}):
            cell = builder.cell(parts, grid, [r for r in grid.override if id(r) in hits])
            cells.setdefault(json.dumps([cell.labels, cell.recipe.model_dump()]), cell)
    for rule in (*grid.override, *grid.exclude):
        if not (matched[id(rule)] or idle_rules):
            where = ", ".join(f"{key} = {value!r}" for key, value in rule.where.items())
            raise SpecError(f"The rule where {where} matches no cell of the grid.")
    return list(cells.values())


Parts = Mapping[str, tuple[Built, ...]]


def _combinations(grid: Grid, builder: "_Builder") -> Iterator[Parts]:
    """Yield the parts of every cell: those of the games, then the baselines."""
    datasets = _expand(grid.datasets)
    for combination in itertools.product(
        datasets, _pairs(grid.architectures), _expand(grid.losses), _expand(grid.priors)
    ):
        yield builder.parts(*combination)
    for dataset, baseline in itertools.product(datasets, _expand(grid.baselines)):
        yield builder.baseline_parts(dataset, baseline)


def matched_rules(grid: Grid, parts: Parts) -> list[Rule]:
    """Return the overrides and excludes whose `where` fits this combination."""
    return [rule for rule in (*grid.override, *grid.exclude) if _matches(rule.where, parts)]


def _matches(where: Mapping[str, str | list[str]], parts: Parts) -> bool:
    """Whether the names agree and every parameter that `where` gives has (one of) its values."""

    def fits(want: Component, have: Built) -> bool:
        return want.name == have.entry.name and all(
            key in have.params
            and have.params[key] in (value if isinstance(value, list) else [value])
            for key, value in want.params
        )

    def agrees(pattern: tuple[Component, ...], actual: tuple[Built, ...]) -> bool:
        return len(pattern) == len(actual) and all(map(fits, pattern, actual))

    def is_one(part: str, text: str) -> bool:
        if part == "architecture":
            pair = (*parts["generator"], *parts["discriminator"])
            return agrees(components.parse_pair(text), pair)
        return agrees(components.parse(text), parts[part])

    return all(
        any(is_one(part, text) for text in _several(texts)) for part, texts in where.items()
    )


def _several(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _expand(expressions: Sequence[str]) -> list[tuple[Component, ...]]:
    """Parse expressions and expand the lists inside them."""
    return [
        combination
        for text in expressions
        for combination in itertools.product(*(part.axes() for part in components.parse(text)))
    ]


def _pairs(
    entries: Sequence[str | Mapping[str, str | list[str]]],
) -> list[tuple[Component, Component]]:
    pairs = []
    for entry in entries:
        if isinstance(entry, str):
            first, second = components.parse_pair(entry)
            alike = first == second
            pairs += list(
                zip(first.axes(), first.axes(), strict=True)
                if alike
                else itertools.product(first.axes(), second.axes())
            )
        elif set(entry) == {"generator", "discriminator"}:
            generators, discriminators = (
                [each for text in _several(entry[role]) for each in _axes_of(text)]
                for role in ("generator", "discriminator")
            )
            pairs += list(itertools.product(generators, discriminators))
        else:
            raise SpecError(
                f"An architecture is a text or has a generator and a discriminator: {dict(entry)}."
            )
    return pairs


def _axes_of(text: str) -> list[Component]:
    return components.parse_single(text).axes()


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

    def baseline_parts(
        self, dataset: tuple[Component, ...], baseline: tuple[Component, ...]
    ) -> Parts:
        nothing = dict.fromkeys(("prior", "discriminator", "loss"), (NOTHING,))
        law, fitted = self._single("dataset", dataset), self._single("baseline", baseline)
        return {"dataset": law, "generator": fitted, **nothing}

    def _single(self, kind: str, joined: tuple[Component, ...]) -> tuple[Built]:
        if len(joined) != 1:
            text = "+".join(map(str, joined))
            raise SpecError(f"A {kind} is one component, not '{text}'.")
        return (self.build(kind, joined[0]),)

    def cell(self, parts: Parts, grid: Grid, overrides: Sequence[Override]) -> Cell:
        (dataset,), (prior,) = parts["dataset"], parts["prior"]
        (generator,), (discriminator,) = parts["generator"], parts["discriminator"]
        loss, *regularizers = parts["loss"]
        fingerprint = self._fingerprint(dataset)
        if loss is NOTHING:
            reason = baseline_misfit(dataset, generator)
            return Cell(
                dataset, NOTHING, generator, NOTHING, NOTHING, (), Recipe(), fingerprint, reason
            )
        if loss.value.output is None:
            discriminator = NOTHING
        named = [generator, discriminator, loss, *regularizers]
        advice = [_advice(part) for part in named if part is not NOTHING]
        settings = [("train", grid.train), *(_origin(rule) for rule in overrides)]
        resolved = _resolved(advice, settings)
        reason = misfit(dataset, generator, discriminator, loss, regularizers)
        return Cell(
            dataset,
            prior,
            generator,
            discriminator,
            loss,
            tuple(regularizers),
            resolved,
            fingerprint,
            reason or pretraining_misfit(generator, resolved.pretraining_steps),
            warnings_of(dataset, prior),
        )

    def restored(self, record: Mapping[str, Any]) -> Cell:
        dataset = components.parse(record["dataset"])
        if record["loss"] == NOTHING.label:
            parts = self.baseline_parts(dataset, components.parse(record["generator"]))
        else:
            names = [record[role] for role in ("generator", "discriminator")]
            if names[1] == NOTHING.label:
                names[1] = names[0]
            generator, discriminator = map(components.parse_single, names)
            loss, prior = components.parse(record["loss"]), components.parse(record["prior"])
            parts = self.parts(dataset, (generator, discriminator), loss, prior)
        lone = record["discriminator"] == NOTHING.label
        return Cell(
            parts["dataset"][0],
            parts["prior"][0],
            parts["generator"][0],
            NOTHING if lone else parts["discriminator"][0],
            parts["loss"][0],
            parts["loss"][1:],
            Recipe(**record["recipe"]),
            self._fingerprint(parts["dataset"][0]),
        )

    def _fingerprint(self, dataset: Built) -> str:
        if dataset.label not in self.fingerprints:
            with dataset.answering():
                self.fingerprints[dataset.label] = dataset.value.fingerprint()
        return self.fingerprints[dataset.label]


def _advice(part: Built) -> tuple[str, Mapping[str, Any]]:
    """Ask a component for the settings that it recommends."""
    with part.answering():
        return f"{_ADVICE}{part.label}", dict(part.value.recipe)


def _resolved(
    advice: Sequence[tuple[str, Mapping[str, Any]]],
    settings: Sequence[tuple[str, Mapping[str, Any]]],
) -> Recipe:
    """Merge what components recommend with what the grid sets, and blame the right one."""
    try:
        return recipe.resolve(*advice, *settings)
    except SpecError as error:
        if str(error).startswith(_ADVICE):
            raise PluginError(str(error)) from None
        raise


def _origin(rule: Override) -> tuple[str, Mapping[str, Any]]:
    """Name where settings come from; a rule without conditions is what --set makes."""
    return "override" if rule.where else "--set", rule.set


def restore_cells(records: Sequence[Mapping[str, Any]], registry: Registry) -> list[Cell]:
    """Build cells from their labels and resolved recipes.

    Raises:
        SpecError: if a component is no longer there.
    """
    builder = _Builder(registry)
    return [builder.restored(record) for record in records]
