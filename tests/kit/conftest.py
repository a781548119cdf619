"""Components that no plugin registers, judged by the kit."""

from collections.abc import Callable
from typing import Any

import pytest

from ganbench.components import Component
from ganbench.plugins import Entry, Registry, load_plugins
from ganbench.testing.rules import Verdict, judge
from ganbench.testing.subject import Subject
from ganbench.testing.suite import RULES, rules_of

RULE = {rule.name: rule for rule in RULES}


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
    """Judge a factory by one rule that it breaks; return what is found."""

    def catch(name: str, kind: str, factory: Any, **extra: Any) -> str:
        rule = RULE[name]
        assert kind in rule.kinds
        assert rule.statement.endswith(".")
        assert rule.mend.endswith(".")
        verdict = judge(rule, made(kind, factory, **extra))
        assert verdict.status == "failed", verdict
        return verdict.found

    return catch


@pytest.fixture(scope="session")
def verdicts(made: Callable[..., Subject]) -> Callable[..., dict[str, Verdict]]:
    """Judge a factory by all rules of its kind."""

    def every(kind: str, factory: Any) -> dict[str, Verdict]:
        subject = made(kind, factory)
        return {rule.name: judge(rule, subject) for rule in rules_of(kind)}

    return every
