"""Every rung computes what the loop computes, and only trusted ones are used."""

import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from ganbench.api import Dropout, Regularizer, SpectralNorm
from ganbench.errors import PluginError
from ganbench.training import rungs
from ganbench.training.critics import Observer, SharedCritic
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

CPU = torch.device("cpu")
LOSSES = ("mm", "ns", "ls", "hinge", "wgan", "rp")
REGULARIZERS = ("+r1", "+r1+r2", "", "+r2", "+gp", "+clip")
PLAYERS = (("ring8", "mlp(width=8, depth=1)"), ("digits", "dcgan(width=2)"))


@pytest.fixture(autouse=True)
def _no_known_programs(monkeypatch):
    monkeypatch.setattr(rungs, "_verified", {})


def first_moves(cell):
    ensemble = Ensemble(cell, range(cell.recipe.block), CPU)
    batch, clock = next(iter(ensemble.streams))[0], next(ensemble.clock.moments(0, 1))[0]
    return ensemble, rungs.Trial(ensemble.game, ensemble.state, batch, clock)


@pytest.mark.parametrize(("loss", "regularizer"), list(zip(LOSSES, REGULARIZERS, strict=True)))
def test_traced_equals_vmap_equals_loop(make_cell, loss, regularizer):
    """In float32, to 1e-5 relative to the largest entry of each tensor.

    tests/test_conformance.py sees the same of every loss, regularizer and player by itself.
    """
    dataset, architecture = PLAYERS[LOSSES.index(loss) % 2]
    _, trial = first_moves(make_cell(dataset, loss + regularizer, architecture))
    for rung in ("loop", "vmap", "traced"):
        label, trace_at = next(trial.candidates(rung))
        assert trial.difference(trace_at(3)) < 1e-5, label


@pytest.mark.parametrize(
    ("dataset", "loss", "architecture"),
    [
        ("ring8", "ns+consistency", "mlp(width=8)"),
        ("ring8", "ns+instance_noise", "mlp(width=8)"),
        ("digits", "ns+consistency(fake=True)", "dcgan(width=2)"),
        ("digits", "ns+diffaug", "dcgan(width=2)"),
        ("digits", "wgan+gp+diffaug", "dcgan(width=2)"),
    ],
)
def test_augmented_samples_are_the_same_on_every_rung(make_cell, dataset, loss, architecture):
    """However they are traced: also with the strengths of the augmentation as tensors."""
    _, trial = first_moves(make_cell(dataset, loss, architecture))
    found = {
        label: trial.difference(trace_at(3))
        for rung in ("loop", "vmap", "traced")
        for label, trace_at in trial.candidates(rung)
    }
    assert max(found.values()) < 1e-5, found


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


@pytest.mark.parametrize("loss", ["ns", "ls+gp", "rp+r1+r2"])
def test_every_way_to_trace_equals_the_loop(make_cell, loss):
    """Real and fake samples in one pass or apart, numbers as tensors or not, seeds by one."""
    _, trial = first_moves(make_cell(loss=loss))
    found = {
        (label, width): trial.difference(trace_at(width))
        for width in (3, 1)
        for label, trace_at in trial.candidates("traced")
    }
    assert len(found) == (4 if loss == "ns" else 8)
    assert max(found.values()) < 1e-5, found


def test_a_bound_move_computes_what_its_graph_computes(make_cell):
    """Views made once, results written over operands and into the state change no value.

    Up to rounding: sums are taken in another order where the memory is laid out otherwise.
    """
    sgd = {"generator_optimizer": "sgd", "critic_optimizer": "sgd"}
    settings = {**sgd, "optimistic": True, "clip_norm": 0.1, "lookahead_steps": 2}
    for loss in ("ns", "wgan+gp", "rp+r1+r2", "ns+clip"):
        ensemble, trial = first_moves(make_cell(loss=loss, **settings))
        _, trace_at = next(trial.candidates("traced"))
        for program in trace_at(3).programs.values():
            state = {name: value.clone() for name, value in ensemble.state.items()}
            groups = zip(program.inputs, (state, trial.batch, trial.clock), strict=True)
            inputs = [group[name] for names, group in groups for name in names]
            expected = [value.clone() for value in program.graph(*inputs)]
            program.bind(state)(trial.batch, trial.clock)
            for name, value in zip(program.outputs, expected, strict=True):
                torch.testing.assert_close(state[name], value, rtol=1e-5, atol=1e-7, msg=name)


def test_one_pass_over_both_is_taken_where_it_saves_work(make_cell):
    for loss, pays in {"ns": True, "rp+r1+r2": True, "ns+r1": False, "wgan+gp": True}.items():
        _, trial = first_moves(make_cell(loss=loss))
        assert trial.one_pass == ({"critic"} if pays else set()), loss


