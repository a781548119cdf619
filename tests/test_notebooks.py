"""The notebooks of the documentation run from the first cell to the last."""

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "docs" / "notebooks").glob("*.ipynb"))

pytestmark = pytest.mark.slow


def test_there_are_three():
    assert [path.stem for path in NOTEBOOKS] == ["first-grid", "reading-results", "your-own-loss"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_did_before(path, tmp_path):
    stored = nbformat.read(path, as_version=4)
    again = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        again, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    for before, after in zip(stored.cells, again.cells, strict=True):
        if before.cell_type == "code":
            kinds = [[each.output_type for each in cell.outputs] for cell in (before, after)]
            assert kinds[0] == kinds[1], before.source
            assert "error" not in kinds[1]
