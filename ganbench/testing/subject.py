"""What is checked: a component among its partners."""

import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ganbench.cells import Cell, plan
from ganbench.components import Component, parse_single
from ganbench.data import Dataset
from ganbench.errors import DeviceError, NotCachedError, SpecError
from ganbench.grid import Grid, make_grid
from ganbench.plugins import Built, Entry, Registry, load_plugins
from ganbench.testing.games import Play
from ganbench.testing.rules import BrokenRuleError, NotApplicable
from ganbench.testing.stand_ins import FACTORIES

if TYPE_CHECKING:
    from ganbench.testing.rules import Verdict

_OUTPUTS = ("score", "embedding", "energy")
_RECIPE = {
    "generator_steps": 3,
    "block": 2,
    "generator_optimizer": "sgd",
    "critic_optimizer": "sgd",
}
_ROWS = 6
"""Of a batch, as a critic sees them."""
_PARTNERS = {
    "datasets": ["kit-vectors"],
    "priors": ["kit-noise"],
    "architectures": ["kit-players"],
    "losses": ["kit-logistic"],
}
DATA = ("kit-vectors", "kit-points", "kit-table", "kit-image", "kit-sequence")
"""What metrics and baselines meet."""
FURTHER = ("kit-words", "kit-vectors(dim=1)")
"""What those meet that fit none of these."""
PLAYED = (
    "kit-vectors",
    "kit-image",
    "kit-image(side=16)",
    "kit-image(channels=3, side=32)",
    "kit-table",
    "kit-sequence",
)
"""What players meet; of images the first size that fits."""


@functools.cache
def installed() -> Registry:
    """Load the installed plugins, once."""
    return load_plugins()


@functools.cache
def with_stand_ins(registry: Registry) -> Registry:
    """Add the partners of the kit."""
    entries = {kind: dict(named) for kind, named in registry.entries.items()}
    for kind, factories in FACTORIES.items():
        for name, factory in factories.items():
            entries[kind][name] = (Entry(kind, name, factory, "conformance", "ganbench"),)
    return replace(registry, entries=entries)


@functools.cache
def _dataset(registry: Registry, expression: str) -> Built:
    return registry.build("dataset", parse_single(expression))


