"""Encoders of tables: the way back is exact for every dtype."""

import datetime

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganbench.api import Span, SpecError
from ganbench_tabular import Anes96, BreastCancer, Fair
from ganbench_tabular.codes import distinct
from ganbench_tabular.modes import ModeSpecific
from ganbench_tabular.scales import Quantile, Standard
from ganbench_tabular.tables import TableDataset

SPLITS = ("train", "test")
ENCODERS = ("standard", "quantile", "modes")
NAMES = ("a", "name with blank", "naïve, «quoted»", "", "\n", "x" * 50, "0", "ملف", "🐍")


def original(dataset, split):
    return dataset.frame.iloc[dataset.positions[split]].reset_index(drop=True)


def assert_exact(dataset):
    for split in SPLITS:
        rows, real = dataset.rows(split), original(dataset, split)
        assert rows.dtype == torch.float32
        assert torch.isfinite(rows).all()
        pd.testing.assert_frame_equal(dataset.to_frame(rows), real, check_exact=True)
        projected = dataset.project(rows)
        assert torch.equal(projected, dataset.judged.rows(split))
        assert torch.equal(dataset.judged.project(projected), projected)
        judged = dataset.judged.to_frame(projected)
        pd.testing.assert_frame_equal(judged, real, check_exact=True)


def assert_fakes_are_possible(dataset):
    rng = torch.Generator().manual_seed(0)
    x = 3 * torch.randn(200, *dataset.spec.shape, generator=rng)
    fake = dataset.to_frame(x)
    assert dict(fake.dtypes) == dict(dataset.frame.dtypes)
    once = dataset.project(x)
    assert torch.equal(dataset.judged.project(once), once)
    for column in dataset.spec.columns:
        values, real = fake[column.name], dataset.frame[column.name]
        assert real.isna().any() or not values.isna().any()
        if column.levels:
            assert {*values.dropna()} <= {*real.dropna()}
        else:
            assert values.dropna().between(real.min(), real.max()).all()


NUMBERS = {
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "Int64": st.integers(-(2**63), 2**63 - 1) | st.none(),
    "float64": st.floats(-1e100, 1e100) | st.just(float("nan")),
    "float32": st.floats(-(2.0**99), 2.0**99, width=32) | st.just(float("nan")),
    "float16": st.floats(width=16, allow_infinity=False),
    "Float64": st.floats(-1e100, 1e100) | st.none(),
    "bool": st.booleans(),
    "boolean": st.booleans() | st.none(),
    "str": st.text() | st.none(),
    "string": st.text(max_size=5) | st.none(),
    "object": st.text(max_size=3)
    | st.integers()
    | st.booleans()
    | st.sampled_from([None, float("nan"), pd.NA, 1.0, "", "nan", datetime.date(2020, 1, 1)]),
    "category": st.sampled_from(["x", "", 'odd, "one"\n', None]),
    "datetime64[ns]": st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1))
    | st.just(pd.NaT),
    "datetime64[us]": st.datetimes() | st.just(pd.NaT),
    "datetime64[s, Europe/Paris]": st.integers(0, 2**37).map(
        lambda s: pd.Timestamp(s, unit="s", tz="UTC")
    ),
    "timedelta64[ms]": st.timedeltas(datetime.timedelta(-9999), datetime.timedelta(9999))
    | st.just(pd.NaT),
}


@st.composite
def frames(draw):
    rows = draw(st.integers(4, 12))
    dtypes = draw(st.lists(st.sampled_from([*NUMBERS]), min_size=1, max_size=4))
    names = draw(st.permutations(NAMES))
    columns = {}
    for name, dtype in zip(names, dtypes, strict=False):
        values = draw(st.lists(NUMBERS[dtype], min_size=rows, max_size=rows))
        column = pd.Series(values, dtype=object)
        column = column if dtype == "object" else column.astype(dtype)
        columns[name] = column
    frame = pd.DataFrame(columns)
    return frame.loc[:, frame.notna().any()]


@settings(max_examples=60)
@given(frames(), st.sampled_from(ENCODERS), st.integers(1, 10))
def test_every_row_comes_back_as_it_was(frame, encoder, max_levels):
    if len(frame.columns) == 0:
        return
    dataset = TableDataset(frame, max_levels=max_levels, encoder=encoder)
    assert_exact(dataset)
    assert_fakes_are_possible(dataset)


