"""Components that no plugin registers, judged by the kit."""

from collections.abc import Callable
from typing import Any

import pytest

from ganbench.components import Component
from ganbench.plugins import Entry, Registry, load_plugins
from ganbench.testing.rules import Verdict, judge
from ganbench.testing.subject import Subject
from ganbench.testing.suite import rules_of


@pytest.fixture(scope="session")
def nothing() -> Registry:
    """A registry without plugins."""
    return load_plugins([])


@pytest.fixture(scope="session")
def made(nothing: Registry) -> Callable[..., Subject]:
    """Make a subject of a factory."""

    def make(kind: str, factory: Any, owners: int = 1, **params: Any) -> Subject:
        entries = tuple(Entry(kind, "mine", factory, f"p{i}", "me 1.0") for i in range(owners))
        every = {**nothing.entries, kind: {"mine": entries}}
        registry = Registry(every, (), nothing.observers)
        return Subject(kind, Component("mine", tuple(params.items())), registry)

    return make


@pytest.fixture(scope="session")
def caught(made: Callable[..., Subject]) -> Callable[..., str]:
    """Judge a factory by all rules in their order; return what the one that it breaks has found.

    As `plugin check` does: what a rule leaves behind in samples or caches hides nothing from those
    after it. Rules that come later are left out.
    """

    def catch(name: str, kind: str, factory: Any, **extra: Any) -> str:
        subject = made(kind, factory, **extra)
        for rule in rules_of(kind):
            verdict = judge(rule, subject)
            if rule.name == name:
                assert verdict.status == "failed", verdict
                return verdict.found
        raise AssertionError(f"There is no rule {name} for a {kind}.")

    return catch


@pytest.fixture(scope="session")
def verdicts(made: Callable[..., Subject]) -> Callable[..., dict[str, Verdict]]:
    """Judge a factory by all rules of its kind."""

    def every(kind: str, factory: Any) -> dict[str, Verdict]:
        subject = made(kind, factory)
        return {rule.name: judge(rule, subject) for rule in rules_of(kind)}

    return every
