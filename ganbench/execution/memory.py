"""Watches the memory of workers, so that one that takes too much takes no other along."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

_LOOK_SECONDS = 0.25
_RESERVE = 0.04
"""The fraction of the machine's memory below which the largest worker is killed."""

_GROUP = Path("/sys/fs/cgroup")
_GIB = 2**30


class MemoryGuard:
    """Tells which workers use too much.

    Args:
        limit: GiB for each worker, None for no limit but the machine's.
        workers: how many there are; one that is alone may use the limits of all.
        machine: whether to look at what the machine has left, too.
    """

    def __init__(self, limit: float | None, workers: int, machine: bool = True) -> None:
        self.limit, self.workers, self.machine = limit, workers, machine
        self._looked = 0.0
        self._killed = _kills()

    def excesses(self, workers: Mapping[int, bool]) -> Iterator[tuple[int, str]]:
        """Yield the process ids of workers to be killed, each with a sentence that says why.

        Args:
            workers: process id -> whether it is alone.
        """
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS or not workers:
            return
        self._looked = now
        free, total = _free()
        scarce = self.machine and free < _RESERVE * total
        if self.limit is None and not scarce:
            return
        used = {pid: _used(pid) for pid in workers}
        if self.limit is not None:
            for pid, alone in workers.items():
                allowed = self.limit * (self.workers if alone else 1)
                if used[pid] > allowed * _GIB:
                    yield pid, f"used more than the {allowed:g} GiB of memory that it may"
                    return
        if scarce:
            pid = max(used, key=used.__getitem__)
            yield (
                pid,
                f"used {used[pid] / _GIB:.1f} GiB when only {free / _GIB:.1f} GiB of memory were "
                "left",
            )

    def system_has_killed(self) -> bool:
        """Whether the system has killed anything for lack of memory since the last time."""
        before, self._killed = self._killed, _kills()
        return self._killed > before


def _used(pid: int) -> int:
    """Return the bytes that a process and its descendants have in memory."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += each.memory_info().rss
    return total


def _free() -> tuple[int, int]:
    """Return the bytes that are free and that there are, for us if we are confined to a part."""
    memory = psutil.virtual_memory()
    with contextlib.suppress(OSError, ValueError):
        total = int((_GROUP / "memory.max").read_text(encoding="ascii"))
        used = int((_GROUP / "memory.current").read_text(encoding="ascii"))
        cached = _counted(_GROUP / "memory.stat", "inactive_file")
        return min(memory.available, total - used + cached), min(memory.total, total)
    return memory.available, memory.total


def _kills() -> int:
    """Count what the system has killed for lack of memory since it started."""
    return max(
        _counted(Path("/proc/vmstat"), "oom_kill"), _counted(_GROUP / "memory.events", "oom_kill")
    )


def _counted(path: Path, name: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return 0
