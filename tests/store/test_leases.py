"""Leases: nobody works at what another is at work on, and nobody waits for the dead."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from ganbench.store import leases as module
from ganbench.store.disk import sealed, unsealed
from ganbench.store.leases import Leases


@pytest.fixture
def elsewhere(store, monkeypatch):
    """Pretend that a driver is on another machine."""

    def move(driver, beat=0):
        path = store.folder / ".work" / "drivers" / f"{driver.me}.json"
        found = unsealed(path.read_bytes())
        path.write_bytes(sealed({**found, "machine": "far away", "pid": 1, "beat": beat}))

    monkeypatch.setattr(module, "BEAT_SECONDS", 1e9)
    return move


def test_one_driver_at_a_time_holds_a_lease(store):
    with Leases(store).held() as first, Leases(store).held() as second:
        assert first.claim(["a", "b"]) == ""
        assert (
            second.claim(["b", "c"]) == f"process {os.getpid()} on {module.socket.gethostname()}"
        )
        assert second.claim(["c"]) == "", "of what was refused nothing is held"
        assert first.claim(["c"])
        first.release(["a", "b"])
        assert second.claim(["b"]) == ""
        assert len(first.others()) == len(second.others()) == 1
    assert Leases(store).others() == {}
    assert list((store.folder / ".work" / "leases").iterdir()) == []


def test_what_a_dead_driver_held_is_free_at_once(store):
    code = (
        "import sys, time; from pathlib import Path; from ganbench.store import Store; "
        "from ganbench.store.leases import Leases\n"
        "with Leases(Store(Path(sys.argv[1]))).held() as me:\n"
        "    me.claim(['a']); print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(store.folder)], stdout=subprocess.PIPE
    )
    with Leases(store).held() as mine:
        try:
            assert process.stdout.readline() == b"held\n"
            assert mine.claim(["a"]) == f"process {process.pid} on {module.socket.gethostname()}"
        finally:
            process.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while mine.claim(["a"]):  # also before anybody has waited for it
            assert time.monotonic() < deadline
        process.communicate()


def test_a_driver_elsewhere_is_dead_once_its_heart_has_stopped_for_a_while(
    store, elsewhere, monkeypatch
):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with Leases(store).held() as far, Leases(store).held() as mine:
        far.claim(["a"])
        elsewhere(far)
        assert mine.claim(["a"])
        now[0] += module.PATIENCE_SECONDS - 1
        assert mine.claim(["a"])
        elsewhere(far, beat=1)
        assert mine.claim(["a"]), "it has been heard of"
        now[0] += module.PATIENCE_SECONDS - 1
        assert mine.claim(["a"])
        now[0] += 2
        assert mine.claim(["a"]) == ""
        far.release(["a"])
        assert (store.folder / ".work" / "leases" / "a").read_text() == mine.me


def test_no_clock_is_asked_for_the_time_of_day(store, elsewhere, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: pytest.fail("the time of day was asked for"))
    with Leases(store).held() as far, Leases(store).held() as mine:
        far.claim(["a"])
        elsewhere(far)
        assert mine.claim(["a"])
        mine.release(["a"])


@pytest.mark.parametrize("content", [b"", b"\xff", b"../../etc", json.dumps({}).encode()])
def test_damaged_leases_and_drivers_hold_nobody_up_for_ever(
    store, elsewhere, monkeypatch, content
):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    with Leases(store).held() as far, Leases(store).held() as mine:
        far.claim(["a", "b"])
        (store.folder / ".work" / "leases" / "a").write_bytes(content)
        assert mine.claim(["a"]) == ""
        (store.folder / ".work" / "drivers" / f"{far.me}.json").write_bytes(content)
        assert mine.claim(["b"]) == f"driver {far.me}"
        now[0] += module.PATIENCE_SECONDS + 1
        assert mine.claim(["b"]) == ""


def _claims(folder, keys, results, all_have):
    from ganbench.store import Store

    with Leases(Store(folder)).held() as mine:
        results.put([key for key in keys if mine.claim([key]) == ""])
        all_have.wait(30)


def test_processes_that_claim_at_once_divide_what_there_is(store):
    keys = [f"k{i}" for i in range(40)]
    context = multiprocessing.get_context("fork")
    results, all_have = context.Queue(), context.Barrier(4)
    processes = [
        context.Process(target=_claims, args=(store.folder, keys, results, all_have))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    claimed = [key for _ in processes for key in results.get(timeout=30)]
    for process in processes:
        process.join()
    assert sorted(claimed) == sorted(keys)
