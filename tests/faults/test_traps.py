"""A plugin that raises in any place where it is asked for something costs its own cells alone."""

import pytest
import torch

from ganbench.api import DataSpec
from ganbench.cells import plan
from ganbench.contracts import CLASSES, check_declared
from ganbench.errors import PluginError
from ganbench.evaluation import build_metrics
from ganbench.execution import worker
from ganbench.execution.driver import execute
from ganbench.execution.executors import InlineExecutor
from ganbench.execution.tasks import make_plan
from ganbench.grid import make_grid
from ganbench.plugins import load_plugins
from ganbench.store import Store

SPEC = DataSpec("vector", (2,))
WORDS = "ZeroDivisionError: on purpose"
SOUND = {"datasets": "spot", "priors": "noise", "architectures": "tiny", "losses": "plain",
         "baselines": "law", "metrics": "mean"}  # fmt: skip
AXES = {"dataset": "datasets", "prior": "priors", "architecture": "architectures",
        "loss": "losses", "baseline": "baselines", "metric": "metrics"}  # fmt: skip
PLANNING = [
    ("dataset", "fingerprint"), ("dataset", "rows"), ("architecture", "misfit"),
    ("baseline", "misfit"), ("metric", "misfit"), ("architecture", "kinds"), ("dataset", "spec"),
    ("architecture", "generator"), ("architecture", "discriminator"),
    ("prior", "dim"), ("loss", "recipe"), ("metric", "version"), ("baseline", "kinds"),
]  # fmt: skip
TRAINING = [
    ("dataset", "sample"), ("dataset", "project"), ("prior", "sample"), ("prior", "network"),
    ("architecture", "generator()"), ("architecture", "generator()()"),
    ("architecture", "discriminator()"), ("architecture", "discriminator()()"),
    ("baseline", "fit"), ("loss", "initial_state"), ("loss", "critic_loss"),
    ("loss", "generator_loss"),
]  # fmt: skip
OBJECTIVES = ["penalty", "generator_penalty", "weight_penalty", "constrain", "augment", "gate",
              "network", "advance"]  # fmt: skip
DECLARED = {
    "architecture": "kinds recipe gives generator_gives generator_needs conditional",
    "loss": "output draws recipe needs traits regularizers",
    "regularizer": "penalty weight_penalty state draws recipe needs lazy",
    "dataset": "spec modes intrinsic_dim tails log_prob conditions symbols judged",
    "prior": "dim intrinsic_dim tails",
    "baseline": "kinds",
    "metric": "better headline running default uses_train symmetric version",
}


