"""Tables with gaps, times and booleans from training to the report."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner

from ganbench.cells import plan
from ganbench.cli import main
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

CPU = torch.device("cpu")
ENCODERS = ("standard", "quantile", "modes")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A CSV file of all kinds of columns."""
    rng = np.random.default_rng(0)
    n = 300
    size = rng.normal(size=n)
    missing = rng.random(n) < 0.2
    when = pd.Timestamp("2020-01-01") + pd.to_timedelta((1e6 * size).astype(int), unit="s")
    frame = pd.DataFrame(
        {
            "size, in m": size,
            "price": np.where(missing, np.nan, 3 * size),
            "count": pd.Series(rng.poisson(3, n), dtype="Int64").mask(missing),
            "when": pd.Series(when).mask(rng.random(n) < 0.1),
            "flag": rng.random(n) < 0.5,
            "known": pd.Series(size > 0, dtype="boolean").mask(missing),
            "word": pd.Series(rng.choice(['é, "q"', "b"], n), dtype="str").mask(missing),
        }
    )
    path = tmp_path_factory.mktemp("table") / "table.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize(
    ("architecture", "loss"), [("mlp(width=8)", "ns"), ("ctgan(width=8)", "wgan+gp(weight=10)")]
)
def test_pairs_train_on_every_encoding(path, tiny, registry, encoder, architecture, loss):
    grid = tiny(
        datasets=[f"table(path={str(path)!r}, encoder='{encoder}')"],
        architectures=[architecture],
        losses=[loss],
        train={"generator_steps": 2, "batch_size": 20, "block": 1, "rung": "vmap"},
    )
    (cell,) = plan(grid, registry)
    assert cell.misfit is None
    assert cell.recipe.packing == (10 if "ctgan" in architecture else 1)
    *_, progress = train(cell, (0,), CPU)
    data = cell.dataset.value
    samples = progress.ensemble.generate(40, "samples")[0]
    assert samples.shape == (40, *data.judged.spec.shape)
    assert torch.equal(data.judged.project(samples), samples)
    frame = data.judged.to_frame(samples)
    assert dict(frame.dtypes) == dict(data.frame.dtypes)


def test_generators_that_are_told_draw_as_often_as_the_data(tiny, registry):
    grid = tiny(
        datasets=["fair"],
        architectures=["ctgan(width=8, depth=1)"],
        losses=["ns"],
        train={"generator_steps": 1, "batch_size": 20, "block": 1, "rung": "vmap"},
    )
    (cell,) = plan(grid, registry)
    ensemble = Ensemble(cell, [0], CPU)
    told = cell.dataset.value.conditions.width
    assert ensemble.game.spec.size == cell.dataset.value.spec.size + told


def test_from_the_command_line_to_the_report(path, tmp_path):
    def ganbench(*arguments):
        result = CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    folder = tmp_path / "results"
    dataset = f"table(path={str(path)!r}, target='price', encoder='modes')"
    grid = tmp_path / "grid.toml"
    grid.write_text(f"""
name = "gaps"
seeds = 1
metrics = ["fidelity", "utility"]
datasets = [{json.dumps(dataset)}]
priors = ["normal(dim=2)"]
architectures = ["mlp(width=4)"]
losses = ["ns"]
[train]
generator_steps = 2
batch_size = 20
block = 1
rung = "vmap"
[evaluation]
samples = 50
floor_splits = 2
""")
    ganbench("run", "--grid", grid, "--results", folder, "--executor", "inline", "-q")
    assert (folder / "report" / "report.html").is_file()
    rows = [*csv.DictReader(io.StringIO(ganbench("table", folder, "--tidy", "--format", "csv")))]
    assert {row["estimator"] for row in rows} >= {"columns", "ks", "tv", "mixed", "tstr", "gap"}
    assert all(row["status"] == "ok" for row in rows)
    (run,) = (folder / "runs").iterdir()
    out = tmp_path / "samples.parquet"
    ganbench("sample", run.name, "--results", folder, "-n", 50, "-o", out)
    samples = pd.read_parquet(out)
    assert list(samples) == list(pd.read_csv(path))
    assert [str(dtype) for dtype in samples.dtypes] == [
        "float64", "float64", "Int64", "datetime64[us]", "bool", "boolean", "str",
    ]  # fmt: skip
