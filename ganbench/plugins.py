"""Discovery of plugins: entry points and files -> an immutable `Registry`.

A plugin that cannot be imported, raises in a hook or implements an unknown hook is disabled by
itself and reported; nothing that it does stops the others.
"""

import functools
import hashlib
import importlib.util
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from ganbench import components, hookspecs
from ganbench.api import API_VERSION, OLDEST_API_VERSION
from ganbench.cache import folder
from ganbench.canonical import joined, written
from ganbench.components import Component, Parameter
from ganbench.contracts import check_declared
from ganbench.errors import (
    GanbenchError,
    NotCachedError,
    PluginError,
    SpecError,
    UnknownComponentError,
)
from ganbench.escaping import ended, said
from ganbench.isolation import unchanged
from ganbench.naming import is_name

GROUP = "ganbench"
SELECT_VARIABLE = "GANBENCH_PLUGINS"
FILES_VARIABLE = "GANBENCH_PLUGIN_FILES"
Named = tuple[str | None, ...]
"""Which plugins are to be loaded; see `named_plugins`."""
KINDS = {
    "architecture": "ganbench_architectures",
    "loss": "ganbench_losses",
    "regularizer": "ganbench_regularizers",
    "dataset": "ganbench_datasets",
    "prior": "ganbench_priors",
    "baseline": "ganbench_baselines",
    "metric": "ganbench_metrics",
    "tracker": "ganbench_trackers",
    "grid": "ganbench_grids",
}


@dataclass(frozen=True)
class Plugin:
    """One entry point and what became of it.

    Attributes:
        name: of the entry point.
        owner: distribution and version, or file and the beginning of its sha256.
        status: "loaded" or "disabled".
        reason: why it is disabled.
        provides: what it offers.
        source: where its code is from, as JSON: `direct_url` of the packaging standard (PEP 610)
            for a distribution that no index gave, `file` and `sha256` for a single file.
    """

    name: str
    owner: str
    status: str
    reason: str = ""
    provides: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One named component: its factory (for a grid, its file) and who owns it."""

    kind: str
    name: str
    factory: Callable[..., Any]
    plugin: str
    owner: str

    @functools.cached_property
    def doc(self) -> str:
        """The factory's docstring."""
        return inspect.getdoc(self.factory) or ""

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return self.doc.split("\n", 1)[0]

    @property
    def source(self) -> str:
        """What the docstring names after `Source:`."""
        return self.said("Source")

    def said(self, title: str) -> str:
        """What the docstring names after this title and a colon, in one line."""
        match = re.search(rf"^\s*{title}:\s*(.+(?:\n[ \t]+\S.*)*)", self.doc, re.MULTILINE)
        return " ".join(match[1].split()) if match else ""

    @functools.cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Parameters from the typed signature."""
        return components.parameters(self.factory)


@dataclass(frozen=True, eq=False)
class Built:
    """A component with all parameters filled in, and the object that its factory made.

    It equals only itself, so that what is known of it can be looked up by it.
    """

    label: str
    entry: Entry
    params: Mapping[str, Any]
    value: Any

    @property
    def identity(self) -> dict[str, Any]:
        """What decides its numbers, for hashing."""
        params = {key: _jsonable(value) for key, value in self.params.items()}
        return {"name": self.entry.name, "owner": self.entry.owner, "params": params}

    @functools.cached_property
    def members(self) -> Mapping[str, str]:
        """What its identity holds, each written as canonical JSON."""
        return {key: written(value) for key, value in self.identity.items()}

    @functools.cached_property
    def text(self) -> str:
        """Its identity as canonical JSON."""
        return joined(self.members)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Blame the plugin for whatever goes wrong inside the block."""
        try:
            with unchanged():
                yield
        except GanbenchError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"The {self.entry.kind} '{self.label}' of plugin '{self.entry.plugin}' failed: "
                f"{said(error)}"
            ) from error


NOTHING = Built("none", Entry("nothing", "none", lambda: None, "", ""), {}, None)
"""Stands for what a cell does not have: a baseline's loss, prior and discriminator, and the
discriminator of a loss without a critic."""


