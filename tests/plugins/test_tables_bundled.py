import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.api import MetricContext
from ganbench_scores.tables import Utility
from ganbench_tabular import Anes96, BreastCancer, Diabetes, Fair, ModeChoice, Randhie, Wine

SPLITS = ("train", "test")
TABLES = {
    BreastCancer: (569, 31),
    Wine: (178, 14),
    Diabetes: (442, 11),
    Fair: (6366, 9),
    Randhie: (20190, 8),
    Anes96: (944, 10),
    ModeChoice: (840, 8),
}


@pytest.fixture(scope="module", params=TABLES)
def dataset(request):
    return request.param()


def wild(dataset, n=500):
    rng = torch.Generator().manual_seed(0)
    return 5 * torch.randn(n, *dataset.spec.shape, generator=rng)


def original(dataset, split):
    return dataset.frame.iloc[dataset.positions[split]].reset_index(drop=True)


def test_sizes():
    for table, shape in TABLES.items():
        assert table().frame.shape == shape
        assert f"Size: {shape[0]} rows, {shape[1]} columns" in table.__doc__
    assert BreastCancer().spec.shape == (32,)
    assert Fair().spec.shape == (7 + 6 + 6,)


def test_column_kinds_of_fair():
    columns = {column.name: column for column in Fair().spec.columns}
    categories = {name for name, column in columns.items() if column.kind == "categorical"}
    assert categories == {"occupation", "occupation_husb"}
    assert columns["religious"].levels == (1.0, 2.0, 3.0, 4.0)
    assert len(columns["affairs"].levels) == 77
    assert Fair(max_levels=76).spec.columns[-1].levels == ()


def test_halves_share_no_position_and_cover_the_table(dataset):
    train, test = (dataset.positions[split] for split in SPLITS)
    assert np.array_equal(np.sort(np.concatenate([train, test])), np.arange(len(dataset.frame)))
    assert abs(len(train) - len(test)) <= 1
    assert [len(dataset.rows(split)) for split in SPLITS] == [len(train), len(test)]


def test_split_is_stable_and_follows_its_seed(dataset):
    kind = type(dataset)
    assert kind().fingerprint() == dataset.fingerprint()
    assert kind(split_seed=1).fingerprint() != dataset.fingerprint()


def test_scales_come_from_the_training_half(dataset):
    places = np.cumsum([0, *(column.width for column in dataset.spec.columns)])
    pairs = zip(dataset.spec.columns, places, strict=False)
    numeric = [int(place) for column, place in pairs if column.kind == "numeric"]
    train, zeros = dataset.rows("train")[:, numeric], torch.zeros(len(numeric))
    torch.testing.assert_close(train.mean(dim=0), zeros, atol=1e-4, rtol=0)
    torch.testing.assert_close(train.std(dim=0), zeros + 1, atol=1e-4, rtol=0)
    assert dataset.rows("test")[:, numeric].mean(dim=0).abs().min() > 1e-6


@pytest.mark.parametrize("split", SPLITS)
def test_table_round_trip_is_exact(dataset, split):
    decoded = dataset.to_frame(dataset.rows(split))
    pd.testing.assert_frame_equal(decoded, original(dataset, split), check_exact=True)


@pytest.mark.parametrize("split", SPLITS)
def test_real_rows_are_fixed_points(dataset, split):
    rows = dataset.rows(split)
    assert torch.equal(dataset.project(rows), rows)


def test_projection_is_idempotent(dataset):
    once = dataset.project(wild(dataset))
    assert torch.equal(dataset.project(once), once)
    torch.testing.assert_close(dataset.encode(dataset.to_frame(once)), once)


def test_fakes_keep_to_categories_levels_and_ranges(dataset):
    fake = dataset.to_frame(wild(dataset))
    assert dict(fake.dtypes) == dict(dataset.frame.dtypes)
    for column in dataset.spec.columns:
        values, real = fake[column.name], dataset.frame[column.name]
        assert values.between(real.min(), real.max()).all()
        assert not column.levels or set(values) <= set(column.levels)


def test_targets_can_be_predicted(dataset):
    real, train = dataset.rows("test").numpy(), dataset.rows("train").numpy()
    context = MetricContext(dataset, train, np.random.default_rng(0))
    score = Utility()(real, train, context)[0]
    chance = next(c for c in dataset.spec.columns if c.name == dataset.target)
    assert score.low > (1 / len(chance.levels) if chance.kind == "categorical" else 0)
