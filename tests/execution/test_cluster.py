"""Tasks on a Ray cluster, and what is refused before anything waits."""

import dataclasses
import sys

import pytest
from click.testing import CliRunner

from ganbench.cells import plan
from ganbench.cli import main
from ganbench.errors import DeviceError
from ganbench.evaluation import build_metrics
from ganbench.execution import cluster as cluster_module
from ganbench.execution.cluster import RayExecutor
from ganbench.execution.driver import Watcher
from ganbench.execution.mailbox import GO, SAVE, Mailbox
from ganbench.execution.parcels import accept, needed, result, unpack
from ganbench.execution.tasks import make_plan
from ganbench.execution.worker import perform
from ganbench.plugins import load_plugins
from ganbench.store import Store
from tests.ray_helpers import CPU, cluster, done, forget, grid, install, numbers

pytest.importorskip("ray")


@pytest.fixture(scope="module")
def head():
    with cluster(num_cpus=2) as found:
        yield found


@pytest.fixture
def gated(tmp_path, monkeypatch):
    """The plugin `gated`, here and on all machines."""
    path = install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", path)
    forget()
    yield
    forget()


@pytest.mark.slow
def test_a_cluster_gives_the_numbers_of_one_process(head, gated, tmp_path):
    heard = []
    small = grid(seeds=4)
    watcher = Watcher(task_event=lambda task, event: heard.append(event))
    apart, summary = done(small, tmp_path / "ray", RayExecutor(head.address), watcher=watcher)
    here, _ = done(small, tmp_path / "inline")
    assert len(apart.ids()) == 4
    assert summary.problems == []
    assert numbers(apart) == numbers(here)
    assert [event["step"] for event in heard if "step" in event].count(5) == 2
    assert all(len(run["attempts"]) == 1 for run in apart.runs().values())
    assert [path.name for path in (apart.folder / ".work").glob("seen-*")] == []


@pytest.mark.slow
def test_a_worker_that_dies_or_is_stuck_in_c_costs_its_cell_alone(head, gated, tmp_path):
    kinds = ["gate(kind='kill')", "gate(kind='stuck')", "gate"]
    executor = RayExecutor(head.address, timeout=12)
    store, summary = done(grid(datasets=kinds, seeds=1), tmp_path / "results", executor)
    told = {run["dataset"]: (run["status"], run["reason"]) for run in store.runs().values()}
    assert told == {
        "gate(kind='kill')": ("killed", "the worker was killed by signal 9 (SIGKILL)"),
        "gate(kind='stuck')": ("timeout", "took longer than 12 seconds"),
        "gate": ("ok", ""),
    }
    assert summary.failures == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"gpu": 0.5}, "needs 1 CPU, 0.5 GPU. There are: 2 CPU, 0 GPU"),
        ({"memory": 1e6}, "needs 1 CPU, 1e\\+06 GiB of memory"),
    ],
)
def test_what_no_machine_has_is_refused_at_once(head, gated, tmp_path, asked, told):
    with pytest.raises(DeviceError, match=told):
        done(grid(), tmp_path / "results", RayExecutor(head.address, **asked))


def test_machines_with_another_torch_are_refused(head, gated, tmp_path, monkeypatch):
    other = {**cluster_module.VERSIONS, "torch": "1.0"}
    monkeypatch.setattr(cluster_module, "VERSIONS", other)
    with pytest.raises(DeviceError, match=r"and the driver's has 1\.0; numbers depend on it"):
        done(grid(), tmp_path / "results", RayExecutor(head.address))


def test_an_address_where_nobody_answers_is_refused(gated, tmp_path):
    with pytest.raises(DeviceError, match="No Ray cluster answers at --address"):
        done(grid(), tmp_path / "results", RayExecutor("127.0.0.1:9"))


def test_without_ray_one_sentence_says_how_to_install_it(gated, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DeviceError, match=r"pip install 'ganbench\[ray\]'") as caught:
        done(grid(), tmp_path / "results", RayExecutor())
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--address", "auto"], 2, "--address goes with --executor ray"),
        (["--gpus-per-cell", "0.5"], 2, "--gpus-per-cell goes with --executor ray"),
        (["--gpus-per-cell", "0.5", "--executor", "ray"], 3, "the device is 'cpu'"),
    ],
)
def test_options_of_a_cluster_go_with_one(tmp_path, options, code, told):
    command = ["run", "--grid", "smoke", "--results", str(tmp_path / "results"), "--device", "cpu"]
    result = CliRunner().invoke(main, [*command, *options])
    assert (result.exit_code, told in result.output) == (code, True), result.output


def test_the_mailbox_passes_on_in_order_and_once():
    box = Mailbox()
    assert box.exchange(("a",), [{"step": 0}]) == GO
    box.ask(SAVE)
    assert box.exchange(("b",), []) == SAVE
    assert box.collect() == [(("a",), [{"step": 0}]), (("b",), [])]
    assert box.collect() == []


# ------------------------------------------------------------- where the folder is not shared


@pytest.fixture
def task(gated, tmp_path):
    """The training task of a small grid, and the folder where it is to be published."""
    registry, store = load_plugins(), Store(tmp_path / "results")
    store.create()
    metrics = build_metrics(("gap",), registry)
    todo = make_plan(grid(), plan(grid(), registry), metrics, CPU, store, "nothing", 60)
    return next(task for task in todo.tasks if task.kind == "train"), store


def travel(task, store, there, stopping=lambda: False):
    """Do a task in a folder of its own, and return what comes back."""
    away = Store(there)
    away.create()
    unpack(needed(task, store), task, away)
    perform(task, away, lambda event: None, stopping)
    return result(task, away)


def test_what_travels_is_published_like_what_does_not(task, tmp_path):
    task, store = task
    direct = Store(tmp_path / "direct")
    direct.create()
    for number in range(2):
        assert accept(travel(task, store, tmp_path / f"away{number}"), task, store) == ""
        perform(task, direct, lambda event: None)
    assert numbers(store) == numbers(direct)
    for run_id in store.ids():
        assert len(store.run(run_id)["attempts"]) == len(direct.run(run_id)["attempts"]) == 2
        assert store.log(run_id) == direct.log(run_id)


def test_scores_and_checkpoints_travel_both_ways(task, tmp_path):
    task, store = task
    stopped = travel(task, store, tmp_path / "first", lambda: True)
    assert accept(stopped, task, store) == ""
    assert {run["status"] for run in store.runs().values()} == {"interrupted"}
    assert needed(task, store).checkpoint == stopped.checkpoint
    assert stopped.checkpoint is not None
    assert accept(travel(task, store, tmp_path / "second"), task, store) == ""
    assert {run["status"] for run in store.runs().values()} == {"ok"}
    assert needed(task, store).checkpoint is None
    scoring = dataclasses.replace(task, kind="score", metrics=("gap(power=2)",))
    assert accept(travel(scoring, store, tmp_path / "third"), scoring, store) == ""
    for run_id in store.ids():
        assert set(store.scores(run_id)["metric"]) == {"gap", "gap(power=2)"}
        assert len(store.run(run_id)["attempts"]) == 2


def test_what_comes_back_damaged_is_not_published(task, tmp_path):
    task, store = task
    parcel = travel(task, store, tmp_path / "away")
    (first, contents), *_ = parcel.runs.items()
    bent = {**contents, "log.txt": b"something else"}
    assert "log.txt" in accept(dataclasses.replace(parcel, runs={first: bent}), task, store)
    foreign = dataclasses.replace(task, runs={7: "feed"})
    assert "nobody asked" in accept(parcel, foreign, store)
    assert store.ids() == []
