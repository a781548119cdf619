"""Ray: workers, machines, drivers and whole clusters go away, and results survive."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from ganbench.execution.cluster import RayExecutor
from ganbench.store import Store
from tests.ray_helpers import SMALL, cluster, done, environment, forget, grid, install, numbers

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

PATIENCE = 250.0
"""Seconds for what takes ten, on a machine that is busy."""
MAIN = "from ganbench.cli import main; main()"


@pytest.fixture(scope="module")
def head():
    """A cluster whose head does no work."""
    with cluster(num_cpus=0) as found:
        yield found


@pytest.fixture
def gate(tmp_path, monkeypatch):
    """A folder whose file `open` lets training begin; the plugin is known here."""
    path = install(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", path)
    forget()
    place = tmp_path / "gate"
    place.mkdir()
    yield place
    forget()


def once(condition, then=lambda: None):
    """Do something in another thread once a condition holds."""

    def watch():
        wait_for(condition)
        then()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def wait_for(condition):
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


@pytest.fixture
def machines(head):
    """Have so many machines, at least, that work."""

    def have(count):
        while len(head.worker_nodes) < count:
            head.add_node(num_cpus=1, **SMALL)
        head.wait_for_nodes()
        return head.worker_nodes

    return have


def test_the_cells_of_a_lost_machine_run_again_elsewhere(head, machines, gate, tmp_path):
    def lose():
        worker = psutil.Process(int((gate / "begun").read_text()))
        family = {each.pid for each in worker.parents()}
        (doomed,) = (
            node for node in machines(2) if node.all_processes["raylet"][0].process.pid in family
        )
        head.remove_node(doomed, allow_graceful=False)
        worker.kill()  # as the power would; else it goes through the gate and publishes
        (gate / "open").touch()

    machines(2)
    watch = once((gate / "begun").exists, lose)
    gated = grid(datasets=[f"gate(folder='{gate}')", "gate"], seeds=1)
    store, summary = done(gated, tmp_path / "ray", RayExecutor(head.address))
    watch.join()
    here, _ = done(gated, tmp_path / "inline")
    assert numbers(store) == numbers(here)
    assert summary.problems == []
    lost = [run for run in store.runs().values() if "folder" in run["dataset"]]
    assert [each["status"] for each in lost[0]["attempts"]] == ["killed", "ok"]
    assert "its machine was lost" in lost[0]["attempts"][0]["reason"]


def test_a_killed_ray_worker_costs_its_cell_alone(head, machines, gate, tmp_path):
    machines(1)

    def kill():
        worker = psutil.Process(int((gate / "begun").read_text()))
        _server, attendant, *_ = worker.parents()
        attendant.kill()
        worker.kill()
        (gate / "open").touch()

    watch = once((gate / "begun").exists, kill)
    gated = grid(datasets=[f"gate(folder='{gate}')", "gate"], seeds=1)
    store, summary = done(gated, tmp_path / "results", RayExecutor(head.address))
    watch.join()
    runs = list(store.runs().values())
    stories = [*(f"{run['status']}: {run['reason']}" for run in runs), *summary.problems]
    assert sum("killed: its Ray worker was killed" in story for story in stories) == 1
    assert sum(run["status"] == "ok" for run in runs) >= 1


@pytest.fixture
def run():
    """Start the command run in a session of its own."""
    drivers = []

    def start(path, folder, *options):
        drivers.append(
            subprocess.Popen(
                [*command(folder), "--executor=ray", *options],
                env=environment(path),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.kill()
        driver.communicate()


def command(folder):
    return [sys.executable, "-c", MAIN, "run", "--results", str(folder), "--no-report"]


def flags(*datasets, **settings):
    words = [word for name in datasets for word in ("-d", name)]
    words += ["-a", "mlp(width=4, depth=1)", "-l", "least", "-p", "normal(dim=2)", "-m", "gap"]
    chosen = {"generator_steps": 5, "batch_size": 8, "block": 1, **settings}
    return [*words, "--seeds=2", *(f"--set={name}={value}" for name, value in chosen.items())]


def test_a_killed_driver_is_followed_by_one_that_finishes(head, machines, gate, run, tmp_path):
    machines(1)
    path = os.environ["PYTHONPATH"]
    words = [*flags(f"gate(folder='{gate}')"), "--address", head.address]
    first = run(path, tmp_path / "ray", *words)
    wait_for(lambda: (gate / "begun").exists() or first.poll() is not None)
    first.kill()
    first.communicate()
    (gate / "open").touch()
    second = run(path, tmp_path / "ray", *words, "--json")
    out, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 0, err
    assert json.loads(out)
    here = subprocess.run(
        [*command(tmp_path / "inline"), "--executor=inline", *words[:-2]],
        env=environment(path),
        capture_output=True,
        check=True,
    )
    assert here.returncode == 0
    assert numbers(Store(tmp_path / "ray")) == numbers(Store(tmp_path / "inline"))


def may_unshare():
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def test_a_machine_that_does_not_see_the_folder_sends_results(head, gate, tmp_path):
    if not may_unshare():
        pytest.skip("this user may not make mount namespaces")
    for each in list(head.worker_nodes):
        head.remove_node(each, allow_graceful=False)
    (tmp_path / "store").mkdir()
    script = f"mount -t tmpfs none {tmp_path / 'store'} && exec ray start --block "
    script += f"--address={head.address} --num-cpus=1 --object-store-memory=80000000"
    node = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", script],
        env={**os.environ, "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        folder = tmp_path / "store" / "results"
        wait_for(lambda: any(each["CPU"] for each in _alive(head)))
        done(grid(), folder, RayExecutor(head.address))
        more = grid(metrics=["gap", "gap(power=2)"])
        store, summary = done(more, folder, RayExecutor(head.address))
    finally:
        node.send_signal(signal.SIGTERM)
        node.wait(20)
    assert summary.problems == []
    here, _ = done(more, tmp_path / "inline")
    assert numbers(store) == numbers(here)
    for run_id in store.ids():
        assert len(store.run(run_id)["attempts"]) == 1
        assert set(store.scores(run_id)["metric"]) == {"gap", "gap(power=2)"}


def _alive(head):
    import ray

    ray.init(address=head.address, log_to_driver=False, logging_level="ERROR")
    try:
        return [{"CPU": 0, **each["Resources"]} for each in ray.nodes() if each["Alive"]]
    finally:
        ray.shutdown()


def test_a_cluster_that_goes_away_is_one_sentence(head, machines, gate, run, tmp_path):
    machines(1)
    words = [*flags("gate", f"gate(folder='{gate}')"), "--address", head.address, "-j", "1"]
    driver = run(os.environ["PYTHONPATH"], tmp_path / "results", *words)
    wait_for(lambda: (gate / "begun").exists() or driver.poll() is not None)
    head.head_node.all_processes["gcs_server"][0].process.kill()
    _, err = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 3, err
    assert err.splitlines()[-1].startswith("Error: The Ray cluster went away."), err
    assert "Traceback" not in err
    store = Store(tmp_path / "results")
    assert all(run["status"] == "ok" for run in store.runs().values())


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_saves_and_leaves_no_process(gate, run, tmp_path, times):
    path, folder = os.environ["PYTHONPATH"], tmp_path / "results"
    words = flags("gate", generator_steps=10**6, block=2)
    driver = run(path, folder, *words, "--checkpoint-every=1", "-j", "1")
    wait_for(lambda: list(folder.glob("checkpoints/*.safetensors")) or driver.poll() is not None)
    assert driver.poll() is None, driver.communicate()
    family = psutil.Process(driver.pid).children(recursive=True)
    for _ in range(times):
        os.killpg(driver.pid, signal.SIGINT)
        time.sleep(0.3)
    _, err = driver.communicate(timeout=PATIENCE)
    assert driver.returncode == 130, err
    assert "Traceback" not in err
    statuses = [run["status"] for run in Store(folder).runs().values()]
    saved = ["interrupted"] * 2
    assert statuses == saved or (times == 2 and statuses == [])  # the second cuts the saving short
    assert len(list(folder.glob("checkpoints/*.safetensors"))) == 1
    _, alive = psutil.wait_procs(family, timeout=10)
    assert [each.cmdline() for each in alive] == []
    assert "Ray" not in err
