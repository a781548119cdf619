"""The conformance kit over everything that is registered."""

import os
import re
from dataclasses import replace

import pytest

from ganbench.cache import hidden
from ganbench.cells import plan
from ganbench.components import Component, parse_single
from ganbench.grid import load_grid
from ganbench.plugins import load_plugins
from ganbench.seeding import derive
from ganbench.testing.declared import KINDS
from ganbench.testing.rules import NotApplicable, judge
from ganbench.testing.subject import Subject
from ganbench.testing.suite import RULES, rules_of

REGISTRY = load_plugins()
RULE = {rule.name: rule for rule in RULES}
SHORT = {"pydoc": "pydoc(length=8, max_symbols=16)"}
"""Datasets whose rows are long by default."""
QUICK = {"moves-are-finite", "gradients-match-finite-differences", "works-in-float64"}
"""Rules for variants of losses that are tried with their defaults already."""
FGANS = ("kl", "reverse_kl", "pearson", "neyman", "hellinger", "js", "gan", "tv", "alpha")
VARIANTS = [
    *[f"fgan(divergence='{name}')" for name in FGANS],
    *[f"fgan(divergence='{name}', generator='heuristic')" for name in FGANS],
    *["ra(kind='ls')", "ra(kind='hinge')", "ebgan(pulling_away=True)"],
    *["mmd(kernel='rbf', penalised=False)", "sinkhorn(embedding=4)"],
    "sliced(embedding=4, projections=7)",
]


def subject(kind, name, *data):
    return Subject(kind, parse_single(SHORT.get(name, name)), REGISTRY, data)


SUBJECTS = [subject(kind, name) for kind in KINDS for name in REGISTRY.names(kind)]
SUBJECTS += [Subject("plugin", Component(plugin.name), REGISTRY) for plugin in REGISTRY.plugins]
CASES = [(each, rule) for each in SUBJECTS for rule in rules_of(each.kind)]
CASES += [
    (each, rule)
    for each in (subject("loss", text) for text in VARIANTS)
    for rule in rules_of("loss")
    if rule.name in QUICK
]


def check(each, rule):
    verdict = judge(rule, each)
    assert verdict.status != "failed", verdict.found


def check_alone(each, name):
    """Check one rule, without those that it builds on: other tests do that."""
    check(each, replace(RULE[name], after=None))


@pytest.mark.parametrize(
    ("each", "rule"),
    CASES,
    ids=[f"{each.kind}-{each.component}-{rule.name}" for each, rule in CASES],
)
def test_built_ins_keep_every_rule(each, rule):
    check(each, rule)


def needs_nothing(name):
    """Whether it can be built without a file of the user's and without the network."""
    if any(parameter.required for parameter in REGISTRY.find("dataset", name).parameters):
        return False
    with hidden():
        try:
            return bool(subject("dataset", name).built)
        except NotApplicable:
            return False


DATA = tuple(SHORT.get(name, name) for name in REGISTRY.names("dataset") if needs_nothing(name))


def fitting(kind):
    """Pair components of a kind with datasets that they fit.

    Of many pairs some are tried, always the same; GANBENCH_ALL_COMBINATIONS=1 tries all.
    """
    one_in = 1 if os.environ.get("GANBENCH_ALL_COMBINATIONS") else 8
    return [
        (name, law.label)
        for name in REGISTRY.names(kind)
        for law in subject(kind, name).fitting(DATA)
        if derive(0, name, law.label) % one_in == 0
    ]


@pytest.mark.parametrize(("name", "data"), fitting("metric"))
def test_metrics_see_how_samples_of_every_dataset_are_spoiled(name, data):
    check_alone(subject("metric", name, data), "gets-worse-with-the-sample")


@pytest.mark.parametrize(("name", "data"), fitting("baseline"))
def test_baselines_fit_every_dataset(name, data):
    check_alone(subject("baseline", name, data), "fits-a-law-and-draws-from-it")


@pytest.mark.parametrize(("name", "data"), fitting("architecture"))
def test_players_learn_on_every_dataset(name, data):
    check_alone(subject("architecture", name, data), "gradients-reach-every-parameter")


@pytest.mark.parametrize("name", DATA)
def test_a_finite_set_is_divided_into_halves(name):
    data = subject("dataset", name).value
    train, test = data.rows("train"), data.rows("test")
    if train is None:
        pytest.skip("drawn, not divided")
    assert abs(len(train) - len(test)) <= 1


@pytest.mark.parametrize("name", [n for n in REGISTRY.names("grid") if n != "flags"])
def test_named_grids_have_cells_that_fit_and_reasons_for_the_others(name):
    cells = plan(load_grid(name, REGISTRY), REGISTRY)
    fitting = [cell for cell in cells if cell.misfit is None]
    assert fitting
    assert fitting == cells or name not in ("smoke", "default")
    for cell in cells:
        assert cell.misfit is None or re.search(
            " (needs|fits|does not fit|offers no) ", cell.misfit
        )
