"""The scores of geometry and memorisation: what they take from their dataset."""

import importlib.util

import numpy as np
import pytest
import torch

import ganbench_scores
from ganbench.api import Dataset, DataSpec, MetricContext

FACTORIES = ganbench_scores.ganbench_metrics()


class Finite(Dataset):
    """A hundred pairs of numbers for training, as many for testing."""

    spec = DataSpec("vector", (2,))

    def __init__(self):
        drawn = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
        self._rows = {"train": drawn[:100], "test": drawn[100:]}

    def rows(self, split):
        return self._rows[split]


class Endless(Dataset):
    spec = DataSpec("vector", (2,))


class OneColumn(Dataset):
    spec = DataSpec("vector", (1,))


def rows(split):
    return Finite().rows(split).double().numpy()


def score_with(metric, fake, units=1.0):
    reference = rows("train")[:50]
    context = MetricContext(Finite(), reference, np.random.default_rng(0))
    return {score.estimator: score for score in metric(rows("test") * units, fake, context)}


@pytest.mark.parametrize("name", ["authenticity", "memorisation"])
def test_memorisation_needs_a_finite_training_set(name):
    metric = FACTORIES[name]()
    assert metric.misfit(Finite()) is None
    assert metric.misfit(Endless()) == (
        "Its training rows are drawn without end: there is nothing finite to memorise."
    )


def test_copies_of_any_training_row_are_seen():
    copies = rows("train")[50:]
    scores = score_with(FACTORIES["memorisation"](), copies)
    assert set(scores) == set(FACTORIES["memorisation"].better)
    assert scores["copies"].value == 1
    assert scores["copies"].details["held_out"] == 0
    assert scores["nearest"].value == 0
    assert scores["ct"].value < -5
    assert score_with(FACTORIES["authenticity"](), copies)["authenticity"].value == 0


def test_authenticity_says_what_real_rows_reach():
    score = score_with(FACTORIES["authenticity"](), rows("test"))["authenticity"]
    assert score.details["held_out"] == score.value > 0


def test_nll_needs_a_known_density():
    assert FACTORIES["nll"]().misfit(Finite()).endswith("has none.")


def test_exact_transport_needs_a_solver_above_one_column(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    metric = FACTORIES["w2"]()
    assert 'pip install "ganbench[ot]"' in metric.misfit(Endless())
    assert metric.misfit(OneColumn()) is None


def test_exact_transport_uses_so_many_rows():
    real, fake = np.random.default_rng(0).standard_normal((2, 30, 1))
    context = MetricContext(OneColumn(), real, np.random.default_rng(0))
    (score,) = FACTORIES["w2"](rows=20)(real, fake, context)
    assert (score.n_real, score.n_fake) == (20, 20)


def test_fid_sees_columns_as_they_are_and_may_skip_the_extrapolation():
    plain = score_with(FACTORIES["fid"](extrapolate=False), rows("train"))
    assert set(plain) == {"fid"}
    scores = score_with(FACTORIES["fid"](), 10 * rows("train"), units=10)
    assert set(scores) == {"fid", "fid_infinity"}
    assert scores["fid"].value == pytest.approx(100 * plain["fid"].value)