@pytest.fixture(scope="module")
def odd():
    """A table of many dtypes, with gaps of every kind."""
    rng = np.random.default_rng(0)
    n = 200
    missing = rng.random(n) < 0.2
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**6, n), unit="s")
    frame = pd.DataFrame(
        {
            "count": pd.Series(rng.integers(0, 10**6, n), dtype="Int64").mask(missing),
            "gap": np.where(missing, np.nan, rng.normal(size=n)),
            "single": rng.normal(size=n).astype(np.float32),
            "short": rng.normal(size=n).astype(np.float16),
            "flag": pd.Series(rng.random(n) < 0.5, dtype="boolean").mask(missing),
            "word": pd.Series(rng.choice(["x", "yy", 'z,"\n'], n), dtype="str").mask(missing),
            "thing": rng.choice(np.array(["x", 1, 1.0, True, None, np.nan], dtype=object), n),
            "grade": pd.Categorical(
                rng.choice(["lo", "hi"], n), ["never", "lo", "hi"], ordered=True
            ),
            "when": pd.Series(days).mask(missing),
            "half": np.where(rng.random(n) < 0.5, 0.0, rng.exponential(size=n)),
        }
    )
    return frame.sample(frac=1, random_state=0)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_dtype_survives(odd, encoder):
    dataset = TableDataset(odd, encoder=encoder)
    assert_exact(dataset)
    assert_fakes_are_possible(dataset)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_real_tables_survive(encoder):
    assert_exact(Anes96(encoder=encoder))


def test_the_kind_of_missing_value_comes_back(odd):
    dataset = TableDataset(odd)
    for split in SPLITS:
        decoded, real = dataset.to_frame(dataset.rows(split)), original(dataset, split)
        kinds = [[type(v) for v in frame["thing"]] for frame in (decoded, real)]
        assert kinds[0] == kinds[1]
    levels = {column.name: column.levels for column in dataset.spec.columns}
    assert levels["thing"].count(None) == 2
    assert levels["word"] == ("x", "yy", 'z,"\n', None)
    assert levels["grade"] == ("lo", "hi")


def test_a_gap_is_a_choice_beside_the_mean(odd):
    dataset = TableDataset(odd[["gap"]])
    (column,) = dataset.spec.columns
    assert column.spans == (Span(1, "value"), Span(2, "choice"))
    missing = torch.from_numpy(np.isnan(original(dataset, "train")["gap"].tolist()))
    rows = dataset.rows("train")
    assert torch.equal(rows[missing], torch.tensor([[0.0, 0.0, 1.0]]).repeat(missing.sum(), 1))
    assert torch.equal(rows[~missing, 1:], torch.tensor([[1.0, 0.0]]).repeat((~missing).sum(), 1))
    torch.testing.assert_close(rows[~missing, 0].mean(), torch.tensor(0.0), atol=1e-5, rtol=0)


def test_spans_and_kinds_follow_the_encoder(odd):
    spans = {
        encoder: {c.name: c.spans for c in TableDataset(odd, encoder=encoder).spec.columns}
        for encoder in ENCODERS
    }
    assert spans["standard"] == spans["quantile"]
    assert spans["modes"]["gap"][0] == Span(1, "bounded")
    assert spans["modes"]["gap"][-1] == Span(2, "choice")
    assert spans["modes"]["word"] == (Span(4, "choice"),)
    kinds = {c.name for c in TableDataset(odd).spec.columns if c.kind == "categorical"}
    assert kinds == {"flag", "word", "thing", "grade"}


def test_default_rows_and_splits_are_those_of_committed_results():
    assert BreastCancer().fingerprint() == "96f25668954e627e"
    assert BreastCancer(split_seed=3).fingerprint() == "5573da254446b8b4"
    assert Fair().fingerprint() == "8d95438e57532dc4"


@pytest.mark.parametrize("encoder", ["quantile", "modes"])
def test_other_encodings_are_judged_in_the_standard_one(encoder):
    dataset, standard = Fair(encoder=encoder), Fair()
    assert dataset.judged.fingerprint() == standard.fingerprint()
    assert dataset.judged.spec == standard.spec
    assert dataset.judged.judged is dataset.judged
    assert dataset.judged.target == "children"
    assert dataset.fingerprint() != standard.fingerprint()
    assert standard.judged is standard


def test_the_fingerprint_follows_the_data(odd):
    before = TableDataset(odd).fingerprint()
    assert TableDataset(odd).fingerprint() == before
    changed = odd.copy()
    changed.iloc[0, changed.columns.get_loc("single")] += 1
    assert TableDataset(changed).fingerprint() != before


def test_quantiles_are_normal_and_their_inverse_is_exact_between_the_values():
    rng = np.random.default_rng(0)
    known = rng.exponential(size=2000)
    scale = Quantile(known)
    codes = scale.forward(known)
    # Probits of evenly spaced ranks; the two ends are cut.
    assert abs(codes.mean()) < 0.01
    assert abs(codes.std() - 1) < 0.02
    between = np.quantile(known, np.linspace(0.01, 0.99, 50))
    np.testing.assert_allclose(scale.inverse(scale.forward(between)), between, rtol=1e-9)


