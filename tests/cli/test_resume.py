"""A run whose process is killed goes on from its checkpoint, and nobody can tell afterwards."""

import subprocess
import sys
import time

import pandas as pd
import torch

from ganbench.store import Store

MAIN = "from ganbench.cli import main; main()"


GRID = """
name = "killed"
seeds = 2
metrics = ["mmd(permutations=19)"]
datasets = ["ring8"]
priors = ["normal(dim=2)"]
architectures = ["mlp(width=4, depth=1)"]
losses = ["wgan+gp"]
train = {generator_steps = 1500, batch_size = 16, block = 2}
evaluation = {samples = 200, floor_splits = 2}
"""


def command(results):
    grid = results.with_suffix(".toml")
    grid.write_text(GRID)
    how = ["--executor", "inline", "--no-report", "-q", "--checkpoint-every", "0.1"]
    where = ["--grid", str(grid), "--results", str(results)]
    return [sys.executable, "-c", MAIN, "run", *where, *how]


def test_a_killed_run_resumes_bit_identically(tmp_path):
    process = subprocess.Popen(command(tmp_path / "killed"), stdout=subprocess.DEVNULL)
    folder = tmp_path / "killed" / "checkpoints"
    try:
        while not list(folder.glob("*.safetensors")):
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    killed = Store(tmp_path / "killed")
    assert killed.runs() == {}

    for name in ("killed", "straight"):
        subprocess.run(command(tmp_path / name), check=True, stdout=subprocess.DEVNULL)
    straight = Store(tmp_path / "straight")
    assert not list(folder.iterdir())
    assert len(straight.runs()) == 2
    for run_id, run in straight.runs().items():
        again = killed.run(run_id)
        assert (again["status"], again["steps"]) == (run["status"], run["steps"]) == ("ok", 1500)
        assert "Went on from a checkpoint" in killed.log(run_id)
        assert torch.equal(killed.samples(run_id), straight.samples(run_id))
        pd.testing.assert_frame_equal(killed.history(run_id), straight.history(run_id))
        scores = [s.scores(run_id).drop(columns="seconds") for s in (killed, straight)]
        pd.testing.assert_frame_equal(*scores)
