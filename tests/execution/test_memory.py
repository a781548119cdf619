"""The watch over memory."""

import subprocess
import sys

import pytest

from ganbench.execution import memory
from ganbench.execution.memory import MemoryGuard


@pytest.fixture
def used(monkeypatch):
    """Workers 1, 2 and 3 use as many GiB; 8 of 10 are free."""
    monkeypatch.setattr(memory, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(memory, "_used", lambda pid: pid * 2**30)
    monkeypatch.setattr(memory, "_free", lambda: (8 * 2**30, 10 * 2**30))


def test_a_worker_that_uses_more_than_its_limit_is_named(used):
    guard = MemoryGuard(2, 4)
    assert list(guard.excesses({1: False, 2: False})) == []
    assert list(guard.excesses({1: False, 3: False})) == [
        (3, "used more than the 2 GiB of memory that it may")
    ]
    assert list(guard.excesses({3: True})) == [], "alone it may use the limits of all"
    assert list(MemoryGuard(None, 4).excesses({3: False})) == []


def test_the_largest_worker_goes_when_the_machine_has_little_left(used, monkeypatch):
    monkeypatch.setattr(memory, "_free", lambda: (2**28, 10 * 2**30))
    ((pid, reason),) = MemoryGuard(None, 2).excesses({1: False, 3: False, 2: False})
    assert pid == 3
    assert reason == "used 3.0 GiB when only 0.2 GiB of memory were left"


CHILD = "held = b'x' * (80 << 20); print(flush=True); input()"


def test_children_count_and_the_dead_do_not():
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    with subprocess.Popen(
        [sys.executable, "-c", parent, CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        assert 80 << 20 < memory._used(process.pid) < 2**30
        process.communicate(b"\n")
    assert memory._used(process.pid) == 0
    free, total = memory._free()
    assert 0 < free < total


def test_what_the_system_has_killed_is_counted_once(monkeypatch):
    kills = [3]
    monkeypatch.setattr(memory, "_kills", lambda: kills[0])
    guard = MemoryGuard(None, 1)
    assert not guard.system_has_killed()
    kills[0] = 4
    assert guard.system_has_killed()
    assert not guard.system_has_killed()
