import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.errors import SpecError
from ganbench_tabular import BreastCancer, Fair
from ganbench_tabular.tables import TableDataset

SPLITS = ("train", "test")


@pytest.fixture(scope="module", params=[BreastCancer, Fair])
def dataset(request):
    return request.param()


@pytest.fixture(scope="module")
def odd():
    """A table of all dtypes, one of whose columns is named by a number."""
    rng = np.random.default_rng(0)
    n = 200
    return pd.DataFrame(
        {
            "count": rng.integers(0, 10**6, n),
            "single": rng.normal(size=n).astype(np.float32),
            "yes": rng.random(n) < 0.5,
            "word": rng.choice(["x", "yy", "z"], n),
            "grade": pd.Categorical(rng.choice(["lo", "hi"], n), ["lo", "hi"], ordered=True),
            "constant": np.full(n, 2.5),
            7: 1000 + rng.integers(0, 100, n) / 100,
        }
    )


def wild(dataset, n=500):
    rng = torch.Generator().manual_seed(0)
    return 5 * torch.randn(n, *dataset.spec.shape, generator=rng)


def original(dataset, split):
    return dataset.frame.iloc[dataset.positions[split]].reset_index(drop=True)


def test_sizes():
    assert BreastCancer().frame.shape == (569, 31)
    assert BreastCancer().spec.shape == (32,)
    assert Fair().frame.shape == (6366, 9)
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
    numeric = [name for name in dataset.frame if name not in ("target", "occupation")][:4]
    train = dataset.rows("train")[:, : len(numeric)]
    torch.testing.assert_close(train.mean(dim=0), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(train.std(dim=0), torch.ones(4), atol=1e-4, rtol=0)
    assert dataset.rows("test")[:, : len(numeric)].mean(dim=0).abs().min() > 1e-6


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


def test_every_dtype_survives(odd):
    dataset = TableDataset(odd, categorical=("word", "grade"))
    for split in SPLITS:
        decoded = dataset.to_frame(dataset.rows(split))
        pd.testing.assert_frame_equal(decoded, original(dataset, split), check_exact=True)
        assert torch.equal(dataset.project(dataset.rows(split)), dataset.rows(split))
    fake = dataset.to_frame(wild(dataset))
    assert dict(fake.dtypes) == dict(dataset.frame.dtypes)
    assert list(fake.columns) == [str(name) for name in odd.columns]


def test_missing_values_are_refused(odd):
    with pytest.raises(SpecError, match="missing values; see single"):
        TableDataset(odd.assign(single=np.nan))
