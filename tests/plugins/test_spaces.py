"""The parameter `features` of metrics, from the expression to the details of a score."""

import json

import numpy as np
import pytest
import torch

from ganbench.api import MetricContext
from ganbench.components import parse_single
from ganbench.errors import SpecError
from ganbench.evaluation import Evaluator, build_metrics
from ganbench.grid import Evaluation
from ganbench.metrics import c2st, feature_space
from ganbench_scores import spaces

IN_SPACES = (
    *("jsd", "mmd", "kid", "energy", "c2st"),
    *("prdc", "fid", "sw", "w2", "authenticity", "memorisation"),
)


@pytest.fixture
def evaluator(registry):
    def make(name):
        dataset = registry.build("dataset", parse_single(name))
        return Evaluator(dataset, "", Evaluation(samples=200, floor_splits=3))

    return make


def features_of(row):
    return json.loads(row["details"])["features"]


def test_every_metric_that_takes_a_space_is_tested_here(registry):
    known = {name: registry.find("metric", name).parameters for name in registry.names("metric")}
    taking = {name for name, given in known.items() if "features" in {each.name for each in given}}
    assert taking == set(IN_SPACES)


@pytest.mark.parametrize("name", IN_SPACES)
def test_columns_are_standardised_by_default_but_for_fid(name, registry, evaluator):
    default = "raw" if name == "fid" else "standardised"
    (plain,) = build_metrics([name], registry)
    (named,) = build_metrics([f"{name}(features='{default}')"], registry)
    assert plain.label == named.label == name
    digits = evaluator("digits")
    rows = digits.score(digits.real + 0.1, digits.applicable([plain])).to_dict("records")
    assert all(features_of(row)["name"] == default for row in rows)


def test_a_metric_scores_what_its_space_maps_to(registry):
    rng = np.random.default_rng(0)
    reference, x, y = (rng.normal(size=(n, 2)) @ [[1, 5], [0, 1]] for n in (90, 80, 80))
    dataset = registry.build("dataset", parse_single("ring8")).value
    (metric,) = build_metrics(["c2st(features='pca(dim=1)')"], registry)
    space = feature_space("pca(dim=1)", reference)
    ours = metric.value(x, y, MetricContext(dataset, reference, np.random.default_rng(1)))
    direct = c2st(space(x), space(y), rng=np.random.default_rng(1))
    assert [score.value for score in ours[:-1]] == [score.value for score in direct]
    assert ours[-1].estimator == "auc"
    assert ours[-1].value == max(score.details["auc"] for score in direct)
    assert ours[0].details["features"] == space.summary


def test_a_known_density_is_scored_on_the_data_as_they_are(registry, evaluator):
    ring = evaluator("ring8")
    rows = ring.score(ring.real + 0.1, build_metrics(["jsd"], registry)).to_dict("records")
    told = {row["estimator"]: "features" in json.loads(row["details"]) for row in rows}
    assert told == {"knn": True, "lower_bound": True, "known": False}


def test_digits_are_scored_by_what_a_classifier_sees(registry, evaluator):
    digits = evaluator("digits")
    named = [f"{name}(features='classifier')" for name in ("jsd", "mmd", "c2st", "fid", "sw")]
    metrics = build_metrics(named, registry)
    assert digits.applicable(metrics) == metrics
    noisy = digits.real + 0.8 * torch.randn(digits.real.shape)
    rows = digits.score(noisy, metrics).to_dict("records")
    again = digits.score(noisy, metrics).to_dict("records")
    assert [row["value"] for row in rows] == [row["value"] for row in again]
    assert len({features_of(row)["digest"] for row in rows}) == 1
    assert features_of(rows[0])["accuracy"] > 0.9
    floors = {metric.label: digits.floor(metric)["floors"] for metric in metrics}
    for row in rows:
        assert row["value"] > floors[row["metric"]][row["estimator"]]["mean"]


def test_a_space_is_fitted_once_for_all_scores_and_floors(registry, evaluator, monkeypatch):
    fitted = []

    def spy(*arguments, **options):
        fitted.append(arguments[0])
        return feature_space(*arguments, **options)

    monkeypatch.setattr(spaces, "feature_space", spy)
    digits, other = evaluator("digits"), evaluator("digits(split_seed=1)")
    metrics = build_metrics(["mmd(features='pca')", "mmd", "c2st(features='pca')"], registry)
    for _ in range(2):
        digits.running(digits.real, metrics)
        digits.score(digits.real, metrics)
    digits.floor(metrics[0])
    assert sorted(fitted) == ["pca", "standardised"]
    other.running(other.real, metrics)
    assert sorted(fitted) == ["pca", "pca", "standardised", "standardised"]


@pytest.mark.parametrize("name", IN_SPACES)
def test_a_space_that_makes_no_sense_is_refused_with_the_metric(name, registry):
    with pytest.raises(SpecError, match=r"No feature space named 'pac'.*'pca'\? Available"):
        build_metrics([f"{name}(features='pac')"], registry)
    with pytest.raises(SpecError, match="dim must be int > 0"):
        build_metrics([f"{name}(features='pca(dim=0)')"], registry)


@pytest.mark.parametrize("name", IN_SPACES)
def test_a_space_that_does_not_fit_the_data_is_a_misfit(name, registry, evaluator):
    (seen,) = build_metrics([f"{name}(features='classifier')"], registry)
    (axes,) = build_metrics([f"{name}(features='pca(dim=300)')"], registry)
    table = evaluator("breast_cancer")
    assert table.applicable([seen, axes]) == []
    assert "need labels" in seen.value.misfit(table.dataset.value)
    assert "needs 300 columns, and there are" in axes.value.misfit(table.dataset.value)
