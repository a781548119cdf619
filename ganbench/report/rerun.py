"""The command that trains and scores one cell again, as it can be pasted."""

import contextlib
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from ganbench.axes import Workshop
from ganbench.components import parse, parse_single
from ganbench.errors import GanbenchError
from ganbench.grid import Evaluation
from ganbench.plugins import NOTHING, Built, Registry
from ganbench.recipe import resolve
from ganbench.store import Json


class Rerun:
    """Writes commands; asks each component once what it recommends.

    Args:
        registry: where components come from. Of one that is not there nothing is known, so that
            commands with it name every setting; without a registry, all do.
        evaluation: how cells were scored whose records do not say it, as those of format 1.
    """

    def __init__(self, registry: Registry | None, evaluation: Mapping[str, Any]) -> None:
        self._workshop = None if registry is None else Workshop(registry)
        self._evaluation = evaluation

    def command(self, cell: Json) -> str:
        """Write the command that trains and scores a cell again, to the same numbers.

        Args:
            cell: its record in experiment.json.
        """
        scored = [word for label in cell.get("scores", ()) for word in ("-m", label)]
        seeds = ["--seeds", _ranges(sorted(map(int, cell["runs"])))]
        device = ["--device", cell["device"].partition(" ")[0]] if "device" in cell else []
        said = cell.get("evaluation", self._evaluation)
        usual = {} if self._workshop is None else Evaluation().model_dump()
        evaluation = _flags("--evaluation", said, usual)
        return shlex.join(
            ["ganbench", "run", *self._parts(cell), *seeds, *scored, *evaluation, *device]
        )

    def _parts(self, cell: Json) -> Iterator[str]:
        labels: Mapping[str, str] = cell["labels"]
        yield from ("-d", labels["dataset"])
        if labels["loss"] == NOTHING.label:
            yield from ("-b", labels["generator"])
            return
        yield from ("-a", _players(labels["generator"], labels["discriminator"]))
        yield from ("-l", labels["loss"], "-p", labels["prior"])
        yield from _flags("--set", cell["recipe"], self._advised(labels))

    def _advised(self, labels: Mapping[str, str]) -> Mapping[str, Any]:
        """Resolve the recipe that holds where nothing is set; empty if that is not known."""
        if self._workshop is None:
            return {}
        with contextlib.suppress(GanbenchError):
            layers = []
            for part in _built(labels, self._workshop):
                with part.answering():
                    layers.append((part.label, part.value.recipe))
            return resolve(*layers).settings
        return {}


def _built(labels: Mapping[str, str], workshop: Workshop) -> Iterator[Built]:
    for role in ("generator", "discriminator"):
        if labels[role] != NOTHING.label:
            yield workshop.player(parse_single(labels[role]))
    yield from workshop.objectives(parse(labels["loss"]))


def _players(generator: str, discriminator: str) -> str:
    if discriminator in (generator, NOTHING.label):
        return generator
    return f"generator={generator} discriminator={discriminator}"


def _flags(flag: str, settings: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Set what is not as it is known to be anyway; what is None was never set."""
    for name, value in settings.items():
        if value is not None and value != known.get(name):
            text = value if isinstance(value, str) else json.dumps(value)
            yield from (flag, f"{name}={text}")


def _ranges(seeds: Sequence[int]) -> str:
    """Write ascending seeds as the command line reads them: 0-4,7-7."""
    breaks = [i for i, (a, b) in enumerate(pairwise(seeds), 1) if b != a + 1]
    runs = [seeds[a:b] for a, b in pairwise([0, *breaks, len(seeds)])]
    return ",".join(f"{run[0]}-{run[-1]}" for run in runs)
