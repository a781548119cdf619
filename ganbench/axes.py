"""From the expressions of a grid to the components on its axes."""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ganbench import components
from ganbench.components import Component
from ganbench.errors import SpecError
from ganbench.extent import check_extent
from ganbench.grid import Grid
from ganbench.plugins import NOTHING, Built, Registry


class Parts(NamedTuple):
    """The components of a cell, each axis by itself.

    Attributes:
        dataset: the law to learn.
        players: the generator and the discriminator.
        loss: the objectives, and what is added to them.
        prior: the noise.
    """

    dataset: tuple[Built]
    players: tuple[Built, Built]
    loss: tuple[Built, ...]
    prior: tuple[Built]


class Workshop:
    """Builds each component once, however many cells use it.

    Args:
        registry: where components come from.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._build = functools.cache(registry.build)
        self._fingerprints: dict[str, str] = {}

    def single(self, kind: str, joint: tuple[Component, ...]) -> tuple[Built]:
        """Build what must be one component."""
        if len(joint) != 1:
            text = "+".join(map(str, joint))
            raise SpecError(f"A {kind} is one component, not '{text}'.")
        return (self._build(kind, joint[0]),)

    def player(self, component: Component) -> Built:
        """Build a family of players."""
        return self._build("architecture", component)

    def objectives(self, joint: tuple[Component, ...]) -> tuple[Built, ...]:
        """Build a loss and what is added to it."""
        added = [self._build("regularizer", part) for part in joint[1:]]
        return (self._build("loss", joint[0]), *added)

    def fingerprint(self, dataset: Built) -> str:
        """Ask a dataset for the fingerprint of its rows."""
        if dataset.label not in self._fingerprints:
            with dataset.answering():
                self._fingerprints[dataset.label] = dataset.value.fingerprint()
        return self._fingerprints[dataset.label]


def combinations(grid: Grid, workshop: Workshop) -> Iterator[Parts]:
    """Yield the parts of every cell: those of the games, then the baselines.

    Raises:
        SpecError: if an axis is empty, or something on it makes no sense.
    """
    games = bool(grid.architectures or grid.losses or not grid.baselines)
    _refuse_empty(grid, games, workshop.registry)
    check_extent(grid)
    datasets = [workshop.single("dataset", each) for each in _expand(grid.datasets)]
    if games:
        players = [(workshop.player(g), workshop.player(d)) for g, d in _pairs(grid.architectures)]
        losses = [workshop.objectives(each) for each in _expand(grid.losses)]
        priors = [workshop.single("prior", each) for each in _expand(grid.priors)]
        yield from itertools.starmap(Parts, itertools.product(datasets, players, losses, priors))
    fitted = [workshop.single("baseline", each) for each in _expand(grid.baselines)]
    for dataset, (baseline,) in itertools.product(datasets, fitted):
        yield Parts(dataset, (baseline, NOTHING), (NOTHING,), (NOTHING,))


def _refuse_empty(grid: Grid, games: bool, registry: Registry) -> None:
    fields = ["datasets", "architectures", "losses", "priors"]
    for field_name in fields if games else fields[:1]:
        if not getattr(grid, field_name):
            kind = field_name.removesuffix("es" if field_name == "losses" else "s")
            names = ", ".join(registry.names(kind)) or "none"
            raise SpecError(f"The grid names no {field_name}. Available: {names}.")


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
    found = []
    for entry in entries:
        if isinstance(entry, str):
            first, second = components.parse_pair(entry)
            alike = first == second
            found += list(
                zip(first.axes(), first.axes(), strict=True)
                if alike
                else itertools.product(first.axes(), second.axes())
            )
        elif set(entry) == {"generator", "discriminator"}:
            generators, discriminators = (
                [each for text in several(entry[role]) for each in _axes_of(text)]
                for role in ("generator", "discriminator")
            )
            found += list(itertools.product(generators, discriminators))
        else:
            raise SpecError(
                f"An architecture is a text or has a generator and a discriminator: {dict(entry)}."
            )
    return found


def several(texts: str | list[str]) -> list[str]:
    """Read one text, or any of several."""
    return [texts] if isinstance(texts, str) else texts


def _axes_of(text: str) -> list[Component]:
    return components.parse_single(text).axes()
