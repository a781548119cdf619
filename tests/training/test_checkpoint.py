"""A training that was stopped goes on as if it had not been."""

import pytest
import torch

from ganbench.errors import StoreError
from ganbench.training.checkpoint import Checkpoint
from ganbench.training.loop import train

CPU = torch.device("cpu")


class StoppedError(Exception):
    pass


class Stopping(Checkpoint):
    """Saves after some steps and then fails."""

    steps = 0

    def due(self):
        self.steps += 1
        return self.steps == self.interval

    def save(self, progress):
        super().save(progress)
        raise StoppedError


def finish(cell, checkpoint=None):
    for progress in train(cell, [0, 1], CPU, checkpoint):
        if progress.step > progress.resumed:  # what others add at the pauses is kept as well
            progress.history.append((progress.step, 0, "added", float(progress.step)))
    return progress


@pytest.mark.parametrize("steps", [1, 7, 20, 64, 69])
@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "wgan+gp"},
        {"loss": "ns", "lookahead_steps": 3, "optimistic": True, "updates": "simultaneous"},
        {"loss": "ns+r1", "penalty_interval": 4, "generator_optimizer": "rmsprop"},
    ],
)
def test_going_on_is_bit_identical_to_never_having_stopped(make_cell, tmp_path, steps, settings):
    cell = make_cell(**settings, generator_steps=70, block=2)
    expected = finish(cell)
    path = tmp_path / "block.safetensors"
    with pytest.raises(StoppedError):
        finish(cell, Stopping(path, "block", steps))
    progress = finish(cell, Checkpoint(path, "block", 1e9))
    assert progress.step == 70
    assert progress.history == expected.history
    state = expected.ensemble.state
    assert all(torch.equal(progress.ensemble.state[name], state[name]) for name in state)


def test_divergence_is_remembered(make_cell, tmp_path):
    cell = make_cell(generator_optimizer="sgd", generator_rate=1e30, generator_steps=40)
    checkpoint = Checkpoint(tmp_path / "block.safetensors", "block", 1e9)
    for progress in train(cell, [0, 1], CPU):
        if progress.step == 0:
            progress.ensemble.state["generator"][1] = 0.0
        if progress.diverged:
            break
    checkpoint.save(progress)
    first = next(iter(train(cell, [0, 1], CPU, checkpoint)), progress)
    assert first.diverged == progress.diverged


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_file_is_passed_over(make_cell, tmp_path, content):
    path = tmp_path / "block.safetensors"
    path.write_bytes(content)
    assert next(train(make_cell(), [0], CPU, Checkpoint(path, "block", 1e9))).step == 0


def test_a_checkpoint_of_another_block_is_passed_over(make_cell, tmp_path):
    path = tmp_path / "block.safetensors"
    with pytest.raises(StoppedError):
        finish(make_cell(), Stopping(path, "block", 5))
    assert next(train(make_cell(), [0, 1], CPU, Checkpoint(path, "other", 1e9))).step == 0
    checkpoint = Checkpoint(path, "block", 1e9)
    assert next(train(make_cell(), [0, 1], CPU, checkpoint)).step == 5
    checkpoint.discard()
    checkpoint.discard()
    assert not path.exists()


def test_a_checkpoint_that_cannot_be_written_is_an_error(make_cell, tmp_path):
    checkpoint = Checkpoint(tmp_path / "nowhere" / "block.safetensors", "block", 0)
    with pytest.raises(StoreError, match="Cannot write the checkpoint"):
        list(train(make_cell(), [0], CPU, checkpoint))


def test_the_interval_decides_when(tmp_path):
    assert not Checkpoint(tmp_path / "a", "a", 1e9).due()
    assert Checkpoint(tmp_path / "a", "a", 0).due()
