"""SIGKILL of the driver at random moments: what was done is kept, and nobody can tell later."""

import random
import time

import pytest
from asking import flags, numbers

KILLS = 20
SLOW = ["plain(seconds=0.03)"]
GRID = flags(losses=SLOW, baselines=["law(seconds=0.5)"], seeds=6, generator_steps=60)
HOW = ["-j", 2, "--checkpoint-every", 0.2]
STORY = ["train_seconds", "eval_seconds", "attempts"]


def table(launcher, folder):
    """Print the tidy table, without what tells how it came about."""
    ended = launcher.run("table", folder, "--tidy", "--format", "csv")
    assert ended.code == 0
    header, *rows = [line.split(",") for line in ended.out.splitlines()]
    kept = [place for place, name in enumerate(header) if name not in STORY]
    return [[row[place] for place in kept] for row in (header, *rows)]


@pytest.fixture(scope="module")
def straight(launcher, tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight") / "results"
    assert launcher.run(*GRID, *HOW, "--results", folder).code == 0
    return folder


@pytest.mark.slow
def test_a_driver_killed_twenty_times_ends_with_the_same_table(launcher, straight, tmp_path):
    folder, notes, moments = tmp_path / "results", tmp_path / "notes", random.Random(7)
    begun = 0
    for kill in range(KILLS):
        notes.write_text("")
        command = launcher.start(*GRID, *HOW, "--results", folder, FAULTS_NOTES=str(notes))
        if kill % 5:  # else it is killed while it plans, or starts its workers
            while not (notes.read_text() or command.over):
                time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.7))
        begun += bool(notes.read_text())
        command.kill()
        command.wait()
        assert command.leaves_nothing(), "a worker has survived its driver"
    assert begun >= KILLS / 2
    ended = launcher.run(*GRID, *HOW, "--results", folder)
    assert ended.code == 0, ended.err
    assert not list((folder / "checkpoints").iterdir())
    assert numbers(folder) == numbers(straight)
    assert table(launcher, folder) == table(launcher, straight)
    assert launcher.run("store", "verify", folder).code == 0
