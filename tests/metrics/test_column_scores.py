"""`ganbench.metrics.tabular` and `utility`, on tables of numbers and categories."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

from ganbench.errors import MetricError
from ganbench.metrics import association_gap, column_fidelity, tstr, utility


def table(n, seed):
    """Draw a table whose columns all depend on the first one."""
    rng = np.random.default_rng(seed)
    colour = rng.choice(["red", "green", "blue"], n, p=[0.5, 0.3, 0.2])
    means = pd.Series(colour).map({"red": 0.0, "green": 1.0, "blue": 3.0}).to_numpy()
    height = means + rng.normal(size=n)
    return pd.DataFrame(
        {
            "colour": colour,
            "height": height,
            "weight": 50 + 5 * height + rng.normal(size=n),
            "count": rng.poisson(2 + means),
            "flag": rng.random(n) < np.where(colour == "red", 0.2, 0.7),
        }
    )


def shuffled(frame, seed=0):
    """Keep every column, and break all that ties them."""
    rng = np.random.default_rng(seed)
    return frame.apply(lambda column: column.sample(frac=1, random_state=rng).to_numpy())


def by_name(scores):
    return {score.estimator: score for score in scores}


NUMBERS, CATEGORIES = ("height", "weight", "count"), ("colour", "flag")


def total_variation(first, second):
    laws = [part.value_counts(normalize=True) for part in (first, second)]
    return laws[0].sub(laws[1], fill_value=0).abs().sum() / 2


def eta(categories, numbers):
    groups = numbers.groupby(categories.to_numpy())
    between = (groups.size() * (groups.mean() - numbers.mean()) ** 2).sum()
    return np.sqrt(between / ((numbers - numbers.mean()) ** 2).sum())


def test_marginals_equal_those_of_other_libraries():
    real, fake = table(80, 0), table(60, 1).assign(height=lambda frame: frame["height"].round())
    scores = by_name(column_fidelity(real, fake))
    ks = {name: ks_2samp(real[name], fake[name]).statistic for name in NUMBERS}
    tv = {name: total_variation(real[name], fake[name]) for name in CATEGORIES}
    assert scores["ks"].details["columns"] == pytest.approx(ks, abs=1e-12)
    assert scores["tv"].details["columns"] == pytest.approx(tv, abs=1e-12)
    assert scores["ks"].value == pytest.approx(np.mean([*ks.values()]), abs=1e-12)
    assert scores["tv"].value == pytest.approx(np.mean([*tv.values()]), abs=1e-12)
    both = [*ks.values(), *tv.values()]
    assert scores["columns"].value == pytest.approx(np.mean(both), abs=1e-12)
    assert (scores["ks"].n_real, scores["ks"].n_fake) == (80, 60)


def test_associations_equal_those_of_other_libraries():
    real, fake = table(80, 0), table(60, 1)
    scores = by_name(association_gap(real, fake))
    gaps = {
        "correlation": {
            f"{a} ~ {b}": abs(real[a].corr(real[b]) - fake[a].corr(fake[b]))
            for a, b in itertools.combinations(NUMBERS, 2)
        },
        "contingency": {
            "colour ~ flag": total_variation(*(part[[*CATEGORIES]] for part in (real, fake)))
        },
        "mixed": {
            f"{a} ~ {b}": abs(eta(real[a], real[b]) - eta(fake[a], fake[b]))
            for a in CATEGORIES
            for b in NUMBERS
        },
    }
    assert set(scores) == set(gaps)
    for estimator, expected in gaps.items():
        assert scores[estimator].details["pairs"] == pytest.approx(expected, abs=1e-12)
        mean = np.mean([*expected.values()])
        assert scores[estimator].value == pytest.approx(mean, abs=1e-12)


def test_one_law_scores_near_zero_and_a_shift_or_a_lost_category_does_not():
    real, same = table(1000, 0), table(1000, 1)
    null = by_name([*column_fidelity(real, same), *association_gap(real, same)])
    # 1.95 is the 99.9% quantile of the scaled statistic of Kolmogorov and Smirnov.
    assert null["ks"].value < 1.95 * np.sqrt(2 / 1000)
    moved = by_name(column_fidelity(real, same.assign(height=same["height"] + 1)))
    assert moved["ks"].value > null["ks"].value + 0.05
    lost = by_name(column_fidelity(real, same[same["colour"] != "blue"]))
    assert lost["tv"].details["columns"]["colour"] == pytest.approx(0.2, abs=0.04)


def test_broken_ties_between_columns_leave_marginals_and_spoil_associations():
    real = table(1000, 0)
    for score in column_fidelity(real, shuffled(real)):
        assert score.value == pytest.approx(0, abs=1e-12)
    null = by_name(association_gap(real, table(1000, 1)))
    for estimator, score in by_name(association_gap(real, shuffled(real))).items():
        assert score.value > null[estimator].value + 0.1


def test_rows_out_of_range_are_counted_once():
    real = table(100, 0)
    fake = real[:50].reset_index(drop=True)
    fake.loc[:4, "height"] = 99.0
    fake.loc[3:9, "colour"] = "mauve"
    score = by_name(column_fidelity(real, fake))["range"]
    assert score.value == 10 / 50
    assert score.low < score.value < score.high


def test_few_rows_of_one_law_are_out_of_range():
    rates = [
        by_name(column_fidelity(table(100, 2 * seed), table(100, 2 * seed + 1)))["range"].value
        for seed in range(30)
    ]
    # A row is beyond 100 others of its law in one column with a chance of at most 2/101.
    error = np.std(rates, ddof=1) / np.sqrt(30)
    assert 0 < np.mean(rates) < 3 * 2 / 101 + 4 * error


def test_order_of_rows_columns_and_samples_does_not_matter():
    real, fake = table(80, 0), table(60, 1)
    columns = ["flag", "count", "colour", "weight", "height"]
    for score in (column_fidelity, association_gap):
        expected = {name: each.value for name, each in by_name(score(real, fake)).items()}
        turned = by_name(score(real[::-1], fake[::-1][columns]))
        values = {name: each.value for name, each in turned.items()}
        assert values == pytest.approx(expected, abs=1e-12)
        if score is association_gap:
            swapped = {name: each.value for name, each in by_name(score(fake, real)).items()}
            assert swapped == pytest.approx(expected, abs=1e-12)


def test_dtype_decides_what_a_column_is():
    real, fake = table(80, 0)[["count", "height"]], table(80, 1)[["count", "height"]]
    assert "tv" not in by_name(column_fidelity(real, fake))
    assert [score.estimator for score in association_gap(real, fake)] == ["correlation"]
    real, fake = (frame.astype({"count": "category"}) for frame in (real, fake))
    assert set(by_name(column_fidelity(real, fake))) == {"ks", "tv", "columns", "range"}
    assert [score.estimator for score in association_gap(real, fake)] == ["mixed"]
    assert association_gap(real[["count"]], fake[["count"]]) == []
    assert "ks" not in by_name(column_fidelity(real[["count"]], fake[["count"]]))


def test_equal_numbers_of_other_dtypes_are_one_category():
    real, fake = table(80, 0)[["count"]], table(80, 1)[["count"]]
    expected = column_fidelity(real.astype("category"), fake.astype("category"))
    assert column_fidelity(real.astype("category"), fake.astype(float)) == expected


def test_degenerate_tables_get_a_value_and_a_warning():
    real = table(100, 0)
    collapsed = pd.concat([real[:1]] * 50)
    scores = by_name([*column_fidelity(real, collapsed), *association_gap(real, collapsed)])
    null = by_name([*column_fidelity(real, table(100, 1)), *association_gap(real, table(100, 1))])
    for estimator, score in scores.items():
        json.dumps(dict(score.details), allow_nan=False)
        assert estimator == "range" or score.value > null[estimator].value
    (warning,) = scores["mixed"].details["warnings"]
    assert warning.startswith("Constant in a table, and so without association there: height, w")
    (same,) = column_fidelity(real, real[::-1])[0].details["warnings"]
    assert same == "`real` and `fake` hold the same rows: they are no independent samples."


RNG = np.random.default_rng(0)
GOOD = table(40, 0)
PREDICT = {
    "column_fidelity": column_fidelity,
    "association_gap": association_gap,
    "tstr": lambda real, fake: tstr(real, real, fake, "flag", rng=RNG),
}


@pytest.mark.parametrize("score", PREDICT.values(), ids=PREDICT)
@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (GOOD.to_numpy(), "`fake` must be a pandas DataFrame, not a ndarray."),
        (GOOD[["colour"]], "`fake` must have the columns of `.*`; see"),
        (GOOD.rename(columns={"flag": "flags"}), "`fake` must have the columns of `.*`; see"),
        (GOOD.set_axis(["a", "a", "b", "c", "d"], axis=1), "`fake` must have columns, each with"),
        (GOOD[:1], "`fake` has 1 rows, but at least"),
        (GOOD.assign(height="tall"), "`fake` must hold numbers in the column height."),
        (GOOD.assign(height=np.inf), "`fake` has NaN or infinite values"),
    ],
)
def test_bad_tables_are_refused_in_one_sentence(score, bad, complaint):
    with pytest.raises(MetricError, match=f"^{complaint}") as caught:
        score(GOOD, bad)
    assert str(caught.value).endswith(".")


def utilities(train, test, fake, target, seed=0):
    return by_name(tstr(train, test, fake, target, rng=np.random.default_rng(seed)))


@pytest.mark.parametrize("target", ["colour", "flag", "height", "count"])
def test_generated_rows_are_worth_as_much_as_the_real_ones_that_they_copy(target):
    train, test = table(300, 0), table(300, 1)
    scores = utilities(train, test, train.copy(), target)
    gap = scores["gap"]
    assert gap.value == gap.low == gap.high == 0
    assert scores["tstr"].value == scores["tstr"].details["real_train"]
    other = utilities(train, test, table(300, 2), target)["gap"]
    broken = utilities(train, test, shuffled(train), target)
    # A fifth of the gap that rows without ties between columns have.
    assert abs(other.value) < abs(broken["gap"].value) / 5 + (other.high - other.value)
    assert broken["gap"].high < 0
    json.dumps(dict(broken["tstr"].details), allow_nan=False)


@pytest.mark.parametrize("target", ["colour", "height"])
def test_values_and_errors_are_those_of_a_plain_bootstrap(monkeypatch, target):
    test, rng = table(200, 1), np.random.default_rng(0)
    if target == "colour":
        truth = pd.factorize(test["colour"])[0]
        guesses = [rng.dirichlet(np.ones(3), 200) + 0.5 * np.eye(3)[truth] for _ in range(2)]
        guesses = [guess / guess.sum(axis=1, keepdims=True) for guess in guesses]

        def measure(truth, guess):
            return balanced_accuracy_score(truth, guess.argmax(axis=1))
    else:
        truth = test["height"].to_numpy()
        guesses = [truth + width * rng.normal(size=200) for width in (0.8, 0.5)]
        measure = r2_score
    monkeypatch.setattr(utility, "_predictions", lambda *_: guesses)
    scores = utilities(test, test, test, target)
    values = [measure(truth, guess) for guess in guesses]
    assert scores["tstr"].value == pytest.approx(values[0], abs=1e-12)
    assert scores["gap"].value == pytest.approx(values[0] - values[1], abs=1e-12)
    picks = rng.integers(200, size=(500, 200))
    samples = np.array([[measure(truth[p], guess[p]) for guess in guesses] for p in picks])
    errors = {"tstr": samples[:, 0].std(), "gap": (samples[:, 0] - samples[:, 1]).std()}
    for estimator, score in scores.items():
        # Of 500 resamples a standard error is known within 1/sqrt(1000): four of it, twice.
        assert (score.high - score.value) / 1.96 == pytest.approx(errors[estimator], rel=0.18)
    if target == "colour":
        details = scores["tstr"].details
        assert details["accuracy"] == np.mean(guesses[0].argmax(axis=1) == truth)
        auc = roc_auc_score(truth, guesses[0], multi_class="ovr")
        assert details["auc"] == pytest.approx(auc, abs=1e-12)


def test_flipped_labels_and_perfect_knowledge():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": rng.normal(size=400)})
    rows["sign"] = np.where(rows["x"] > 0, "plus", "minus")
    flipped = rows.assign(sign=np.where(rows["x"] > 0, "minus", "plus"))
    scores = utilities(rows, rows, flipped, "sign")
    assert scores["tstr"].value == 0
    assert scores["gap"].value == -1
    assert scores["tstr"].details["auc_real_train"] == 1


@pytest.mark.parametrize("seen", [["red", "green"], ["red"]])
def test_classes_that_a_generator_lacks_are_never_predicted(seen):
    train, test, fake = table(300, 0), table(300, 1), table(600, 2)
    scores = utilities(train, test, fake[fake["colour"].isin(seen)], "colour")
    gone = sorted({"red", "green", "blue"} - {*seen})
    assert scores["gap"].details["warnings"] == [
        f"`fake` has no rows of the class {', '.join(gone)}."
    ]
    assert scores["tstr"].value <= len(seen) / 3 + 1e-12
    assert scores["gap"].value < -0.1
    assert len(seen) > 1 or scores["tstr"].details["auc"] == 0.5


def test_a_constant_target_is_worth_a_warning():
    rows = table(100, 0)
    scores = utilities(rows, rows.assign(height=1.0), rows, "height")
    assert scores["tstr"].value == scores["gap"].value == 0
    assert scores["gap"].details["warnings"] == ["The target is constant in `test`."]
    assert utilities(rows, rows.assign(colour="red"), rows, "colour")["tstr"].details["auc"] == 0.5


def test_columns_of_many_categories_are_used_as_numbers():
    rows = [table(300, seed).assign(name=[f"row {i}" for i in range(300)]) for seed in (0, 1)]
    assert np.isfinite(utilities(*rows, rows[0], "flag")["tstr"].value)


def test_same_seeds_give_same_scores_and_tables_stay_as_they_are():
    frames = [table(100, seed) for seed in range(3)]
    copies = [frame.copy() for frame in frames]
    assert utilities(*frames, "flag") == utilities(*frames, "flag")
    for frame, copy in zip(frames, copies, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_targets_must_be_columns_beside_others():
    with pytest.raises(MetricError, match="`target` must be one of the columns, not 'age'"):
        utilities(GOOD, GOOD, GOOD, "age")
    only = GOOD[["flag"]]
    with pytest.raises(MetricError, match="`train` must have a column besides the target"):
        utilities(only, only, only, "flag")
