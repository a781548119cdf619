"""All rules, and which components a name stands for."""

from collections.abc import Iterator
from contextlib import suppress

from ganbench.components import Component, bind, parse_single
from ganbench.errors import PluginError, SpecError
from ganbench.plugins import Registry
from ganbench.testing import (
    baselines,
    datasets,
    declared,
    discovery,
    exercise,
    metrics,
    playing,
    priors,
    trackers,
)
from ganbench.testing.rules import NotApplicable, Rule
from ganbench.testing.subject import Subject

_MODULES = (
    discovery, declared, exercise, playing, datasets, priors, metrics, baselines, trackers,
)  # fmt: skip
RULES: tuple[Rule, ...] = tuple(
    dict.fromkeys(
        each for module in _MODULES for each in vars(module).values() if isinstance(each, Rule)
    )
)
"""Every rule, in the order in which they are checked."""


def rules_of(kind: str) -> list[Rule]:
    """List the rules for one kind."""
    return [rule for rule in RULES if kind in rule.kinds]


def subjects(text: str, registry: Registry) -> list[Subject]:
    """Find what is to be checked.

    Args:
        text: a component expression, or the name of a plugin, for all that it owns.
        registry: where to look.

    Raises:
        SpecError: if there is no such component and no such plugin, or the component does not
            take the parameters.
    """
    component = parse_single(text)
    owned = () if component.params else _owned(component.name, registry)
    refused, named = [], []
    for kind in declared.KINDS:
        if component.name in registry.entries[kind]:
            subject = Subject(kind, component, registry)
            try:
                _try_parameters(subject)
            except SpecError as error:
                refused.append(error)
            else:
                named.append(subject)
    found = {str(subject): subject for subject in (*owned, *named)}
    if not found and refused:
        raise refused[0]
    if not found:
        names = {name for kind in declared.KINDS for name in registry.names(kind)}
        plugins = {plugin.name for plugin in registry.plugins}
        raise registry.unknown("component or plugin", component.name, names | plugins)
    return list(found.values())


def _try_parameters(subject: Subject) -> None:
    """See that a component takes what is given; its defaults are for rules to judge."""
    if subject.component.params:
        with suppress(NotApplicable, PluginError):
            bind(subject.component, subject.entry.parameters)
            assert subject.built


def _owned(plugin: str, registry: Registry) -> Iterator[Subject]:
    """Yield a plugin of this name, its observers and its components."""
    names = {each.name for each in registry.plugins} & {plugin, f"{plugin}.py"}
    for name in sorted(names):
        yield Subject("plugin", Component(name), registry)
        if trackers.observers(registry, name):
            yield Subject("observer", Component(name), registry)
    for kind in declared.KINDS:
        for name in registry.names(kind):
            if any(entry.plugin in names for entry in registry.entries[kind][name]):
                yield Subject(kind, Component(name), registry)
