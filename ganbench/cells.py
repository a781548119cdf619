"""From a grid to its cells: components built, recipes resolved, misfits explained, ids hashed.

A grid may have 100,000 cells, so that what depends on some of the parts only is asked once and
shared by all cells that have these parts.
"""

import functools
import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganbench import components, recipe
from ganbench.axes import Parts, Workshop, combinations
from ganbench.canonical import joined, written
from ganbench.compatibility import (
    baseline_misfit,
    misfit,
    player_misfit,
    pretraining_misfit,
    warnings_of,
)
from ganbench.errors import PluginError, SpecError
from ganbench.grid import Grid, Override
from ganbench.plugins import NOTHING, Built, Registry
from ganbench.recipe import Recipe
from ganbench.rules import Rules

_ADVICE = "The recipe of "

ENGINE_VERSION = 2
"""Raised whenever the engine's arithmetic changes: runs of another version are run anew."""


class Identity:
    """Names what decides the numbers of a cell's runs, and each of the runs.

    Args:
        members: what decides them, besides the seed, each written as canonical JSON.
    """

    def __init__(self, members: Mapping[str, str]) -> None:
        # "seed" comes last of all keys, so that hashing may go on behind the others.
        self._begun = hashlib.sha256(joined(members)[:-1].encode())

    @property
    def key(self) -> str:
        """The name of the cell."""
        return self._ended("}")

    def run_id(self, seed: int) -> str:
        """The name of one of its runs."""
        return self._ended(f', "seed": {seed}}}')

    def _ended(self, text: str) -> str:
        whole = self._begun.copy()
        whole.update(text.encode())
        return whole.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
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

    @property
    def labels(self) -> dict[str, str]:
        """The five names that tables show."""
        return {
            "dataset": self.dataset.label,
            "prior": self.prior.label,
            "generator": self.generator.label,
            "discriminator": self.discriminator.label,
            # One text for all cells with these objectives: each task holds its labels.
            "loss": sys.intern("+".join([part.label for part in self.objectives])),
        }

    @property
    def title(self) -> str:
        """The cell in one short line."""
        names = self.labels
        players = pair_label(names["generator"], names["discriminator"])
        parts = (names["dataset"], players, names["loss"], names["prior"])
        return " · ".join(part for part in parts if part != NOTHING.label)

    @property
    def objectives(self) -> tuple[Built, ...]:
        """The loss and what is added to it."""
        return (self.loss, *self.regularizers)

    def run_id(self, seed: int, device_class: str) -> str:
        """Hash everything that decides the numbers of one run, and nothing else."""
        return self.identity(device_class).run_id(seed)

    def identity(self, device_class: str) -> Identity:
        """Collect what decides the numbers of its runs, besides the seed."""
        return Identity(
            {
                "dataset": joined(
                    {**self.dataset.members, "fingerprint": _quoted(self.fingerprint)}
                ),
                "prior": self.prior.text,
                "generator": self.generator.text,
                "discriminator": self.discriminator.text,
                "loss": f"[{', '.join([part.text for part in self.objectives])}]",
                "recipe": self.recipe.text,
                "device": _quoted(device_class),
                "engine": str(ENGINE_VERSION),
            }
        )

    def shares_data(self, origin: str) -> bool:
        """Whether a cell with this `origin` was trained on the same rows or law."""
        return f"data {self.fingerprint};" in origin

    @property
    def origin(self) -> str:
        """Versions of data, components and engine, in one short text."""
        parts = (self.dataset, self.prior, self.generator, self.discriminator, self.loss)
        owners = {part.entry.owner for part in (*parts, *self.regularizers)} - {""}
        return f"{', '.join(sorted(owners))}; data {self.fingerprint}; engine {ENGINE_VERSION}"


_quoted = functools.lru_cache(maxsize=1024)(written)


def pair_label(generator: str, discriminator: str) -> str:
    """Name a pair of players: one name where both are alike, or where there is but one."""
    return (
        generator
        if discriminator in (generator, NOTHING.label)
        else f"{generator} vs {discriminator}"
    )


def digest(value: Any) -> str:
    """Hash JSON-compatible data to 16 hexadecimal digits."""
    return hashlib.sha256(written(value).encode()).hexdigest()[:16]


