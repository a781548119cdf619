"""Ranks and profiles over datasets, from the comparison to the figure."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from ganbench.comparison import compare
from ganbench.errors import GanbenchError
from ganbench.report.figures import KINDS


@pytest.fixture(scope="module")
def seven(results):
    """Return results on seven datasets, alike but for noise."""
    frame, rng = results.frame[results.frame["dataset"].eq("ring8")], np.random.default_rng(0)
    parts = [
        frame.assign(
            dataset=f"law{i}",
            run_id=frame["run_id"] + str(i),
            value=pd.to_numeric(frame["value"]) * rng.uniform(0.4, 1.8, len(frame)),
        )
        for i in range(7)
    ]
    return replace(results, frame=pd.concat(parts, ignore_index=True))


def test_ranks_are_those_of_the_comparison(seven):
    figure = KINDS["critical-differences"].draw(seven, "demo")
    ranks = compare(seven.frame).ranks
    mine = ranks[ranks["score"].eq(ranks["score"].iloc[0])]
    shown = [text.get_text() for text in figure.axes[0].findobj(Text)]
    for variant, rank in zip(mine["variant"], mine["rank"], strict=True):
        assert any(variant in text and f"{rank:.2f}" in text for text in shown)
    assert "7 datasets" in KINDS["critical-differences"].caption(seven, "demo")


def test_few_datasets_have_no_critical_difference(results):
    with pytest.raises(GanbenchError, match="needs 6 datasets"):
        KINDS["critical-differences"].draw(results, "demo")


def test_profiles_fall_from_variant_to_variant(seven):
    lines = KINDS["performance-profiles"].draw(seven, "demo").axes[0].get_lines()
    assert len(lines) == 5
    assert all((np.diff(line.get_ydata()) <= 1e-12).all() for line in lines)
    assert "95%" in KINDS["performance-profiles"].caption(seven, "demo")
