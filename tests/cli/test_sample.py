"""Drawing from stored generators, and fetching data, from the command line."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ganbench.cells import restore_cells
from ganbench.components import Component
from ganbench.report.programs import write_generator
from ganbench.restoring import restored
from ganbench.store import Store

GRID = """
name = "mixed"
seeds = 1
metrics = ["mmd(permutations=19)"]
datasets = ["gaussian", "fair", "digits", "markov(vocabulary=4, length=6)"]
priors = ["normal(dim=2)"]
architectures = ["mlp(width=4, depth=1)", "gru(hidden=4)"]
losses = ["ns"]
baselines = ["bootstrap"]
train = {generator_steps = 2, batch_size = 8}
evaluation = {samples = 50, floor_splits = 2}
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, command):
    """One trained run of each kind of data, and a baseline, by dataset and generator."""
    folder = tmp_path_factory.mktemp("results") / "mixed"
    (grid := folder.with_suffix(".toml")).write_text(GRID)
    how = ["--executor", "inline", "--no-report", "-q"]
    result = command("run", "--grid", grid, "--results", folder, *how)
    assert result.exit_code == 0, result.output
    store = Store(folder)
    return folder, {
        (record["dataset"].partition("(")[0], record["generator"].partition("(")[0]): run_id
        for run_id, record in store.runs().items()
    }


@pytest.fixture
def sample(ganbench, mixed):
    folder, runs = mixed

    def draw(dataset, generator, *arguments):
        run = runs[dataset, generator]
        result = ganbench("sample", run, "--results", folder, *arguments)
        assert result.exit_code == 0, result.output
        return result

    return draw


def test_a_table_comes_back_with_its_own_columns_and_dtypes(sample, tmp_path):
    from statsmodels.datasets import fair

    frame = fair.load_pandas().data
    sample("fair", "mlp", "-n", 20, "-o", tmp_path / "out.csv")
    sample("fair", "mlp", "-n", 20, "-o", tmp_path / "out.parquet")
    text, stored = pd.read_csv(tmp_path / "out.csv"), pd.read_parquet(tmp_path / "out.parquet")
    assert len(stored) == 20
    assert list(stored.dtypes.items()) == list(frame.dtypes.items())
    pd.testing.assert_frame_equal(text, stored, check_dtype=False)
    assert stored["occupation"].isin(frame["occupation"]).all()


