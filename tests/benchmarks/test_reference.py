"""Reference results: the pages say what the kept scores say."""

import pytest

from benchmarks.reference import GRIDS, REFERENCE, page


@pytest.mark.parametrize("grid", ["smoke", "default"])
def test_a_page_says_what_the_scores_say(grid):
    kept = REFERENCE / grid
    assert (kept / "README.md").read_text(encoding="utf-8") == page(kept)


@pytest.mark.parametrize("grid", GRIDS)
def test_every_grid_keeps_scores_a_page_and_figures(grid):
    kept = REFERENCE / grid
    assert (kept / "scores.parquet").is_file()
    assert f"ganbench run --grid {grid} " in (kept / "README.md").read_text(encoding="utf-8")
    assert list((kept / "figures").glob("*.png"))
