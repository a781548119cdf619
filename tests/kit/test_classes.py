"""The classes that third parties subclass in their test files."""

import pytest
import test_broken_data as data
import test_broken_words as words

from ganbench import testing
from ganbench.components import Component
from ganbench.plugins import KINDS, Entry, Registry, load_plugins
from ganbench.testing import LossConformance, PriorConformance
from ganbench.testing.suite import RULES, rules_of


def registry_of(kind, factory):
    nothing = load_plugins([])
    entry = Entry(kind, "mine", factory, "mine", "me 1.0")
    return Registry({**nothing.entries, kind: {"mine": (entry,)}}, (), nothing.observers)


class TestMine(PriorConformance):
    component = "mine"

    @classmethod
    def registry(cls):
        return registry_of("prior", data.Gaussian)


class Broken(LossConformance):
    component = "mine"

    @classmethod
    def registry(cls):
        def mute():
            """No sentence"""
            return words.game()

        return registry_of("loss", mute)


def test_there_is_a_class_for_every_kind():
    classes = [getattr(testing, name) for name in testing.__all__]
    assert {each.kind for each in classes} == {*KINDS} - {"grid"}
    for each in classes:
        tests = [name for name in dir(each) if name.startswith("test_")]
        assert len(tests) == len(rules_of(each.kind)) > 3


def test_a_broken_rule_fails_with_its_name_and_how_to_mend_it():
    with pytest.raises(pytest.fail.Exception) as failed:
        Broken().test_has_a_summary()
    assert "is a sentence that says what it is" in str(failed.value)
    assert "The first line is 'No sentence'" in str(failed.value)
    assert "Begin the docstring" in str(failed.value)


def test_a_rule_that_says_nothing_is_skipped_with_a_reason():
    with pytest.raises(pytest.skip.Exception, match="nothing to learn"):
        TestMine().test_learns_with_all_its_parameters()


def test_every_rule_says_what_it_asks_and_how_to_mend_it():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert rule.statement.endswith(".")
        assert rule.mend.endswith(".")
        assert rule.kinds
    assert Component("mine") == TestMine.subject().component