def plan(grid: Grid, registry: Registry, idle_rules: bool = False) -> list[Cell]:
    """Expand a grid to its cells; a cell that cannot be trained carries the reason in `misfit`.

    Args:
        grid: what to expand.
        registry: where its components come from.
        idle_rules: whether a rule may match no cell, as where flags have replaced an axis.

    Raises:
        SpecError: for anything in the grid that does not make sense.
    """
    rules = Rules(grid)
    builder = _Builder(grid, rules, Workshop(registry))
    cells: list[Cell] = []
    seen: set[tuple[object, ...]] = set()
    for parts in combinations(grid, builder.workshop):
        found = rules.matched(parts)
        if rules.exclude(found):
            continue
        cell = builder.cell(parts, found)
        look = (*cell.labels.values(), id(cell.recipe))  # equal recipes are one object
        if look not in seen:
            seen.add(look)
            cells.append(cell)
    for rule in () if idle_rules else rules.idle:
        where = ", ".join(f"{key} = {value!r}" for key, value in rule.where.items())
        raise SpecError(f"The rule where {where} matches no cell of the grid.")
    return cells


class _Builder:
    """Makes cells of their parts; remembers what any part, or any two, have answered."""

    def __init__(self, grid: Grid, rules: Rules, workshop: Workshop) -> None:
        self.grid, self.rules, self.workshop = grid, rules, workshop
        self.recipes = _Recipes()
        self._resolved: dict[tuple[object, ...], Recipe] = {}
        self._advice = functools.cache(_advice)
        self._player_misfit = functools.cache(player_misfit)
        self._warnings = functools.cache(warnings_of)
        self._regularizers = functools.cache(_regularizers)

    def cell(self, parts: Parts, found: int) -> Cell:
        """Make a cell of its parts and of the rules that it has `found`."""
        (dataset,), (generator, discriminator), objectives, (prior,) = parts
        loss, fingerprint = objectives[0], self.workshop.fingerprint(dataset)
        if loss is NOTHING:
            nothing = (NOTHING, NOTHING, ())
            reason = baseline_misfit(dataset, generator)
            default = self.recipes.shared(Recipe())
            return Cell(dataset, NOTHING, generator, *nothing, default, fingerprint, reason)
        if loss.value.output is None:
            discriminator = NOTHING
        added = self._regularizers(objectives)
        trained = self._recipe((generator, discriminator, *objectives), found)
        reason = misfit(dataset, generator, discriminator, loss, added, self._player_misfit)
        return Cell(
            dataset,
            prior,
            generator,
            discriminator,
            loss,
            added,
            trained,
            fingerprint,
            reason or pretraining_misfit(generator, trained.pretraining_steps),
            self._warnings(dataset, prior),
        )

    def _recipe(self, parts: tuple[Built, ...], found: int) -> Recipe:
        """Resolve a recipe, once for all parts that give the same advice under the same rules."""
        advice = [self._advice(part) for part in parts if part is not NOTHING]
        asked = (found, *[text for _, _, text in advice])
        if asked not in self._resolved:
            settings = [("train", self.grid.train), *map(_origin, self.rules.overrides(found))]
            layers = [(where, said) for where, said, _ in advice]
            self._resolved[asked] = self.recipes.shared(_resolved(layers, settings))
        return self._resolved[asked]


class _Recipes:
    """Makes equal recipes one object."""

    def __init__(self) -> None:
        self._by_text: dict[str, Recipe] = {}

    def shared(self, new: Recipe) -> Recipe:
        """Return the first recipe that was like this one."""
        return self._by_text.setdefault(new.text, new)


def _regularizers(objectives: tuple[Built, ...]) -> tuple[Built, ...]:
    return objectives[1:]


def _advice(part: Built) -> tuple[str, Mapping[str, Any], str]:
    """Ask a component for the settings that it recommends; also returns them as a text."""
    with part.answering():
        settings = dict(part.value.recipe)
        return f"{_ADVICE}{part.label}", settings, repr(settings)


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
    workshop, recipes = Workshop(registry), _Recipes()
    return [_restored(record, workshop, recipes) for record in records]


def _restored(record: Mapping[str, Any], workshop: Workshop, recipes: _Recipes) -> Cell:
    (dataset,) = workshop.single("dataset", components.parse(record["dataset"]))
    fingerprint = workshop.fingerprint(dataset)
    trained = recipes.shared(Recipe(**record["recipe"]))
    if record["loss"] == NOTHING.label:
        (fitted,) = workshop.single("baseline", components.parse(record["generator"]))
        return Cell(dataset, NOTHING, fitted, NOTHING, NOTHING, (), trained, fingerprint)
    generator, discriminator = (
        NOTHING if name == NOTHING.label else workshop.player(components.parse_single(name))
        for name in (record["generator"], record["discriminator"])
    )
    loss, *added = workshop.objectives(components.parse(record["loss"]))
    (prior,) = workshop.single("prior", components.parse(record["prior"]))
    players = (generator, discriminator)
    return Cell(dataset, prior, *players, loss, tuple(added), trained, fingerprint)
