"""The command line in this process, away from the repository, and one small results folder."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ganbench.cli import main

GRID = """
name = "tiny"
seeds = 2
metrics = ["mmd(permutations=19)", "modes"]
datasets = ["ring8", "digits"]
priors = ["normal(dim=2)"]
architectures = ["mlp(width=4, depth=1)", "dcgan(width=2)"]
losses = ["ns"]

[train]
generator_steps = 5
batch_size = 8
block = 2

[evaluation]
samples = 50
floor_splits = 2

[[exclude]]
where = {dataset = "digits", architecture = "dcgan"}
"""


def invoke(*arguments: object) -> Result:
    """Run a command; anything but an orderly exit is an error of the test."""
    runner = CliRunner(env={"COLUMNS": "120"})
    result = runner.invoke(main, [str(each) for each in arguments], prog_name="ganbench")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="session")
def command():
    """Run commands wherever we are."""
    return invoke


@pytest.fixture(scope="session")
def grid_file(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("grids") / "tiny.toml"
    file.write_text(GRID)
    return file


@pytest.fixture(scope="session")
def first_run(tmp_path_factory, grid_file) -> tuple[Path, Result]:
    """A results folder with ok and incompatible runs, and what the command said."""
    folder = tmp_path_factory.mktemp("results") / "tiny"
    arguments = ["--grid", grid_file, "--results", folder, "--executor", "inline", "--no-report"]
    return folder, invoke("run", *arguments)


@pytest.fixture(scope="session")
def results(first_run) -> Path:
    return first_run[0]


@pytest.fixture
def ganbench(tmp_path, monkeypatch):
    """Run commands in an empty folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.delenv("GANBENCH_PLUGINS", raising=False)
    assert os.listdir(here) == []
    return invoke
