"""From the tidy frame to tasks, variants and seeds."""

import numpy as np
import pandas as pd
import pytest

from ganbench.comparison.pairing import (
    axis_of,
    games_and_laws,
    labelled,
    lay_out,
    scores_to_compare,
)
from ganbench.errors import SpecError, UnknownComponentError
from tests.comparison.frames import laid_out, tidy

NAN, INF = np.nan, np.inf


def test_values_are_laid_out_by_task_variant_and_seed():
    scores = laid_out(
        {
            ("ring", "mlp", "a"): [1.0, 2.0, "missing"],
            ("ring", "mlp", "b"): [3.0, "diverged", NAN],
            ("digits", "mlp", "a"): [5.0],
        }
    )
    assert scores.variants == ("a", "b")
    assert scores.seeds == (0, 1, 2)
    assert scores.tasks.to_dict("list") == {
        "dataset": ["ring", "digits"],
        "architecture": ["mlp", "mlp"],
        "prior": ["normal", "normal"],
    }
    expected = [[[1, 2, NAN], [3, INF, INF]], [[5, NAN, NAN], [NAN] * 3]]
    assert np.array_equal(scores.values, expected, equal_nan=True)
    assert scores.planned.tolist() == [[3, 3], [1, 0]]
    assert scores.failed.tolist() == [[0, 2], [0, 0]]
    assert scores.present.tolist() == [[2, 3], [1, 0]]


def test_the_order_of_rows_does_not_matter(grid):
    shuffled = labelled(grid.sample(frac=1, random_state=0))
    (scores,) = lay_out(shuffled, shuffled[:0], "loss", scores_to_compare(shuffled, None))
    (expected,) = lay_out(labelled(grid), grid[:0], "loss", scores_to_compare(grid, None))
    tasks = [expected.tasks["dataset"].tolist().index(name) for name in scores.tasks["dataset"]]
    places = [expected.variants.index(name) for name in scores.variants]
    assert np.array_equal(scores.values, expected.values[np.ix_(tasks, places)])


def test_failures_are_worst_where_higher_is_better_too():
    scores = laid_out({("ring", "mlp", "a"): [1.0, "failed"]}, better="higher")
    assert scores.values[0, 0].tolist() == [1.0, -INF]
    assert scores.costs[0, 0].tolist() == [-1.0, INF]


def test_tasks_without_the_score_are_left_out():
    scores = laid_out({("ring", "mlp", "a"): [1.0], ("digits", "mlp", "a"): ["failed"]})
    assert scores.tasks["dataset"].tolist() == ["ring"]


def test_incompatible_cells_are_left_out():
    frame = labelled(tidy({("ring", "mlp", "a"): [1.0], ("ring", "lstm", "a"): ["incompatible"]}))
    assert frame["architecture"].tolist() == ["mlp"]


def test_players_that_differ_are_named_both():
    frame = tidy({("ring", "mlp", "a"): [1.0]}).assign(discriminator="elm")
    assert labelled(frame)["architecture"].tolist() == ["mlp vs elm"]


def law(values, name="kde"):
    frame = tidy({("ring", name, "none"): values})
    return frame.assign(prior="none", discriminator="none", generator=name)


@pytest.fixture
def with_law():
    from ganbench.plugins import NOTHING

    frame = law([4.0, 6.0])
    nothing = dict.fromkeys(("prior", "discriminator", "loss"), NOTHING.label)
    games = tidy({("ring", "mlp", "a"): [1.0, 2.0], ("ring", "mlp", "b"): [2.0, 3.0]})
    return pd.concat([games, frame.assign(**nothing)], ignore_index=True)


def test_fitted_laws_are_anchors_and_no_variants(with_law):
    games, laws = games_and_laws(labelled(with_law))
    assert laws["loss"].unique().tolist() == ["kde"]
    (scores,) = lay_out(games, laws, "loss", scores_to_compare(games, None))
    assert scores.variants == ("a", "b")
    assert scores.anchors.tolist() == [5.0]


def test_laws_alone_are_compared(with_law):
    alone = with_law[with_law["generator"].eq("kde")]
    games, laws = games_and_laws(labelled(alone))
    assert len(games) == 2
    assert laws.empty


def test_the_first_axis_with_several_variants_is_compared():
    frame = labelled(tidy({("ring", "mlp", "a"): [1.0], ("ring", "elm", "a"): [1.0]}))
    assert axis_of(frame, None) == "architecture"
    assert axis_of(frame, "architecture") == "architecture"


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("loss", "The axis 'loss' has one variant. Axes with more: architecture."),
        ("seed", "no axis 'seed' to compare by. Choose among loss, architecture, prior, dataset"),
    ],
)
def test_axes_that_cannot_be_compared(by, words):
    frame = labelled(tidy({("ring", "mlp", "a"): [1.0], ("ring", "elm", "a"): [1.0]}))
    with pytest.raises(SpecError, match=words):
        axis_of(frame, by)


def test_nothing_to_compare():
    with pytest.raises(SpecError, match="no axis has more than one variant"):
        axis_of(labelled(tidy({("ring", "mlp", "a"): [1.0]})), None)


@pytest.fixture
def two_scores():
    values = {("ring", "mlp", "a"): [1.0], ("ring", "mlp", "b"): [2.0]}
    parts = [
        tidy(values, metric="jsd", estimator="bound"),
        tidy(values, metric="jsd", estimator="knn").assign(headline=False),
        tidy(values, metric="size", better="neither"),
    ]
    return pd.concat(parts, ignore_index=True)


def test_scores_are_chosen_by_metric_or_in_full(two_scores):
    for metric, names in ((None, ["jsd bound"]), ("jsd", ["jsd bound"]), ("jsd knn", ["jsd knn"])):
        assert [each.name for each in scores_to_compare(two_scores, metric)] == names


def test_scores_that_cannot_be_compared(two_scores):
    with pytest.raises(UnknownComponentError, match="No score named 'jds'"):
        scores_to_compare(two_scores, "jds")
    with pytest.raises(SpecError, match="None of 'size' has a better side"):
        scores_to_compare(two_scores, "size")
    with pytest.raises(SpecError, match="None of all scores here has a better side"):
        scores_to_compare(two_scores[:0], None)