def test_shared_scores_and_slopes_are_those_of_separate_passes():
    network = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double()
    real, fake = torch.randn(3, 2).double(), torch.randn(4, 2).double()
    observer = Observer()
    apart, shared = observer(network, real, fake), SharedCritic(network, real, fake)
    for x in (real, fake, real + 1):
        torch.testing.assert_close(shared(x), apart(x))
        torch.testing.assert_close(shared.input_gradient(x), apart.input_gradient(x))
    assert observer.scored == observer.sloped == {"real", "fake"}


def test_cells_that_differ_only_in_numbers_share_a_trace(make_cell, trained, monkeypatch):
    base = make_cell(loss="wgan+gp(weight=10.0)")
    others = [
        make_cell(loss="wgan+gp(weight=0.5)"),
        make_cell(loss="wgan+gp(weight=10.0)", critic_rate=0.01, beta1=0.3, ema=0.5),
    ]
    trained(base, [0, 1, 2])
    (known,) = rungs._verified.values()
    alone = []
    for cell in others:
        with monkeypatch.context() as fresh:
            fresh.setattr(rungs, "_verified", {})
            alone.append(trained(cell, [0, 1, 2]).state)
    monkeypatch.setattr(rungs, "trace", None)
    for cell, expected in zip(others, alone, strict=True):
        state = trained(cell, [0, 1, 2]).state
        assert all(torch.equal(state[name], expected[name]) for name in expected)
    assert list(rungs._verified.values()) == [known]


@pytest.mark.parametrize(
    "other",
    [{"loss": "ns"}, {"loss": "wgan+r1"}, {"batch_size": 16}, {"architecture": "mlp(width=9)"}],
)
def test_cells_that_differ_otherwise_do_not(make_cell, trained, other):
    trained(make_cell(loss="wgan+gp"), [0])
    trained(make_cell(**{"loss": "wgan+gp", **other}), [0])
    assert len(rungs._verified) == 2


def test_a_number_that_a_component_branches_on_is_not_shared(make_cell, trained):
    """Such a trace holds the number as a constant, and would give other cells a wrong one."""

    def branching(gamma):
        return Regularizer(
            penalty=lambda critic, real, fake, draws: (
                gamma * critic(real).mean() if gamma > 1 else critic(fake).mean()
            )
        )

    def critic(gamma):
        cell = make_cell(loss="ns+r1(gamma=2.0)", generator_steps=2)
        (part,) = cell.regularizers
        entry = replace(part.entry, factory=branching)
        made = replace(part, entry=entry, params={"gamma": gamma}, value=branching(gamma))
        ensemble = trained(replace(cell, regularizers=(made,)), [0])
        assert ensemble.engine().rung == "traced"
        return ensemble.state["critic"]

    first = critic(10.0)
    assert not torch.equal(first, critic(0.5))
    assert not torch.equal(first, critic(20.0))
    assert torch.equal(first, critic(10.0))