@dataclass(frozen=True, eq=False)
class Registry:
    """All components by kind and name, with the plugins that they come from.

    It equals only itself, so that what was built from it can be looked up by it.
    """

    entries: Mapping[str, Mapping[str, tuple[Entry, ...]]]
    plugins: tuple[Plugin, ...]
    observers: pluggy.HookRelay = field(repr=False)

    def names(self, kind: str) -> list[str]:
        """List the names of one kind."""
        return sorted(self.entries[kind])

    def unknown(self, kind: str, name: str, choices: Iterable[str]) -> UnknownComponentError:
        """Make the error for a name that nobody owns; see `components.unknown`.

        A plugin that is disabled may own it, which is said.
        """
        problem = components.unknown(kind, name, choices, "ganbench list")
        disabled = [plugin.name for plugin in self.plugins if plugin.status != "loaded"]
        if not disabled:
            return problem
        told = f"Disabled plugins: {', '.join(disabled)}. `ganbench plugin list` says why."
        return UnknownComponentError(f"{problem} {told}")

    def find(self, kind: str, name: str) -> Entry:
        """Look a component up.

        Raises:
            UnknownComponentError: if nobody owns the name; suggests and lists the choices.
            PluginError: if two plugins own it.
        """
        owners = self.entries[kind].get(name)
        if not owners:
            raise self.unknown(kind, name, self.entries[kind])
        if len(owners) > 1:
            both = " and ".join(f"'{entry.plugin}' of {entry.owner}" for entry in owners)
            raise PluginError(
                f"The {kind} '{name}' has several owners: plugins {both}. "
                f"Uninstall one, leave its file out, or name the plugins to load in "
                f"{SELECT_VARIABLE}."
            )
        return owners[0]

    def build(self, kind: str, component: Component) -> Built:
        """Validate the parameters and call the factory.

        Raises:
            SpecError: for an unknown name or a bad parameter.
            NotCachedError: if it needs data that were not fetched yet.
            PluginError: if the factory fails, or makes what is no such component.
        """
        entry = self.find(kind, component.name)
        params = components.bind(component, entry.parameters)
        try:
            with unchanged():
                value = entry.factory(**params)
                check_declared(kind, value)
        except NotCachedError as error:
            raise NotCachedError(
                f"The {kind} '{component}' needs {error}, which is not in the cache {folder()}: "
                f'fetch it once with `ganbench fetch "{component}"`, then no network is needed.'
            ) from None
        except PluginError as error:
            told = f"The {kind} '{component}' of plugin '{entry.plugin}' cannot be used: {error}"
            raise PluginError(told) from error
        except GanbenchError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"The {kind} '{component}' of plugin '{entry.plugin}' failed to build: "
                f"{said(error)}"
            ) from error
        label = str(components.shortest(component, entry.parameters, params))
        return Built(label, entry, params, value)

    def file(self, name: str) -> Path:
        """Return the file of a named grid.

        Raises:
            UnknownComponentError: if nobody owns the name.
        """
        path: Path = self.find("grid", name).factory()
        return path


