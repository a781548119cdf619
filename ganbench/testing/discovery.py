"""What plugins must do as a whole: load, and load quickly."""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import EntryPoint
from typing import Any

from ganbench.plugins import known_points
from ganbench.testing.rules import NotApplicable, require, rule
from ganbench.testing.subject import Subject

_SECONDS = 2.0
_HEAVY = (
    "pandas", "scipy", "sklearn", "matplotlib", "seaborn", "pyarrow", "torchvision", "tensorflow",
    "tensorboard", "jax", "mlflow", "wandb", "transformers", "datasets", "ray",
)  # fmt: skip
"""Libraries that take long to import; which of them a plugin loads is told."""


@rule(
    "plugin",
    mend="Do as the reason says; an error shows whole where Python imports the module.",
)
def can_be_loaded(subject: Subject) -> str:
    """The plugin is loaded, and not disabled."""
    named = [each for each in subject.registry.plugins if each.name == str(subject.component)]
    for plugin in named:
        require(plugin.status == "loaded", f"It is disabled: {plugin.reason}")
    provided = [component for plugin in named for component in plugin.provides]
    return f"it provides {', '.join(provided) or 'observers alone'}"


@rule(
    "plugin",
    after=can_be_loaded,
    mend="Import what is slow to load inside the functions that need it: every command "
    "loads every plugin.",
)
def is_quick_to_discover(subject: Subject) -> str:
    """Importing it takes less than two seconds of computing, besides what ganbench.api takes."""
    name = str(subject.component)
    points = [point for point in known_points() if point.name == name]
    if not points:
        raise NotApplicable("It is no installed plugin and no file.")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["ganbench.plugins"])
    with ProcessPoolExecutor(1, context) as fresh:
        seconds, loaded = fresh.submit(_imported, points).result()
    told = f"its import takes {seconds:.2f} s" + (
        f" and loads {', '.join(loaded)}" if loaded else ""
    )
    require(seconds < _SECONDS, f"{told[0].upper()}{told[1:]}.")
    return told


def _imported(points: Sequence[EntryPoint | Any]) -> tuple[float, list[str]]:
    """Import what has one name in a process that has imported ganbench alone."""
    import sys

    before, start = set(sys.modules), time.process_time()
    for point in points:
        point.load()
    seconds = time.process_time() - start
    return seconds, [name for name in _HEAVY if name in sys.modules.keys() - before]
