"""What figures of ranks, costs and agreement show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Text

from ganbench.errors import GanbenchError
from ganbench.report.cost import front
from ganbench.report.figures import (
    agreement,
    cost_frame,
    critical_differences,
    encode,
    pareto,
    performance_profiles,
    rank_evolution,
    running_ranks,
    score_agreement,
)

RANKS = {"b": 2.0, "a": 1.25, "d": 3.75, "c": 3.0}


def words(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


# --------------------------------------------------------------------------- ranks over datasets


def test_variants_stand_at_their_ranks_best_on_the_left():
    figure = critical_differences(RANKS, [["a", "b"], ["b", "c"], ["d"]], cd=1.0)
    (axis,) = figure.axes
    named = [text.get_text() for text in axis.texts]
    assert named == ["a  1.25", "b  2.00", "3.75  d", "3.00  c"]
    bars = [tuple(line.get_xdata()) for line in axis.get_lines() if line.get_linewidth() == 3]
    assert bars == [(1.25, 2.0), (2.0, 3.0)]
    feet = {line.get_xdata()[0] for line in axis.get_lines() if line.get_linewidth() < 3}
    assert feet == set(RANKS.values())
    assert "critical difference 1.00" in figure.get_suptitle()


def test_a_single_variant_has_no_rank():
    with pytest.raises(GanbenchError, match="two variants"):
        critical_differences({"a": 1.0}, [])


def profiles(names):
    steps = np.linspace(0, 1, 5)
    return pd.concat(
        pd.DataFrame({"variant": n, "threshold": steps, "share": 1 - steps, "low": 0.0, "high": 1})
        for n in names
    )


def test_profiles_have_a_line_for_each_variant():
    figure = performance_profiles(profiles(["b", "a"]).sample(frac=1, random_state=0))
    lines = figure.axes[0].get_lines()
    assert len(lines) == 2
    for line in lines:
        np.testing.assert_allclose(line.get_ydata(), 1 - np.asarray(line.get_xdata()))
    with pytest.raises(GanbenchError, match="variant"):
        performance_profiles(profiles(["a"])[:0])


def test_many_variants_are_told_apart():
    lines = performance_profiles(profiles([f"v{i}" for i in range(25)])).axes[0].get_lines()
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == 25


# --------------------------------------------------------------------------------------- costs


def cells(values, seconds, better="lower"):
    return pd.DataFrame({"mean": values, "seconds": seconds, "better": better})


def test_the_front_is_what_nothing_beats():
    found = front(cells([5, 3, 4, 1, 1], [1, 2, 3, 4, 5]))
    assert list(found) == [True, True, False, True, False]
    found = front(cells([5, 3, 4, 1, 1], [1, 2, 3, 4, 5], "higher"))
    assert list(found) == [True, False, False, False, False]
    assert list(front(cells([1, 1], [2, 2]))) == [True, True]


def timed(results):
    speed = results.frame["loss"].map({"plain": 4.0}).fillna(1.0)
    return replace(results, frame=results.frame.assign(train_seconds=speed))


def test_costs_are_those_of_the_scored_runs(results):
    table = cost_frame(timed(results), "ring8")
    assert list(dict.fromkeys(table["score"])) == [
        "distance rbf ↓", "covered share ↑", "divergence knn ↓",
    ]  # fmt: skip
    assert set(table.loc[table["loss"].eq("plain"), "seconds"]) == {4.0}
    failed = table[table["loss"].eq("plain") & table["architecture"].str.contains("auto")]
    assert set(failed["n"]) == {3}
    best = table[table["front"] & table["score"].str.startswith("distance")]
    assert set(best["loss"]) == {"plain", "plain+slope(gamma=0.1)"}


def test_cells_of_the_front_have_an_edge(results):
    table = cost_frame(timed(results), "ring8")
    axis = pareto(table).axes[0]
    mine = table[table["score"].eq("distance rbf ↓")]
    dots = axis.findobj(PathCollection)
    edged = [dot.get_offsets()[0] for dot in dots if len(dot.get_edgecolor())]
    expected = mine.loc[mine["front"], ["seconds", "mean"]].to_numpy()
    np.testing.assert_allclose(sorted(map(tuple, edged)), sorted(map(tuple, expected)))


def test_without_times_there_are_no_costs(results):
    with pytest.raises(GanbenchError, match="its time"):
        cost_frame(replace(results, frame=results.frame.assign(train_seconds=None)), "ring8")


# --------------------------------------------------------------------------------------- ranks


def raced(results, values):
    """Let running scores of each loss be what `values` says, from the first tenth to the last."""
    frame = results.frame[results.frame["discriminator"].eq("small")]
    losses = list(dict.fromkeys(frame["loss"]))
    steps = np.arange(100, 1001, 100)

    def history(run):
        loss = losses[int(run.split("-")[2])]
        curve = np.linspace(*values[loss], len(steps))
        return pd.DataFrame({"step": steps, "quantity": "distance/rbf", "value": curve})

    return replace(results, frame=frame, history=history)


def test_ranks_follow_the_running_scores(results):
    losses = list(dict.fromkeys(results.frame["loss"]))
    values = {loss: (float(place), float(place)) for place, loss in enumerate(losses)}
    values["far+slope(weight=10)"] = (9.0, -9.0)
    ranks = running_ranks(raced(results, values), "people").set_index(["loss", "budget"])["rank"]
    assert ranks["plain+slope(gamma=0.1)"].iloc[0] == 2
    assert ranks["far+slope(weight=10)"].iloc[0] == 5
    assert ranks["far+slope(weight=10)"].iloc[-1] == 1


def test_failed_runs_share_the_worst_rank_and_missing_ones_have_none(results):
    losses = list(dict.fromkeys(results.frame["loss"]))
    values = {loss: (float(place), float(place)) for place, loss in enumerate(losses)}
    table = running_ranks(raced(results, values), "tiles").set_index(["loss", "budget"])
    plain = table.loc["plain"].iloc[-1]  # best by score; one seed of four took too long
    assert (plain["low"], plain["high"], plain["n"]) == (1, 5, 4)
    assert plain["rank"] == pytest.approx((1 + 1 + 1 + 5) / 4)


def test_ranks_are_lines_with_the_best_on_top(results):
    losses = list(dict.fromkeys(results.frame["loss"]))
    values = {loss: (1.0 + place, 1.0 + place) for place, loss in enumerate(losses)}
    ranks = running_ranks(raced(results, values), "tiles")
    (axis,) = (axis for axis in rank_evolution(ranks).axes if axis.get_title())
    assert len(axis.get_lines()) == len(losses)
    low, high = axis.get_ylim()
    assert low > high
    np.testing.assert_allclose(axis.get_lines()[1].get_xdata(), np.linspace(0.1, 1, 10))


def test_ranks_need_two_cells_and_running_scores(results):
    with pytest.raises(GanbenchError, match="running scores"):
        running_ranks(replace(results, history=lambda _: pd.DataFrame(
            columns=["step", "quantity", "value"])), "ring8")  # fmt: skip
    alone = results.frame[results.frame["loss"].eq("plain")]
    alone = alone[alone["discriminator"].eq("small")]
    with pytest.raises(GanbenchError, match="Only one cell"):
        running_ranks(replace(results, frame=alone), "ring8")


# ----------------------------------------------------------------------------------- agreement


def scored(values):
    """Return a tidy frame of scores: (metric, better) -> values of runs, on two datasets."""
    rows = [
        {
            "run_id": f"{dataset}{place}", "dataset": dataset, "metric": metric,
            "estimator": "e", "better": better, "headline": True, "value": value,
        }
        for dataset, shift in (("one", 0.0), ("two", 100.0))
        for (metric, better), column in values.items()
        for place, value in enumerate(np.asarray(column) + shift)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_scores_that_order_alike_agree_whatever_their_better_side():
    up = [1.0, 2, 3, 4, 5, 6]
    found = agreement(
        scored({("a", "lower"): up, ("b", "higher"): up[::-1], ("c", "lower"): up[::-1]})
    )
    assert found.rho.loc["a e", "b e"] == pytest.approx(1)
    assert found.rho.loc["a e", "c e"] == pytest.approx(-1)
    assert (found.n.to_numpy() == 12).all()


def test_the_difficulty_of_datasets_makes_no_scores_agree():
    x = [1.0, 2, 3, 4, 5, 6]
    y = [3.0, 5, 1, 6, 2, 4]
    rho = agreement(scored({("a", "lower"): x, ("b", "lower"): y})).rho.loc["a e", "b e"]
    assert rho == pytest.approx(pd.Series(x).corr(pd.Series(y), "spearman"))


def test_few_runs_agree_on_nothing():
    with pytest.raises(GanbenchError, match="No two scores"):
        agreement(scored({("a", "lower"): [1.0, 2, 3], ("b", "lower"): [1.0, 2, 3]}))


def test_agreement_is_written_with_its_runs(results):
    figure = score_agreement(agreement(results.frame))
    found = agreement(results.frame)
    counts = found.n.to_numpy()[np.triu_indices(3, 1)].astype(int)
    assert [text for text in words(figure) if text.isdigit()] == [str(n) for n in counts]
    assert encode(figure, "pdf") == encode(score_agreement(agreement(results.frame)), "pdf")