def test_a_reshape_that_copies_parameters_is_made_anew_at_every_step(make_cell, trained):
    """Made once, before training, it would show the first weights for ever."""

    class Copying(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.linspace(-1, 1, 24).view(8, 3))
            self.gain = 1.0

        def forward(self, x):
            w = (self.w[:, :2] * self.gain).reshape(16)[:8].view(4, 2)
            return torch.tanh(x @ w.T).sum(dim=1)

    def state(rung):
        sgd = {"generator_optimizer": "sgd", "critic_optimizer": "sgd", "momentum": 0.0}
        cell = make_cell(rung=rung, critic_rate=0.05, generator_rate=0.05, **sgd)
        return trained(with_critic(cell, Copying), [0, 1, 2]).state

    traced, loop = state("traced"), state("loop")
    for name, value in loop.items():
        torch.testing.assert_close(traced[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rung", ["auto", "vmap", "loop"])
def test_components_that_need_plain_numbers_get_them(make_cell, trained, rung):
    def strict(gamma):
        if not isinstance(gamma, float):
            raise TypeError("a float, please")
        return Regularizer(penalty=lambda critic, real, fake, draws: gamma * critic(real).mean())

    cell = make_cell(loss="ns+r1(gamma=2.0)", generator_steps=2, rung=rung)
    (part,) = cell.regularizers
    entry = replace(part.entry, factory=strict)
    cell = replace(cell, regularizers=(replace(part, entry=entry, value=strict(2.0)),))
    assert trained(cell, [0]).finite() == [True]


def test_old_traces_are_forgotten(monkeypatch):
    monkeypatch.setattr(rungs, "_MEMORY", 2)
    for key in "abc":
        rungs._remember(key, ("traced", "", {}, None, None))
    assert list(rungs._verified) == ["b", "c"]


@pytest.mark.parametrize("rung", ["traced", "vmap", "loop"])
def test_a_recipe_may_ask_for_a_rung(make_cell, rung):
    cell = make_cell(rung=rung)
    assert Ensemble(cell, [0, 1, 2], CPU).engine().rung == rung


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
def test_the_compiled_rung_is_bit_identical_in_any_slot(make_cell, trained):
    cell = make_cell(rung="compiled", block=2, generator_steps=10)
    engine = Ensemble(cell, [0], CPU).engine()
    assert engine.rung == "compiled", engine.reason
    first, second = trained(cell, [0, 1]).state, trained(cell, [7, 0]).state
    assert all(torch.equal(first[name][0], second[name][1]) for name in first)


def test_data_dependent_control_flow_falls_to_the_loop_and_says_why(make_cell):
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

        def forward(self, x):
            return self.layer(x).squeeze(1) if x.sum() > 0 else -self.layer(x).squeeze(1)

    ensemble = Ensemble(with_critic(make_cell(), Branching), [0], CPU)
    engine = ensemble.engine()
    assert engine.rung == "loop"
    assert "traced" in engine.reason
    assert "vmap:" in engine.reason


def test_statistics_of_the_batch_keep_real_and_fake_apart(make_cell):
    class Centered(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 1)

        def forward(self, x):
            return self.layer((x - x.mean(dim=0)).square()).squeeze(1)

    engine = Ensemble(with_critic(make_cell(), Centered), [0], CPU).engine()
    assert engine.rung == "traced"
    assert "in one pass): differs from the loop" in engine.reason


def test_a_rung_that_differs_from_the_loop_is_not_used(make_cell, monkeypatch):
    trace = rungs.trace

    def wrong(step, *example):
        def shifted(*values):
            return {name: value + 1 for name, value in step(*values).items()}

        return trace(shifted, *example)

    monkeypatch.setattr(rungs, "trace", wrong)
    engine = Ensemble(make_cell(), [0], CPU).engine()
    assert engine.rung == "vmap"
    assert "differs from the loop" in engine.reason


def test_a_rung_that_is_not_finite_where_the_loop_is_differs_from_it():
    one, nan, inf = (torch.tensor([value, 1.0]) for value in (1.0, torch.nan, torch.inf))
    assert rungs.difference({"x": nan}, {"x": one}) == float("inf")
    assert rungs.difference({"x": one}, {"x": inf}) == float("inf")
    assert rungs.difference({"x": nan}, {"x": nan}) == 0
    assert rungs.difference({"x": one * 1.5}, {"x": one}) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [(nn.Dropout(0.5), "global random state"), (nn.BatchNorm1d(8), "running statistics")],
)
def test_hidden_randomness_and_running_statistics_are_refused(make_cell, layer, sentence):
    def hidden():
        return nn.Sequential(nn.Linear(2, 8), layer, nn.Linear(8, 1), nn.Flatten(0))

    ensemble = Ensemble(with_critic(make_cell(), hidden), [0], CPU)
    with pytest.raises(PluginError, match=sentence), torch.random.fork_rng():
        ensemble.engine()


def with_critic(cell, network):
    """Return the cell with another discriminator."""

    class Other:
        def discriminator(self, spec, output):
            return network()

    return replace(cell, discriminator=replace(cell.discriminator, value=Other()))


def test_dropout_masks_and_spectral_norms_come_from_the_engine(make_cell, trained):
    """Masks from each seed's own streams, directions of the norm kept from step to step."""

    def network():
        return nn.Sequential(
            SpectralNorm(nn.Linear(2, 8)), Dropout(0.5), nn.Linear(8, 1), nn.Flatten(0)
        )

    cell = with_critic(make_cell(generator_steps=4), network)
    together, other = trained(cell, [0, 1, 2]), trained(cell, [7, 1])
    assert together.engine().rung == "traced"
    assert "critic.1.uniform" in together.game.draws
    start = Ensemble(cell, [0, 1, 2], CPU).state["critic.buffer.0.u"]
    assert not torch.equal(together.state["critic.buffer.0.u"], start)
    for name, value in together.state.items():
        assert torch.equal(value[1], other.state[name][1]), name


def test_convolutions_are_taken_seed_by_seed_on_a_cpu_unless_the_recipe_says_otherwise(make_cell):
    def width(**recipe):
        cell = make_cell("digits", architecture="dcgan(width=2)", block=4, **recipe)
        return Ensemble(cell, [0], CPU).engine().width

    assert width() == 1
    assert width(width=2) == 2
    assert Ensemble(make_cell(block=4), [0], CPU).engine().width == 4


def test_a_block_that_does_not_fit_is_taken_in_parts(make_cell, monkeypatch):
    trace = rungs.trace

    def small_memory(step, state, *example):
        if len(state["generator"]) > 2:
            raise torch.OutOfMemoryError
        return trace(step, state, *example)

    monkeypatch.setattr(rungs, "trace", small_memory)
    engine = Ensemble(make_cell(block=6), [0], CPU).engine()
    assert (engine.rung, engine.width) == ("traced", 2)
