"""What figures of modes, n-grams and tables show."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.container import BarContainer

from ganbench.components import parse_single
from ganbench.errors import GanbenchError
from ganbench.metrics import associations, mode_coverage
from ganbench.report.figures import (
    correlation_maps,
    mode_histograms,
    ngram_table,
    ngram_tables,
)
from ganbench.report.figures.typical import POINTS


def panels(figure):
    return [axis for axis in figure.axes if axis.get_title()]


# --------------------------------------------------------------------------------------- modes


def bars(axis):
    (container,) = (each for each in axis.containers if isinstance(each, BarContainer))
    return np.array([bar.get_height() for bar in container])


def test_bars_are_shares_by_mode_heaviest_first(mixture):
    modes = mixture.dataset("").modes
    only = torch.from_numpy(modes.centers[[0, 0, 3]]).float().repeat(100, 1)
    figure = mode_histograms(replace(mixture, samples=lambda _: only), "ring8")
    for axis in panels(figure)[:3]:
        np.testing.assert_allclose(bars(axis), [2 / 3, 0, 0, 1 / 3, 0, 0, 0, 0])
        assert axis.get_xlabel() == "2 of 8 covered\n0% near none"
        np.testing.assert_allclose(axis.patches[-1].get_data().values, modes.weights)


@pytest.mark.parametrize("rule", ["", "(radius=1.0, share=0.9)"])
def test_the_picture_covers_as_many_modes_as_the_score(mixture, rule):
    modes = mixture.dataset("").modes
    rng = torch.Generator().manual_seed(0)
    many = torch.from_numpy(modes.centers).float()[torch.randint(4, (200,), generator=rng)]
    once = torch.from_numpy(modes.centers[4:5]).float()  # a single hit covers nothing
    sample = torch.cat([many + 0.1 * torch.randn(200, 2, generator=rng), once])
    frame = mixture.frame.assign(metric=f"law{rule}", estimator="covered")
    mine = replace(mixture, samples=lambda _: sample, frame=frame)
    arguments = dict(parse_single(f"law{rule}").params)
    score, *_ = mode_coverage(sample, modes.centers, modes.std, weights=modes.weights, **arguments)
    shown = panels(mode_histograms(mine, "ring8"))[0].get_xlabel()
    assert shown.startswith(f"{score.value:g} of 8 covered")
    assert score.value < 5


def test_samples_between_modes_hit_none(mixture):
    nowhere = torch.zeros(50, 2)
    figure = mode_histograms(replace(mixture, samples=lambda _: nowhere), "ring8")
    assert panels(figure)[0].get_xlabel() == "0 of 8 covered\n100% near none"
    assert bars(panels(figure)[0]).sum() == 0


def test_every_cell_has_a_panel_with_its_count_of_seeds(mixture):
    titles = [axis.get_title() for axis in panels(mode_histograms(mixture, "ring8"))]
    assert len(titles) == 10
    assert titles[0] == "plain\n4/4 ok"


def test_laws_without_modes_have_no_histogram(results):
    with pytest.raises(GanbenchError, match="no mixture with known modes"):
        mode_histograms(results, "people")


# -------------------------------------------------------------------------------------- n-grams


def test_the_table_counts_as_a_counter_does(played):
    results = played("sequence")
    dataset = results.frame["dataset"][0]
    table = ngram_table(results, dataset, order=2, most=5)
    tokens = results.samples("hinge-run").argmax(2).tolist()
    counts = Counter(tuple(row[i : i + 2]) for row in tokens for i in range(5))
    mine = table[table["loss"].eq("hinge")].set_index("ngram")
    others = {" ".join(map(str, gram)) for gram in counts} - set(mine.index[:5])
    assert set(mine.index[5:]) <= others
    assert len(mine) == 5 + min(4, len(others))
    for text, row in mine.iterrows():
        assert row["generated"] == pytest.approx(counts[tuple(map(int, text.split()))] / 1000)
    assert mine["real"][:5].is_monotonic_decreasing
    assert (mine["n"] == 1).all()
    whole = ngram_table(results, dataset, order=1, most=4)
    assert whole.groupby("loss")[["real", "generated"]].sum().to_numpy() == pytest.approx(1)


def test_n_grams_are_bars_and_points_in_the_order_of_the_table(played):
    results = played("sequence")
    dataset = results.frame["dataset"][0]
    axis = panels(ngram_tables(results, dataset))[0]
    table = ngram_table(results, dataset)
    mine = table[table["loss"].eq("ns")]
    assert [text.get_text() for text in axis.get_yticklabels()] == list(mine["ngram"])
    widths = [bar.get_width() for bar in axis.containers[0]]
    assert widths == pytest.approx(list(100 * mine["real"]))
    points = axis.containers[1].lines[0].get_xdata()
    assert list(points) == pytest.approx(list(100 * mine["generated"]))


def test_n_grams_need_sequences_long_enough(played, results):
    with pytest.raises(GanbenchError, match="holds no sequences"):
        ngram_tables(results, "people")
    with pytest.raises(GanbenchError, match="no n-grams of 7"):
        ngram_table(played("sequence"), played("sequence").frame["dataset"][0], order=7)


# --------------------------------------------------------------------------------------- tables


def table(seed=0, n=300):
    rng = np.random.default_rng(seed)
    x, letter = rng.normal(size=n), rng.choice(list("abc"), n)
    return pd.DataFrame(
        {
            "x": x,
            "twice": 2 * x,
            "against": -x,
            "letter": letter,
            "same": [each.upper() for each in letter],
            "shift": np.where(letter == "a", 5.0, -5.0),
        }
    )


def test_associations_of_known_tables():
    first, second = associations(table(), table(1).assign(twice=0.0))
    assert first.loc["x", "twice"] == pytest.approx(1)
    assert first.loc["x", "against"] == pytest.approx(-1)
    assert first.loc["letter", "same"] == pytest.approx(1)
    assert first.loc["shift", "letter"] == pytest.approx(1)
    assert abs(first.loc["x", "letter"]) < 0.2
    assert second.loc["x", "twice"] == second.loc["letter", "twice"] == 0
    for matrix in (first, second):
        np.testing.assert_array_equal(matrix, matrix.T)
        assert (np.diag(matrix) == 1).all()


def test_maps_are_real_generated_and_their_difference(results):
    figure = correlation_maps(results, "people")
    real, *maps = (axis.images[0].get_array() for axis in panels(figure))
    law = results.dataset("people")
    rows = law.sample(POINTS, "test", torch.Generator().manual_seed(0))
    expected, _ = associations(law.to_frame(rows), law.to_frame(rows))
    np.testing.assert_allclose(real, expected)
    assert len(maps) == 10
    for each in maps:
        below = np.tril_indices(len(real), -1)
        np.testing.assert_allclose(each.T[below], each[below] - real[below])
        assert each.mask.diagonal().all()
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == ["age", "hours_per_week", "job"]


def test_a_cell_without_runs_has_a_grey_map(results):
    frame = results.frame.copy()
    mine = frame["loss"].eq("plain") & frame["discriminator"].eq("small")
    frame.loc[mine, "status"] = "killed"
    figure = correlation_maps(replace(results, frame=frame), "people")
    mine = panels(figure)[1]
    assert not mine.images
    assert "killed" in mine.get_title()


def test_points_have_no_associations(results):
    with pytest.raises(GanbenchError, match="no table of two columns"):
        correlation_maps(results, "ring8")