@dataclass(frozen=True)
class _File:
    """A plugin in a Python file that is not installed, in the manner of an entry point."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def value(self) -> str:
        """What owns its components: results change with what the file says."""
        return f"{self.name} {self.digest[:8]}"

    @property
    def digest(self) -> str:
        """The sha256 of the file."""
        content = self.path.read_bytes() if self.path.is_file() else b""
        return hashlib.sha256(content).hexdigest()

    def load(self) -> ModuleType:
        """Run the file."""
        name = f"{GROUP}_file_{self.path.stem}"
        spec = importlib.util.spec_from_file_location(name, self.path)
        if spec is None or spec.loader is None or not self.path.is_file():
            raise PluginError(f"'{self.path}' is no Python file.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module


@contextmanager
def plugin_files(paths: Iterable[str | Path]) -> Iterator[None]:
    """Let plugin files be loaded inside the block, also by the workers that it starts.

    Raises:
        SpecError: if one of them is no file.
    """
    named = [Path(path).absolute() for path in paths]
    for path in named:
        if path.suffix != ".py" or not path.is_file():
            raise SpecError(
                f"'{path}' is no Python file; name the file of a plugin, such as my_gan.py."
            )
    before = os.environ.get(FILES_VARIABLE)
    every = [*filter(None, [before]), *map(str, named)]
    os.environ[FILES_VARIABLE] = os.pathsep.join(every)
    try:
        yield
    finally:
        if before is None:
            del os.environ[FILES_VARIABLE]
        else:
            os.environ[FILES_VARIABLE] = before


def known_points() -> "list[EntryPoint | _File]":
    """List where plugins are loaded from: entry points that are chosen, and files."""
    return [*_selected(list(entry_points(group=GROUP))), *_files()]


def _files() -> list[_File]:
    files: dict[str, _File] = {}
    for path in map(Path, filter(None, os.environ.get(FILES_VARIABLE, "").split(os.pathsep))):
        other = files.setdefault(path.name, _File(path)).path
        if other != path:
            raise SpecError(
                f"The plugin files '{other}' and '{path}' have the same name; rename one of them."
            )
    return list(files.values())


def named_plugins() -> Named:
    """Return what `load_plugins` depends on: the installed plugins named, and the files."""
    return (os.environ.get(SELECT_VARIABLE), *(file.value for file in _files()))


def load_plugins(points: Iterable[EntryPoint] | None = None) -> Registry:
    """Load the installed plugins, or those of the given entry points, and plugin files.

    The environment variable GANBENCH_PLUGINS, a comma-separated list of plugin names, selects
    among those that are installed; empty it loads none. GANBENCH_PLUGIN_FILES lists the paths of
    plugin files, separated as in PATH; `plugin_files` adds to it.

    Raises:
        UnknownComponentError: if GANBENCH_PLUGINS names a plugin that is not installed.
        SpecError: if two files have the same name.
    """
    found = list(entry_points(group=GROUP) if points is None else points)
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    entries: dict[str, dict[str, tuple[Entry, ...]]] = {kind: {} for kind in KINDS}
    plugins = []
    chosen: list[EntryPoint | _File] = [*_selected(found), *_files()]
    for point in sorted(chosen, key=lambda point: (point.name, point.value)):
        # Where the backport importlib_metadata is loaded, entry points are of a class of its own.
        dist = None if isinstance(point, _File) else point.dist
        owner = f"{dist.name} {dist.version}" if dist else point.value
        try:
            with unchanged():
                provided = _load_one(point, owner, manager)
        except (Exception, SystemExit) as error:
            reason = str(error) if isinstance(error, PluginError) else said(error)
            plugins.append(Plugin(point.name, owner, "disabled", reason, source=_source(point)))
            continue
        for entry in provided:
            owners = entries[entry.kind].get(entry.name, ())
            entries[entry.kind][entry.name] = (*owners, entry)
        labels = tuple(f"{entry.kind} {entry.name}" for entry in provided)
        plugins.append(Plugin(point.name, owner, "loaded", "", labels, _source(point)))
    return Registry(entries, tuple(plugins), manager.hook)


def load_for_use() -> Registry:
    """Load the plugins as `load_plugins` does, and insist on the files that somebody named.

    Raises:
        UnknownComponentError: as `load_plugins`.
        SpecError: as `load_plugins`, and if a file that was named is disabled.
    """
    registry = load_plugins()
    for plugin in registry.plugins:
        if plugin.status != "loaded" and "file" in plugin.source:
            raise SpecError(ended(f"{plugin.name} is disabled: {plugin.reason}"))
    return registry


def _source(point: EntryPoint | _File) -> Mapping[str, Any]:
    if isinstance(point, _File):
        return {"file": point.path.name, "sha256": point.digest}
    text = point.dist.read_text("direct_url.json") if point.dist else None
    try:
        direct = json.loads(text or "{}")
    except ValueError:
        direct = None
    return {"direct_url": direct} if direct and isinstance(direct, dict) else {}


def _selected(points: list[EntryPoint]) -> list[EntryPoint]:
    variable = os.environ.get(SELECT_VARIABLE)
    if variable is None:
        return points
    wanted = {name.strip() for name in variable.split(",") if name.strip()}
    installed = {point.name for point in points}
    for name in sorted(wanted - installed):
        raise components.unknown(f"plugin (from {SELECT_VARIABLE})", name, installed)
    return [point for point in points if point.name in wanted]


def _load_one(point: EntryPoint | _File, owner: str, manager: pluggy.PluginManager) -> list[Entry]:
    """Import one plugin and ask for its components; register it only if all of that works."""
    module = point.load()
    _check_version(getattr(module, "ganbench_api_version", API_VERSION))
    trial = pluggy.PluginManager(GROUP)
    trial.add_hookspecs(hookspecs)
    trial.register(module, point.name)
    try:
        trial.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"It implements a hook that does not exist: {error}") from error
    entries = [
        Entry(kind, name, factory, point.name, owner)
        for kind, hook in KINDS.items()
        for provided in getattr(trial.hook, hook)()
        for name, factory in _checked(provided, hook, kind).items()
    ]
    manager.register(module, f"{point.name} of {owner}")
    return entries


def _check_version(needed: object) -> None:
    """Refuse a plugin that was written for an interface which this ganbench does not serve."""
    if type(needed) is not int:
        raise PluginError(
            f"Its `ganbench_api_version` is {needed!r:.100}, and must be a whole number, such as "
            f"{API_VERSION}."
        )
    if needed > API_VERSION:
        raise PluginError(
            f"It needs version {needed} of the plugin interface, and this ganbench "
            f"{version('ganbench')} has {API_VERSION}: install a newer ganbench."
        )
    if needed < OLDEST_API_VERSION:
        raise PluginError(
            f"It was written for version {needed} of the plugin interface, and this ganbench "
            f"{version('ganbench')} serves {OLDEST_API_VERSION} and later: upgrade the plugin, or "
            "install an older ganbench."
        )


def _checked(provided: object, hook: str, kind: str) -> dict[str, Callable[..., Any]]:
    if not isinstance(provided, Mapping):
        raise PluginError(f"{hook} returned {type(provided).__name__}, not a mapping of names.")
    checked = {}
    for name, value in provided.items():
        if not isinstance(name, str) or not is_name(name):
            raise PluginError(f"{hook} offers the unusable name {name!r}.")
        if kind == "grid":
            checked[name] = _grid_file(Path(value))
        elif callable(value):
            checked[name] = value
        else:
            raise PluginError(f"{hook} offers '{name}' without a callable factory.")
    return checked


def _grid_file(path: Path) -> Callable[[], Path]:
    def grid() -> Path:
        return path

    lines = path.read_text(encoding="utf-8").splitlines()
    grid.__doc__ = lines[0].removeprefix("#").strip() if lines else ""
    return grid


def _jsonable(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
