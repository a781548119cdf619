"""What conditional generators are told of a table."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from ganbench_tabular import Fair
from ganbench_tabular.tables import TableDataset


@pytest.fixture(scope="module")
def dataset():
    rng = np.random.default_rng(0)
    return TableDataset(
        pd.DataFrame(
            {
                "x": rng.normal(size=1000),
                "a": rng.choice(["p", "q", "r"], 1000, p=[0.9, 0.09, 0.01]),
                "b": pd.Series(rng.choice(["u", "v"], 1000), dtype="str").mask(
                    rng.random(1000) < 0.1
                ),
            }
        )
    )


def train_counts(dataset, name):
    train = dataset.frame.iloc[dataset.positions["train"]]
    levels = next(c.levels for c in dataset.spec.columns if c.name == name)
    return np.array(
        [(train[name].isna() if v is None else train[name] == v).sum() for v in levels]
    )


@pytest.mark.parametrize("balanced", [True, False])
def test_laws_of_columns_and_categories(dataset, balanced):
    conditions = dataset.conditions
    assert conditions.width == 6
    assert [span.width for span in conditions.spans] == [3, 3]
    n = 20_000
    drawn = conditions.draw(n, torch.Generator().manual_seed(0), balanced)
    assert drawn.shape == (n, 6)
    assert torch.equal(drawn.sum(dim=1), torch.ones(n))
    expected = []
    for name in ("a", "b"):
        counts = train_counts(dataset, name)
        weights = np.log1p(counts) if balanced else counts
        expected.append(n / 2 * weights / weights.sum())
    observed = drawn.sum(dim=0).numpy()
    assert stats.chisquare(observed, np.concatenate(expected)).pvalue > 0.001


def test_rows_meet_the_condition_and_are_equally_likely(dataset):
    rng = torch.Generator().manual_seed(0)
    drawn = dataset.conditions.draw(500, rng, balanced=True)
    rows = dataset.conditions.rows(drawn, rng)
    assert rows.shape == (500, *dataset.spec.shape)
    assert ((rows[:, 1:] * drawn).sum(dim=1) == 1).all()
    train = {tuple(row) for row in dataset.rows("train").tolist()}
    assert {tuple(row) for row in rows.tolist()} <= train
    one = torch.zeros(20_000, 6)
    one[:, 1] = 1
    found = dataset.conditions.rows(one, rng)[:, 0]
    counts = torch.unique(found, return_counts=True)[1].numpy()
    assert len(counts) == train_counts(dataset, "a")[1]
    assert stats.chisquare(counts).pvalue > 0.001


def test_categories_without_training_rows_are_never_drawn():
    frame = pd.DataFrame({"a": ["x"] * 20 + ["y"] * 20})
    for row in range(40):
        rare = frame.copy()
        rare.loc[row, "a"] = "z"
        dataset = TableDataset(rare)
        if row in dataset.positions["test"]:
            break
    for balanced in (True, False):
        drawn = dataset.conditions.draw(2000, torch.Generator().manual_seed(0), balanced)
        assert drawn.shape[1] == 3
        assert drawn[:, 2].sum() == 0


def test_there_are_none_without_categories():
    assert TableDataset(pd.DataFrame({"a": np.arange(9.0)})).conditions is None


def test_rows_are_in_the_encoding_that_players_see():
    dataset, rng = Fair(encoder="modes"), torch.Generator().manual_seed(0)
    drawn = dataset.conditions.draw(5, rng, balanced=True)
    assert dataset.conditions.rows(drawn, rng).shape == (5, *dataset.spec.shape)
    assert dataset.conditions.width == 12
