"""What a component says of itself wrongly is told, rule by rule."""

import random
import re

import numpy as np
import pytest
import torch

from ganbench.api import PositiveFloat, SpecError, from_scores
from ganbench.testing.rules import judge
from ganbench.testing.suite import RULES, rules_of, subjects

RULE = {rule.name: rule for rule in RULES}


def game(weight=1.0):
    return from_scores(
        lambda real, fake: weight * (fake.sigmoid() - real).mean(), lambda real, fake: -fake.mean()
    )


def plain(weight: PositiveFloat = 1.0):
    """Plain.

    Args:
        weight: of the scores.

    Source: an example
    """
    return game(weight)


def test_a_sound_one_passes(verdicts):
    found = verdicts("loss", plain)
    assert {verdict.status for verdict in found.values()} == {"ok"}, found


def test_two_owners(caught):
    assert "several owners" in caught("has-a-name-of-its-own", "loss", plain, owners=2)


def test_no_sentence(caught):
    def mute():
        """No sentence"""
        return game()

    assert "'No sentence'" in caught("has-a-summary", "loss", mute)


def test_no_source(caught):
    def stolen():
        """Stolen."""
        return game()

    assert "`Source:`" in caught("names-its-source", "loss", stolen)


def test_no_meaning(caught):
    def silent(weight: float = 1.0):
        """Silent."""
        return game(weight)

    def untyped(weight=1.0):
        """Untyped.

        Args:
            weight: of the scores.
        """
        return game(weight)

    assert "'weight' is not explained" in caught("documents-its-parameters", "loss", silent)
    assert "'weight' has no type" in caught("documents-its-parameters", "loss", untyped)


def test_no_default(caught):
    def asking(weight: float):
        """Asking."""
        return game(weight)

    def bad(weight: PositiveFloat = -1.0):
        """Bad."""
        return game(weight)

    assert "no default for weight" in caught("works-with-its-defaults", "loss", asking)
    assert "must be float > 0" in caught("works-with-its-defaults", "loss", bad)


def test_no_check(caught):
    def careless(size: int = 3):
        """Careless."""
        torch.zeros(size)
        return game()

    def anything(size: object = 3):
        """Anything."""
        return game()

    def careful(size: int = 3):
        """Careful."""
        if size < 0:
            raise SpecError("size must be at least 0.")
        return careless(size)

    rule = "refuses-bad-parameters-in-a-sentence"
    assert "mine(size=-1) raised RuntimeError" in caught(rule, "loss", careless)
    assert "'size' takes anything" in caught(rule, "loss", anything)
    with pytest.raises(AssertionError, match="status='ok'"):
        caught(rule, "loss", careful)


@pytest.mark.parametrize(
    ("meddle", "what"),
    [
        (lambda: torch.rand(1), "torch's random state"),
        (lambda: np.random.rand(), "numpy's random state"),
        (random.random, "Python's random state"),
        (lambda: torch.set_default_dtype(torch.float64), "the default dtype"),
        (lambda: torch.set_num_threads(torch.get_num_threads() + 1), "the number of threads"),
        (lambda: np.seterr(all="ignore"), "what numpy does about errors"),
    ],
)
def test_global_state(caught, meddle, what):
    def meddling():
        """Meddling."""
        meddle()
        return game()

    assert what in caught("leaves-global-state-alone", "loss", meddling)
    assert torch.get_default_dtype() == torch.float32


def unkeyed(weight: PositiveFloat = 1.0):
    """Unkeyed.

    Args:
        weight: of nothing.

    Source: an example
    """
    return {}[weight]


def number():
    """Number.

    Source: an example
    """
    return 3


@pytest.mark.parametrize(
    ("factory", "words"),
    [
        (unkeyed, "KeyError: 1.0 (test_broken_words.py"),
        (number, "It does not set `output`, which must be Output or None."),
    ],
)
def test_what_cannot_be_built_is_told_by_one_rule(verdicts, factory, words):
    found = verdicts("loss", factory)
    broken = [name for name, verdict in found.items() if verdict.status == "failed"]
    assert broken == ["can-be-built"]
    assert words in found["can-be-built"].found
    assert found["moves-are-finite"].found == "It breaks can-be-built, and cannot be tried."


def test_two_owners_are_told_by_one_rule(made):
    subject = made("loss", plain, owners=2)
    found = [judge(rule, subject) for rule in rules_of("loss")]
    assert [each.rule.name for each in found if each.status == "failed"] == [
        "has-a-name-of-its-own"
    ]


def test_parameters_that_it_does_not_take_are_the_users(made):
    def careful(low: int = 0, high: int = 1):
        """Careful."""
        if low > high:
            raise SpecError(f"low={low} must be at most high={high}.")
        return game()

    registry = made("loss", careful).registry
    for text, words in (
        ("mine(low=2)", "low=2 must be at most high=1"),
        ("mine(low='a')", "low must be int"),
        ("mine(lwo=2)", "Did you mean 'low'?"),
    ):
        with pytest.raises(SpecError, match=re.escape(words)):
            subjects(text, registry)
    (subject,) = subjects("mine(high=3)", registry)
    assert subject.built.params == {"low": 0, "high": 3}
    (broken,) = subjects("mine(weight=2.0)", made("loss", unkeyed).registry)
    assert judge(RULE["can-be-built"], broken).status == "failed"
