"""The engine on a CUDA device: the same promises as on a CPU, and CUDA graphs."""

import pytest
import torch

from ganbench.isolation import make_deterministic
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
GPU, CPU = torch.device("cuda"), torch.device("cpu")
CELLS = [
    {"loss": "wgan+gp"},
    {"loss": "rp+r1+r2", "penalty_interval": 4},
    {"dataset": "digits", "architecture": "dcgan(width=4)"},
    {"dataset": "markov(vocabulary=5, length=4)", "architecture": "lstm(hidden=6)"},
]


@pytest.fixture(autouse=True)
def _deterministic():
    make_deterministic()


def trained(cell, seeds, device=GPU):
    *_, progress = train(cell, seeds, device)
    return progress


@pytest.mark.parametrize("settings", CELLS, ids=str)
def test_everything_is_on_the_device_and_bit_identical_in_any_company(make_cell, settings):
    cell = make_cell(**settings, generator_steps=8, block=4)
    together, again = trained(cell, [0, 1, 2, 3]), trained(cell, [0, 1, 2, 3])
    other = trained(cell, [3, 9, 1])
    assert together.engine.rung == "captured"
    for name, value in together.ensemble.state.items():
        assert value.is_cuda
        assert torch.equal(value, again.ensemble.state[name]), name
        assert torch.equal(value[1], other.ensemble.state[name][2]), name


@pytest.mark.parametrize("settings", CELLS, ids=str)
def test_a_captured_move_is_to_the_bit_the_traced_one(make_cell, settings):
    states = [
        trained(make_cell(**settings, generator_steps=8, rung=rung), [0, 1, 2]).ensemble.state
        for rung in ("captured", "traced")
    ]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize("settings", CELLS, ids=str)
def test_a_move_on_the_device_agrees_with_the_cpu(make_cell, settings):
    """From the same state and batch, in float32, to 1e-3 of the largest entry."""
    cell = make_cell(**settings, generator_optimizer="sgd", critic_optimizer="sgd")
    here, there = Ensemble(cell, [0, 1, 2], CPU), Ensemble(cell, [0, 1, 2], GPU)
    batch = next(iter(here.streams))[0]
    for name in here.game.names:
        for ensemble, device in ((here, CPU), (there, GPU)):
            for entry, value in Ensemble(cell, [0, 1, 2], CPU).state.items():
                ensemble.state[entry].copy_(value)
            moved = {entry: value.to(device) for entry, value in batch.items()}
            ensemble.engine().moves[name](moved, next(ensemble.clock.moments(0, 1))[0])
        for entry, value in here.state.items():
            scale = float(value.abs().max().clamp(min=1e-6))
            gap = float((there.state[entry].cpu() - value).abs().max())
            assert gap < 1e-3 * scale, (name, entry)


def test_a_block_that_the_memory_does_not_hold_is_split(make_cell):
    whole = torch.cuda.get_device_properties(GPU).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(2 * 2**30 / whole)
    try:
        settings = {"architecture": "mlp(width=1024)", "batch_size": 4096, "generator_steps": 2}
        progress = trained(make_cell(**settings, block=32), [0])
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert progress.engine.width < 32
    assert progress.step == 2


def test_tf32_is_on_only_where_the_recipe_asks(make_cell):
    for precision, allowed in (("tf32", True), ("float32", False)):
        Ensemble(make_cell(precision=precision), [0], GPU).engine()
        assert torch.backends.cuda.matmul.allow_tf32 is allowed
