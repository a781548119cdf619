"""The surprise of generated rows under the known law."""

import math

import numpy as np
import pytest
import torch

from ganbench.errors import MetricError
from ganbench.metrics import distinct_rows, nll
from ganbench.metrics.likelihood import IMPOSSIBLE

ENTROPY = 1 + math.log(2 * math.pi)


def normal(rows):
    return -(rows**2).sum(axis=1) / 2 - math.log(2 * math.pi)


def square(rows):
    inside = (np.abs(rows) <= 1).all(axis=1)
    return np.where(inside, -math.log(4), -np.inf)


def scores_of(y, log_prob):
    return {score.estimator: score for score in nll(y, log_prob)}


def test_rows_of_the_law_give_its_entropy():
    rng = np.random.default_rng(0)
    covers = 0
    for _ in range(300):
        score = scores_of(rng.standard_normal((200, 2)), normal)["nll"]
        covers += score.low <= ENTROPY <= score.high
    # 4 standard errors of .95 over 300 repeats.
    assert covers / 300 == pytest.approx(0.95, abs=0.05)


def test_it_is_the_mean_of_the_negative_log_density():
    y = np.random.default_rng(0).standard_normal((50, 2)) + 1
    scores = scores_of(y, normal)
    assert scores["nll"].value == pytest.approx(-normal(y).mean(), rel=1e-12)
    assert scores["outside"].value == 0
    assert scores["outside"].low == 0 < scores["outside"].high


def test_it_is_one_sided():
    y = np.random.default_rng(0).standard_normal((100, 2))
    values = [scores_of(each, normal)["nll"].value for each in (0 * y, y, y + 1, y + 2)]
    assert values == sorted(values)
    assert values[0] == pytest.approx(math.log(2 * math.pi))


def test_rows_outside_the_support_are_counted_apart():
    y = np.random.default_rng(0).uniform(-1, 1, (100, 2))
    y[:30] += 5
    scores = scores_of(y, square)
    assert scores["nll"].value == pytest.approx(math.log(4))
    assert scores["outside"].value == pytest.approx(0.3)
    assert scores["outside"].low < 0.3 < scores["outside"].high


def test_without_a_row_inside_the_value_is_finite_and_warned_of():
    scores = scores_of(np.full((10, 2), 9.0), square)
    assert scores["nll"].value == IMPOSSIBLE == pytest.approx(744.44, abs=0.01)
    assert "No row of `y` has any density" in scores["nll"].details["warnings"][0]
    assert scores["outside"].value == 1


def test_a_single_row_has_no_interval():
    scores = scores_of([[0.0, 0.0], [5.0, 5.0]], square)
    assert (scores["nll"].low, scores["nll"].high) == (None, None)


def test_densities_of_tensors_will_do():
    y = torch.zeros(5, 2)
    assert scores_of(y, lambda rows: torch.tensor(normal(rows))) == scores_of(y.numpy(), normal)


@pytest.mark.parametrize(
    "log_prob",
    [lambda rows: rows, lambda rows: rows[:, 0] * np.nan, lambda rows: rows[:, 0] + np.inf],
)
def test_impossible_densities_are_refused(log_prob):
    with pytest.raises(MetricError, match="`log_prob` must return one number below infinity"):
        nll(np.zeros((5, 2)), log_prob)


def test_distinct_rows_are_counted():
    y = [[0, 1], [0, 1], [1, 1], [2, 0]]
    score = distinct_rows(y)
    assert (score.value, score.n_fake, score.estimator) == (0.75, 4, "distinct")
    assert distinct_rows(np.zeros((50, 3))).value == 1 / 50
    assert distinct_rows(torch.arange(20.0)[:, None]).value == 1


def test_the_interval_of_distinct_rows_is_the_jackknife():
    y = np.random.default_rng(0).integers(40, size=(60, 1))
    left_out = [distinct_rows(np.delete(y, i, axis=0)).value for i in range(60)]
    half = 1.959964 * math.sqrt(59 * np.var(left_out))
    score = distinct_rows(y)
    assert score.high - score.value == pytest.approx(half, rel=1e-6)
    assert score.value - score.low == pytest.approx(half, rel=1e-6)


def test_the_interval_of_distinct_rows_holds_their_mean():
    rng = np.random.default_rng(0)
    samples = rng.choice(200, p=np.arange(1, 201) / 20100, size=(400, 100, 1))
    scores = [distinct_rows(sample) for sample in samples]
    mean = np.mean([score.value for score in scores])
    assert np.mean([score.low <= mean <= score.high for score in scores]) >= 0.95