@pytest.fixture(scope="module")
def registry(site):
    """The sound components, and those with a trap."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        patch.setenv("GANBENCH_PLUGINS", "sound,trapped,hostile")
        worker._loaded.cache_clear()
        worker._evaluator.cache_clear()
        yield load_plugins()
    worker._loaded.cache_clear()
    worker._evaluator.cache_clear()


def trap(kind, place):
    return f"trap_{kind}(at='{place}')"


def grid(**axes):
    """A sound grid, with more on some axes."""
    train = {"generator_steps": 3, "batch_size": 8, "block": 1, "rung": "loop"}
    sizes = {"samples": 50, "floor_splits": 2}
    given = {axis: [name, *axes.get(axis, ())] for axis, name in SOUND.items()}
    fields = {"name": "traps", "seeds": 1, "train": train, "evaluation": sizes, **given}
    return make_grid(fields, origin="test")


def ended(asked, folder, registry):
    """Run a grid in this process; returns what it came to, and the runs."""
    store = Store(folder)
    store.create()
    metrics = build_metrics(asked.metrics, registry)
    todo = make_plan(asked, plan(asked, registry), metrics, torch.device("cpu"), store)
    summary = execute(todo, store, registry, InlineExecutor())
    return summary, store.runs().values()


def check(runs, part, axes):
    """See that all runs with this part are failed rows, and all others well."""
    hit = [run for run in runs if any(part in run[axis] for axis in axes)]
    assert 0 < len(hit) < len(runs)
    for run in runs:
        wanted = ("failed", WORDS) if run in hit else ("ok", "")
        assert (run["status"], run["reason"]) == wanted


@pytest.mark.parametrize(("kind", "place"), TRAINING)
def test_a_part_that_raises_costs_its_own_runs(registry, tmp_path, kind, place):
    part = trap(kind, place)
    _, runs = ended(grid(**{AXES[kind]: [part]}), tmp_path / "results", registry)
    columns = {"architecture": ["generator", "discriminator"], "baseline": ["generator"]}
    check(runs, part, columns.get(kind, [kind]))


@pytest.mark.parametrize("place", OBJECTIVES)
def test_a_regularizer_that_raises_costs_its_own_runs(registry, tmp_path, place):
    part = trap("regularizer", f"{place}()")
    _, runs = ended(grid(losses=[f"plain+{part}"]), tmp_path / "results", registry)
    check(runs, part, ["loss"])


@pytest.mark.parametrize(("kind", "place"), PLANNING)
def test_a_part_that_raises_while_planning_is_one_sentence(registry, tmp_path, kind, place):
    part = trap(kind, place)
    with pytest.raises(PluginError) as refused:
        ended(grid(**{AXES[kind]: [part]}), tmp_path / "results", registry)
    assert f"The {kind} '{part}' of plugin 'trapped'" in str(refused.value)
    assert WORDS in str(refused.value)


def test_a_score_that_raises_costs_no_run(registry, tmp_path):
    asked = grid(metrics=[trap("metric", "call"), "trap_floor"])
    summary, runs = ended(asked, tmp_path / "results", registry)
    assert {run["status"] for run in runs} == {"ok"}
    for run in runs:
        assert f"trap_metric(at='call') failed: {WORDS}" in run["reason"]
    assert f"floor of trap_floor on spot: failed: {WORDS}" in summary.problems


@pytest.mark.parametrize(
    ("gift", "status", "reason"),
    [
        ("words", "invalid-output", "gave a str, not a tensor"),
        ("none", "invalid-output", "gave a NoneType, not a tensor"),
        ("shape", "invalid-output", "gave float32 of shape (7,), not"),
        ("float64", "invalid-output", "gave float64 of shape (50, 2), not"),
        ("int", "invalid-output", "gave int64 of shape (50, 2), not"),
        ("nan", "diverged", "no longer finite"),
    ],
)
def test_what_is_no_sample_is_said(registry, tmp_path, gift, status, reason):
    part = f"poisoned(gift='{gift}')"
    _, runs = ended(grid(baselines=[part]), tmp_path / "results", registry)
    hit = [run for run in runs if run["generator"] == part]
    assert [run["status"] for run in hit] == [status]
    assert all(reason in run["reason"] for run in hit)
    assert {run["status"] for run in runs if run not in hit} == {"ok"}


def test_data_that_are_not_finite_are_said(registry, tmp_path):
    _, runs = ended(grid(datasets=["rotten"]), tmp_path / "results", registry)
    hit = [run for run in runs if run["dataset"] == "rotten"]
    assert [run["status"] for run in hit] == ["invalid-output"] * 2
    assert all(
        "of dataset 'rotten' gave numbers that are not finite" in run["reason"] for run in hit
    )
    assert {run["status"] for run in runs if run not in hit} == {"ok"}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in DECLARED.items() for name in names.split()]
)
def test_whatever_is_declared_is_read_before_planning(registry, kind, name):
    entry = registry.find(kind, f"trap_{kind}")
    check_declared(kind, entry.factory(at="nowhere"))
    with pytest.raises(ZeroDivisionError):
        check_declared(kind, entry.factory(at=name))


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("dataset", "spec", "vector"), ("dataset", "tails", "long"), ("prior", "dim", 2.5),
        ("architecture", "kinds", "vector"), ("architecture", "kinds", frozenset({1})),
        ("loss", "output", "score"), ("loss", "regularizers", [1]), ("metric", "better", ["gap"]),
        ("metric", "version", "1"), ("dataset", "log_prob", 1.0), ("baseline", "kinds", None),
    ],
)  # fmt: skip
def test_what_is_declared_wrongly_is_said(kind, name, value):
    part = type("Wrong", (CLASSES[kind],), {name: value})
    settled = {"spec": SPEC, "kinds": frozenset(), "dim": 1, "better": {}, "headline": "x"}
    made = part()
    for other, fine in settled.items():
        if other != name and not hasattr(made, other):
            setattr(made, other, fine)
    with pytest.raises(PluginError, match=rf"`{name}`"):
        check_declared(kind, made)


def test_what_is_not_declared_is_said():
    with pytest.raises(PluginError, match=r"does not set `dim`, which must be int\."):
        check_declared("prior", type("Empty", (CLASSES["prior"],), {})())
