"""Scores on equal terms: fixed real samples, fixed choices, honest floors."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.api import Dataset, DataSpec, Metric, Score
from ganbench.components import parse_single
from ganbench.errors import PluginError, SpecError
from ganbench.evaluation import Evaluator, build_metrics
from ganbench.grid import Evaluation
from ganbench.plugins import Built, Entry

SETTINGS = Evaluation(samples=50, floor_splits=3)


class Counted(Dataset):
    """Rows that can be told apart: 0 to 69 in train, 100 to 159 in test."""

    spec = DataSpec("vector", (1,))

    def rows(self, split):
        start, count = {"train": (0, 70), "test": (100, 60)}[split]
        return torch.arange(start, start + count).float()[:, None]


class Spy(Metric):
    """A metric that keeps what it is given and reports a draw of its stream."""

    better = {"draw": "lower", "mean": "higher"}  # noqa: RUF012
    headline = "draw"
    running = True
    default = True

    def __init__(self, uses_train=False):
        self.calls = []
        self.uses_train = uses_train

    def __call__(self, real, fake, context):
        self.calls.append((real, fake, context))
        sizes = {"n_real": len(real), "n_fake": len(fake)}
        return [
            Score(context.rng.random(), estimator="draw", **sizes),
            Score(float(fake.mean()), estimator="mean", **sizes),
        ]


def built(kind, value, label="spy"):
    return Built(label, Entry(kind, label, type(value), "test", "tests"), {}, value)


@pytest.fixture
def counted():
    dataset = Counted()
    return Evaluator(built("dataset", dataset, "counted"), dataset.fingerprint(), SETTINGS)


@pytest.fixture
def ring8(registry):
    dataset = registry.build("dataset", parse_single("ring8"))
    return Evaluator(dataset, dataset.value.fingerprint(), SETTINGS)


def test_the_real_sample_is_fixed_and_of_the_test_split(counted, ring8):
    assert len(counted.real) == 50
    assert counted.real.min() >= 100
    assert len(counted.real.unique()) == 50, "without replacement"
    for evaluator in (counted, ring8):
        twin = Evaluator(evaluator.dataset, "", SETTINGS)
        other = Evaluator(evaluator.dataset, "", SETTINGS.model_copy(update={"seed": 1}))
        assert torch.equal(evaluator.real, twin.real)
        assert not torch.equal(evaluator.real, other.real)


def test_a_small_test_set_gives_all_its_rows(counted):
    settings = Evaluation(samples=1000, floor_splits=3)
    evaluator = Evaluator(counted.dataset, "", settings)
    assert torch.equal(evaluator.real.flatten().sort().values, torch.arange(100.0, 160.0))


def test_every_metric_sees_the_same_reference_and_stream(counted):
    spy, metric = (value := Spy()), built("metric", value)
    first = counted.score(torch.zeros(50, 1), [metric])
    second = counted.score(torch.ones(50, 1), [metric])
    assert first["value"][0] == second["value"][0], "one stream for all variants"
    assert [first["value"][1], second["value"][1]] == [0, 1]
    (real, fake, context), _ = spy.calls
    assert real.dtype == fake.dtype == np.float64
    assert real.shape == fake.shape == (50, 1)
    assert context.reference.max() < 70, "scales come from the training split"
    assert len(np.unique(context.reference)) == 50
    assert context.tests


def test_scores_repeat_to_the_bit(ring8, registry):
    metrics = build_metrics(["mmd(permutations=19)", "modes"], registry)
    fake = torch.randn(50, 2)
    first, second = (ring8.score(fake, metrics).drop(columns="seconds") for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert list(first["metric"].unique()) == ["mmd(permutations=19)", "modes"]
    alone = ring8.score(fake, metrics[1:]).drop(columns="seconds")
    beside = first[first["metric"] == "modes"].reset_index(drop=True)
    assert list(alone["value"]) == list(beside["value"])


def test_score_ids_tell_what_decides_a_score(counted, ring8, registry):
    def ids(evaluator, *expressions):
        return [evaluator.score_id(metric) for metric in build_metrics(expressions, registry)]

    changed = SETTINGS.model_copy(update={"samples": 60})
    different = {
        *ids(ring8, "mmd", "mmd(permutations=19)", "modes"),
        *ids(Evaluator(ring8.dataset, ring8.fingerprint, changed), "mmd"),
        *ids(Evaluator(ring8.dataset, "other rows", SETTINGS), "mmd"),
        *ids(counted, "mmd"),
    }
    assert len(different) == 6
    assert ids(ring8, "mmd") == ids(ring8, "mmd(permutations=499)")


@pytest.mark.parametrize(("samples", "size"), [(50, 50), (1000, 60)])
def test_floors_compare_samples_that_do_not_overlap(counted, samples, size):
    settings = Evaluation(samples=samples, floor_splits=4)
    spy = Spy()
    Evaluator(counted.dataset, "", settings).floor(built("metric", spy))
    assert len(spy.calls) == 4
    for real, fake, context in spy.calls:
        assert len(real) == len(fake) == size
        assert len(np.unique(np.concatenate([real, fake]))) == 2 * size
        assert not context.tests
    assert not np.array_equal(spy.calls[0][0], spy.calls[1][0])


def test_floors_of_what_knows_training_rows_come_from_test_rows(counted):
    spy = Spy(uses_train=True)
    counted.floor(built("metric", spy))
    for real, fake, _ in spy.calls:
        assert len(real) == len(fake) == 30
        assert min(real.min(), fake.min()) >= 100


def test_floors_quote_the_mean_and_the_worse_tail(counted):
    spy = Spy()
    floors = counted.floor(built("metric", spy))["floors"]
    means = [float(fake.mean()) for _, fake, _ in spy.calls]
    assert floors["mean"]["mean"] == pytest.approx(np.mean(means))
    assert floors["mean"]["p95"] == pytest.approx(np.quantile(means, 0.05)), "higher is better"
    assert floors["draw"]["p95"] == pytest.approx(floors["draw"]["mean"])


def test_running_scores_come_from_running_metrics_only(ring8, registry):
    metrics = build_metrics(["mmd", "c2st", "modes"], registry)
    names = ring8.running(torch.randn(50, 2), metrics)
    assert {name.partition("/")[0] for name in names} == {"mmd", "modes"}


def test_only_fitting_metrics_apply(registry):
    digits = registry.build("dataset", parse_single("digits"))
    metrics = build_metrics(["mmd", "modes"], registry)
    fitting = Evaluator(digits, "", SETTINGS).applicable(metrics)
    assert [metric.label for metric in fitting] == ["mmd"]


def test_only_default_metrics_are_scored_where_none_is_named(registry):
    class Special(Spy):
        default = False

    class Unsaid:
        """It does not say whether it is a default one."""

    def metrics(**factories):
        entries = {n: (Entry("metric", n, made, "p", "o"),) for n, made in factories.items()}
        return dataclasses.replace(registry, entries={**registry.entries, "metric": entries})

    both = metrics(spy=Spy, special=Special)
    assert [metric.label for metric in build_metrics([], both)] == ["spy"]
    assert [metric.label for metric in build_metrics(["special"], both)] == ["special"]
    with pytest.raises(PluginError, match=r"metric 'unsaid' of plugin 'p' cannot .* `better`"):
        build_metrics([], metrics(unsaid=Unsaid))


def test_a_metric_that_breaks_its_contract_is_blamed(counted):
    class Undirected(Spy):
        better = {"mean": "higher"}  # noqa: RUF012

    class Silent(Spy):
        def __call__(self, real, fake, context):
            return []

    class Unfit(Spy):
        def misfit(self, dataset):
            raise KeyError("modes")

    for metric, sentence in [
        (Undirected(), "lower, higher or neither"),
        (Silent(), "headline 'draw'"),
    ]:
        with pytest.raises(PluginError, match=sentence):
            counted.score(torch.zeros(50, 1), [built("metric", metric)])
    with pytest.raises(PluginError, match="metric 'spy' of plugin 'test' failed: KeyError"):
        counted.applicable([built("metric", Unfit())])


def test_metrics_are_the_default_ones_or_those_that_are_named(registry):
    assert [m.label for m in build_metrics([], registry)] == ["c2st", "jsd", "mmd", "modes"]
    with pytest.raises(SpecError, match="named twice"):
        build_metrics(["mmd", "mmd(permutations=499)"], registry)
    with pytest.raises(SpecError, match="No metric named 'mdm'"):
        build_metrics(["mdm"], registry)
    with pytest.raises(SpecError, match="joins several"):
        build_metrics(["mmd+c2st"], registry)