def test_samples_of_each_kind_are_written_for_other_programs(sample, tmp_path):
    sample("gaussian", "mlp", "-n", 7, "-o", tmp_path / "points.csv")
    assert pd.read_csv(tmp_path / "points.csv").shape == (7, 2)
    sample("digits", "mlp", "-n", 7, "-o", tmp_path / "images.npy")
    images = np.load(tmp_path / "images.npy")
    assert images.shape == (7, 1, 8, 8)
    assert np.array_equal((images + 1) * 8, ((images + 1) * 8).round())
    sample("digits", "mlp", "-n", 7, "-o", tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    sample("markov", "gru", "-n", 7, "-o", tmp_path / "lines.txt")
    lines = (tmp_path / "lines.txt").read_text().splitlines()
    assert len(lines) == 7
    assert all(len(line.split()) == 6 for line in lines)
    sample("markov", "gru", "-n", 7, "-o", tmp_path / "lines.csv")
    assert list(pd.read_csv(tmp_path / "lines.csv")["text"]) == lines


def test_without_a_file_samples_go_to_stdout(sample):
    assert sample("gaussian", "mlp", "-n", 3).stdout.startswith("x0,x1\n")
    assert len(sample("markov", "gru", "-n", 3).stdout.splitlines()) == 3


def test_seeds_name_the_noise(sample):
    first, again = (sample("gaussian", "mlp", "-n", 3).stdout for _ in range(2))
    assert first == again
    assert sample("gaussian", "mlp", "-n", 3, "--seed", 1).stdout != first


def test_a_baseline_is_fitted_anew(sample):
    assert len(sample("fair", "bootstrap", "-n", 3).stdout.splitlines()) == 4


def test_samples_are_those_of_the_stored_generator(mixed, registry):
    """The noise of the evaluation gives what was stored as the run ended, but for rounding."""
    from ganbench.training.ensemble import Ensemble

    folder, runs = mixed
    store, run_id = Store(folder), runs["gaussian", "mlp"]
    (cell,) = restore_cells([store.run(run_id)], registry)
    ensemble = Ensemble(cell, [0], torch.device("cpu"))
    ensemble.restore(0, store.generator(run_id))
    samples = store.samples(run_id)
    drawn = ensemble.generate(len(samples), "evaluation")[0]
    torch.testing.assert_close(drawn, samples)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nothing",), "No run begins with 'nothing'"),
        (("RUN", "-n", 0), "0 is not in the range"),
        (("RUN", "-o", "out.xlsx"), "Choose one of .csv, .parquet, .npy for --out."),
        (("RUN", "-o", "no/such/folder/out.csv"), "Cannot write 'no/such/folder/out.csv'"),
        (("RUN", "--device", "abacus"), "abacus"),
    ],
)
def test_bad_requests_are_one_sentence(ganbench, mixed, arguments, sentence):
    folder, runs = mixed
    named = [runs["gaussian", "mlp"] if each == "RUN" else each for each in arguments]
    result = ganbench("sample", *named, "--results", folder)
    assert result.exit_code in (2, 4)
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_changed_data_are_no_longer_those_of_the_run(ganbench, tmp_path):
    file, folder = tmp_path / "mine.csv", tmp_path / "results"
    rows = "".join(f"{i % 9},{'yn'[i % 2]}\n" for i in range(60))
    file.write_text(f"number,word\n{rows}")
    result = ganbench(
        "run", "-b", "bootstrap", "-d", f"table(path='{file}')", "--seeds", "1",
        "-m", "fidelity", "--results", folder, "--executor", "inline", "--no-report", "-q",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    (run,) = Store(folder).runs()
    assert ganbench("sample", run, "--results", folder).exit_code == 0
    file.write_text(f"number,word\n{rows.replace('8,', '80,')}")
    result = ganbench("sample", run, "--results", folder)
    assert result.exit_code == 2
    assert f"The data of the run {run} have changed since it was trained." in result.stderr


def test_images_have_no_table(ganbench, mixed):
    folder, runs = mixed
    result = ganbench("sample", runs["digits", "mlp"], "--results", folder)
    assert result.exit_code == 2
    assert "Choose one of .png, .npy for --out." in result.stderr


def test_data_without_a_network_need_no_fetching(ganbench):
    result = ganbench("fetch", "ring8")
    assert result.exit_code == 0
    assert "ring8 needs nothing from the network." in result.stdout


def test_an_unknown_dataset_cannot_be_fetched(ganbench):
    result = ganbench("fetch", "mnits")
    assert result.exit_code == 2
    assert "mnits" in result.stderr


# ------------------------------------------------------------------------- without ganbench

ALONE = """
import sys

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("ganbench"):
            raise ImportError(name)

sys.meta_path.insert(0, Nowhere())
"""
DRIVER = """
from pathlib import Path

for path in sorted(Path().glob("*.pt2")):
    generator, about = load(str(path))
    kind, noise = path.stem, torch.from_numpy(np.load(f"{path.stem}-noise.npy"))
    samples = generator(noise)
    np.save(f"{kind}-out.npy", samples.numpy())
    if about["samples"]["kind"] == "table":
        table(samples, about).to_csv(f"{kind}.csv", index=False)
    if about["samples"]["kind"] == "sequence":
        Path(f"{kind}.txt").write_text(repr(texts(samples, about)))
    example = about["example"]
    again = generator(torch.tensor(example["noise"]))
    torch.testing.assert_close(again, torch.tensor(example["samples"]), atol=1e-4, rtol=0)
noise = torch.from_numpy(np.load("gaussian-noise.npy"))
np.save("mlp-out.npy", mlp("generator.safetensors")(noise).detach().numpy())
assert not [name for name in sys.modules if name.startswith("ganbench")]
"""


def test_generators_run_in_torch_alone(ganbench, mixed, registry, tmp_path):
    """The code of docs/use-a-generator.md, where ganbench cannot be imported."""
    folder, runs = mixed
    stored, noise = {}, {}
    for name, player in (
        ("gaussian", "mlp"),
        ("fair", "mlp"),
        ("digits", "mlp"),
        ("markov", "gru"),
    ):
        run = runs[name, player]
        out = ganbench("store", "export", folder, "--generator", run, "-o", f"{name}.pt2")
        assert out.exit_code == 0, out.output
        stored[name] = restored(Store(folder), registry, run)
        noise[name] = stored[name].noise(11, 3)
        np.save(f"{name}-noise.npy", noise[name].numpy())
    shutil.copy(folder / "runs" / runs["gaussian", "mlp"] / "generator.safetensors", ".")
    page = (Path(__file__).parents[2] / "docs" / "use-a-generator.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    Path("alone.py").write_text("\n".join([ALONE, *blocks, DRIVER]))
    done = subprocess.run(
        [sys.executable, "alone.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name, each in stored.items():
        samples = each.samples(noise[name])
        alone = torch.from_numpy(np.load(f"{name}-out.npy"))
        torch.testing.assert_close(alone, samples, atol=1e-4, rtol=0)
        if name == "fair":
            frame = each.cell.dataset.value.to_frame(samples)
            pd.testing.assert_frame_equal(pd.read_csv("fair.csv"), frame, check_dtype=False)
        if name == "markov":
            lines = each.cell.dataset.value.to_text(samples)
            assert Path("markov.txt").read_text() == repr(lines)
    alone = torch.from_numpy(np.load("mlp-out.npy"))
    torch.testing.assert_close(alone, stored["gaussian"].samples(noise["gaussian"]))


def test_the_file_beside_tells_every_parameter_of_the_noise(ganbench, mixed, registry):
    folder, runs = mixed
    tailed = registry.build("prior", Component("student_t", (("dim", 2),)))
    stored = restored(Store(folder), registry, runs["gaussian", "mlp"])
    cell = replace(stored.cell, prior=tailed)
    write_generator(replace(stored, cell=cell), "abc", Path("g.pt2"))
    noise = json.loads(Path("g.json").read_text())["noise"]
    assert noise["prior"] == "student_t(dim=2)"
    assert noise["parameters"] == {"dim": 2, "df": tailed.params["df"]}


def test_a_program_has_the_ending_that_loading_it_takes(ganbench, mixed):
    folder, runs = mixed
    export = ("store", "export", folder, "--generator", runs["gaussian", "mlp"], "-o")
    for name in ("g.json", "g", "g.PT2"):
        refused = ganbench(*export, name)
        assert refused.exit_code == 2
        assert (
            f"'{name}' cannot name a generator's program: it must end in .pt2, such as g.pt2"
            in (refused.stderr)
        )
    assert os.listdir() == []


def test_what_cannot_be_exported_says_why(ganbench, mixed, monkeypatch):
    folder, runs = mixed
    export = ("store", "export", folder, "--generator")
    refused = ganbench(*export, runs["fair", "bootstrap"])
    assert refused.exit_code == 2
    assert "A baseline has neither noise nor players." in refused.stderr
    branching = lambda self, x: x if x.sum() > 0 else -x  # noqa: E731
    monkeypatch.setattr("ganbench.data.Dataset.project", branching)
    refused = ganbench(*export, runs["gaussian", "mlp"])
    assert refused.exit_code == 2
    assert "The generator mlp(width=4, depth=1) on gaussian cannot be exported:" in refused.stderr
    assert os.listdir() == []
