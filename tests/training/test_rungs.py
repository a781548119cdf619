"""Every rung computes what the loop computes, and only trusted ones are used."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from ganbench.errors import PluginError
from ganbench.training import rungs
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train
from ganbench.training.streams import clocks
from ganbench.training.tracing import trace

CPU = torch.device("cpu")
LOSSES = ("mm", "ns", "ls", "hinge", "wgan", "rp")
REGULARIZERS = ("", "+gp", "+r1", "+r2", "+clip")


def first_steps(cell):
    ensemble = Ensemble(cell, [0, 1, 2], CPU)
    steps = (ensemble.game.critic_step, ensemble.game.generator_step)
    batch, clock = next(iter(ensemble.streams))[0], next(clocks(cell.recipe, CPU))[0]
    return steps, (ensemble.state, batch, clock)


@pytest.mark.parametrize("architecture", ["mlp(width=8, depth=1)", "dcgan(width=2)"])
@pytest.mark.parametrize("loss", LOSSES)
def test_traced_equals_vmap_equals_loop(make_cell, loss, architecture):
    """In float32, to 1e-5 relative to the largest entry of each tensor."""
    dataset = "digits" if "dcgan" in architecture else "ring8"
    for regularizer in REGULARIZERS:
        cell = make_cell(dataset, loss + regularizer, architecture)
        steps, arguments = first_steps(cell)
        for step in steps:
            expected = rungs.looped(step)(*arguments)
            vectorized = rungs.vectorized(step)
            for other in (vectorized, trace(vectorized, *arguments)):
                assert rungs._difference(other(*arguments), expected) < 1e-5


@pytest.mark.parametrize(
    ("dataset", "architecture"),
    [
        *[("digits", f"dcgan(width=2, norm='{norm}')") for norm in ("batch", "layer", "spectral")],
        *[("markov(vocabulary=5, length=4)", f"{name}(hidden=6)") for name in ("lstm", "gru")],
    ],
)
def test_normalised_and_recurrent_players_train_on_the_traced_rung(
    make_cell, dataset, architecture
):
    cell = make_cell(dataset, "wgan+gp", architecture, generator_steps=3)
    *_, progress = train(cell, [0, 1], CPU)
    assert progress.engine.rung == "traced"
    assert progress.diverged == {}


def test_the_traced_rung_is_chosen(make_cell):
    steps, arguments = first_steps(make_cell())
    assert rungs.choose(steps, *arguments).rung == "traced"


def test_data_dependent_control_flow_falls_to_the_loop_and_says_why(make_cell):
    steps, arguments = first_steps(make_cell())

    def branching(state, batch, clock):
        if batch["noise"].sum() > 0:
            return steps[0](state, batch, clock)
        return steps[0](state, batch, clock)

    engine = rungs.choose((branching,), *arguments)
    assert engine.rung == "loop"
    assert "traced:" in engine.reason
    assert "vmap:" in engine.reason


def test_a_rung_that_differs_from_the_loop_is_not_used(make_cell, monkeypatch):
    steps, arguments = first_steps(make_cell())

    def wrong(step, *example):
        def shifted(*values):
            return {name: value + 1 for name, value in step(*values).items()}

        return shifted

    monkeypatch.setattr(rungs, "trace", wrong)
    engine = rungs.choose(steps, *arguments)
    assert engine.rung == "vmap"
    assert "differs from the loop" in engine.reason


def test_a_rung_that_is_not_finite_where_the_loop_is_differs_from_it():
    one, nan, inf = (torch.tensor([value, 1.0]) for value in (1.0, torch.nan, torch.inf))
    assert rungs._difference({"x": nan}, {"x": one}) == float("inf")
    assert rungs._difference({"x": one}, {"x": inf}) == float("inf")
    assert rungs._difference({"x": nan}, {"x": nan}) == 0
    assert rungs._difference({"x": one * 1.5}, {"x": one}) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [(nn.Dropout(0.5), "global random state"), (nn.BatchNorm1d(8), "changes its state")],
)
def test_hidden_randomness_and_running_statistics_are_refused(make_cell, layer, sentence):
    class Hidden:
        def discriminator(self, spec):
            return nn.Sequential(nn.Linear(2, 8), layer, nn.Linear(8, 1), nn.Flatten(0))

    cell = make_cell()
    cell = replace(cell, discriminator=replace(cell.discriminator, value=Hidden()))
    steps, arguments = first_steps(cell)
    with pytest.raises(PluginError, match=sentence), torch.random.fork_rng():
        rungs.choose(steps, *arguments)