@dataclass(frozen=True, eq=False)
class Subject:
    """A component among its partners.

    Attributes:
        kind: of the component; "observer" or "plugin" for what a plugin does as a whole.
        component: its name and parameters.
        registry: where it and its partners come from.
        data: expressions of datasets that it has to get along with; by default those of the kit.
    """

    kind: str
    component: Component
    registry: Registry = field(repr=False)
    data: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Name it."""
        return f"{self.kind} {self.component}"

    @functools.cached_property
    def verdicts(self) -> "dict[str, Verdict]":
        """What rules have said of it so far, by their names."""
        return {}

    @functools.cached_property
    def entry(self) -> Entry:
        """What is registered under its name."""
        return self.registry.find(self.kind, self.component.name)

    @property
    def partners(self) -> Registry:
        """Its registry with the partners of the kit."""
        return with_stand_ins(self.registry)

    @functools.cached_property
    def built(self) -> Built:
        """The component as it is built for a run.

        Raises:
            NotApplicable: if it needs a parameter, or data that are not in the cache.
        """
        given = dict(self.component.params)
        missing = [p.name for p in self.entry.parameters if p.required and p.name not in given]
        if missing:
            raise NotApplicable(f"It needs {', '.join(missing)}; check it with a value for that.")
        try:
            return self.registry.build(self.kind, self.component)
        except (NotCachedError, DeviceError) as error:
            raise NotApplicable(str(error)) from error

    @property
    def value(self) -> Any:
        """What its factory made."""
        return self.built.value

    def anew(self) -> Any:
        """Call its factory once more, with nobody watching over global settings."""
        return self.entry.factory(**self.built.params)

    # ------------------------------------------------------------------------------ its partners

    @functools.cached_property
    def laws(self) -> list[Built]:
        """The datasets of the kit that it fits, or the first installed one that it fits.

        Raises:
            NotApplicable: if there is none.
        """
        found = list(self.fitting(self.data or DATA))
        others = self.fitting((*FURTHER, *self.registry.names("dataset")))
        found = found or list(itertools.islice(others, 1))
        if not found:
            raise NotApplicable("It fits no dataset of the kit, and none that is installed.")
        return found

    def fitting(self, expressions: Iterable[str]) -> Iterator[Built]:
        """Yield those of some datasets that it fits."""
        for text in expressions:
            try:
                law = _dataset(self.partners, text)
            except (NotCachedError, SpecError):
                continue
            if self._misfit(law.value) is None:
                yield law

    def _misfit(self, data: Dataset) -> str | None:
        kinds = getattr(self.value, "kinds", None)
        if kinds is not None and data.spec.kind not in kinds:
            return f"{data.spec.kind} is not among its kinds"
        reason: str | None = self.value.misfit(data.spec if self.kind == "architecture" else data)
        return reason

    @functools.cached_property
    def cells(self) -> list[Cell]:
        """The cells in which it is tried, as a loss, a regularizer or a family of players.

        Raises:
            BrokenRuleError: if it fits none of the partners of the kit.
        """
        planned = [cell for axes in self._axes() for cell in plan(self._grid(axes), self.partners)]
        fitting: dict[tuple[str, ...], Cell] = {}
        for cell in planned:
            if cell.misfit is None:
                fitting.setdefault(self._aspect(cell), cell)
        if not fitting:
            reasons = "; ".join(dict.fromkeys(str(cell.misfit) for cell in planned))
            raise BrokenRuleError(f"It fits none of the kit's partners: {reasons}.")
        return list(fitting.values())

    @functools.cached_property
    def plays(self) -> list[Play]:
        """The same, as they begin to train."""
        return [Play(cell, self._role(cell)) for cell in self.cells]

    @property
    def sides(self) -> list[Play]:
        """One of these for each player that it is: what is slow to try is tried on them."""
        roles = {play.role: play for play in reversed(self.plays)}
        return list(roles.values())

    def _role(self, cell: Cell) -> str:
        """Say which player it is, of players: "generator" or "critic"."""
        if self.kind != "architecture":
            return ""
        return "generator" if cell.generator.label == self.built.label else "critic"

    def _axes(self) -> Iterator[dict[str, Any]]:
        """Yield the axes of grids that show every side of it."""
        name, data = str(self.component), list(self.data or PLAYED)
        if self.kind == "loss":
            yield {"losses": [name], "datasets": data}
        elif self.kind == "regularizer":
            yield {"losses": [f"kit-logistic+{name}"], "datasets": data}
        else:
            if hasattr(self.value, "generator"):
                pair = {"generator": name, "discriminator": "kit-players"}
                yield {"architectures": [pair], "datasets": data}
            if hasattr(self.value, "discriminator"):
                pair = {"generator": "kit-players", "discriminator": name}
                losses = [f"kit-logistic(output='{output}')" for output in _OUTPUTS]
                yield {"architectures": [pair], "datasets": data, "losses": losses}

    def _aspect(self, cell: Cell) -> tuple[str, ...]:
        """Name what a cell shows; of cells that show the same, the first is enough."""
        kind = cell.dataset.value.spec.kind
        if self.kind != "architecture":
            return ("image",) if kind == "image" else ("flat",)
        return (self._role(cell), kind, cell.loss.label if kind == "vector" else "")

    def _grid(self, axes: dict[str, Any]) -> Grid:
        recipe = {**_RECIPE, "batch_size": _ROWS * int(self.value.recipe.get("packing", 1))}
        fields = {"name": "conformance", "train": recipe, **_PARTNERS, **axes}
        return make_grid(fields, origin="conformance")