def test_modes_find_a_mixture_and_normalise_by_it():
    rng = np.random.default_rng(0)
    z = rng.random(3000) < 0.3
    numbers = np.where(z, rng.normal(-10, 1, 3000), rng.normal(5, 0.5, 3000))
    codec = ModeSpecific(pd.Series(numbers, name="x"), 32, numbers)
    heavy = codec.weights > 0.05
    means = np.sort(codec.scale.inverse(codec.means[heavy]))
    np.testing.assert_allclose(means, [-10, 5], atol=0.15)
    block = codec.encode(pd.Series(numbers))
    modes = block[:, 1:].argmax(dim=1).numpy()
    scaled = Standard(numbers).forward(numbers)
    alphas = (scaled - codec.means[modes]) / (4 * codec.stds[modes])
    inside = np.abs(alphas) < 1
    np.testing.assert_allclose(block[:, 0].numpy()[inside], alphas[inside], atol=1e-6)
    assert inside.mean() > 0.99
    assert len(codec.means) <= 10
    assert (codec.weights > 0.005).all()


def test_modes_decode_what_lies_between():
    numbers = np.random.default_rng(0).normal(size=500)
    codec = ModeSpecific(pd.Series(numbers, name="x"), 32, numbers)
    hot = torch.zeros(1, codec.column.width)
    hot[0, 0] = 0.25
    if codec.column.width > 1:
        hot[0, 1] = 1.0
    expected = codec.scale.inverse(codec.means[0] + codec.stds[0])
    assert codec.decode(hot)[0] == pytest.approx(expected)


@given(st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=30))
def test_codes_stay_apart_and_move_no_further_than_needed(values):
    values = np.sort(np.array(values))
    codes = distinct(values)
    assert codes.dtype == np.float32
    assert (np.diff(codes) > 0).all()
    single = values.astype(np.float32)
    normal = (np.abs(single) >= np.finfo(np.float32).tiny) | (single == 0)
    if (np.diff(single) > 0).all() and normal.all():
        assert np.array_equal(codes, single)
    bounded = distinct(np.clip(values, -1, 1), limit=1)
    assert (np.diff(bounded) > 0).all()
    assert np.abs(bounded).max() <= 1


@pytest.mark.parametrize(
    ("frame", "settings", "words"),
    [
        (pd.DataFrame(index=range(9)), {}, "The table has no columns."),
        (pd.DataFrame([[1, 2]] * 9, columns=["a", "a"]), {}, "more than one column named 'a'"),
        (pd.DataFrame([[1, 2]] * 9, columns=[7, "7"]), {}, "more than one column named '7'"),
        (pd.DataFrame({"a": [1]}), {}, "1 row, but at least 4"),
        (pd.DataFrame({"a": range(3)}), {}, "3 rows, but at least 4"),
        (pd.DataFrame({"a": range(9), "b": np.nan}), {}, "column 'b' has no values"),
        (pd.DataFrame({"a": [1, 2, np.inf, 4, 5.0]}), {}, "'a' has the value inf in row 3"),
        (pd.DataFrame({"a": [1, -1e200, 4, 5.0]}), {}, "'a' has the value -1e\\+200 in row 2"),
        (
            pd.DataFrame({"a": [str(i) for i in range(300)]}),
            {},
            "'a' has 300 different values, but at most 256 .* raise max_categories",
        ),
        (
            pd.DataFrame({"length": range(9), "width": range(9)}),
            {"categorical": ("lenght",)},
            "no column 'lenght'. Did you mean 'length'\\? Columns: 'length', 'width'",
        ),
        (pd.DataFrame({"a": range(9)}), {"numeric": ("b",)}, "numeric: there is no column 'b'"),
        (
            pd.DataFrame({"a": range(9)}),
            {"numeric": ("a",), "categorical": ("a",)},
            "'a' cannot be both",
        ),
        (
            pd.DataFrame({"a": ["1", "2", "n/a", "4"]}),
            {"numeric": ("a",)},
            "column 'a' holds 'n/a', which is no number",
        ),
        (
            pd.DataFrame({"a": [[1], [2], [1], [2]]}),
            {},
            r"'a' holds values \(list\) that a table cannot tell apart",
        ),
    ],
)
def test_what_is_no_table_is_refused(frame, settings, words):
    with pytest.raises(SpecError, match=words):
        TableDataset(frame, **settings)


def test_limits_can_be_raised():
    frame = pd.DataFrame({"a": [str(i) for i in range(300)]})
    assert TableDataset(frame, max_categories=300).spec.shape == (300,)


def test_booleans_can_be_numbers():
    frame = pd.DataFrame({"a": [True, False] * 5})
    dataset = TableDataset(frame, numeric=("a",))
    assert dataset.spec.columns[0].kind == "numeric"
    assert_exact(dataset)
