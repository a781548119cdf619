"""Who is at work on what, so that several drivers on one folder divide the work.

A driver writes a heartbeat, a number that grows, into a file of its own; a lease names the driver
that holds it. No clock is compared with that of another machine: a driver is taken for dead when
its number has not changed for a while by the watcher's own clock, or at once if it ran on this
machine and its process is gone.
"""

import contextlib
import functools
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from ganbench.errors import StoreError
from ganbench.store.contents import Json
from ganbench.store.disk import part, sealed, unsealed
from ganbench.store.folder import Store

DRIVERS = ".work/drivers"
"""Below a results folder, where drivers say that they are alive and what they are at."""
BEAT_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
"""For how long a driver elsewhere may be silent before its work is taken over."""


class Leases:
    """The leases of one driver, and what it knows of others.

    Args:
        store: the results folder, which has been created.
        patience: seconds for which a driver elsewhere may be silent.
    """

    def __init__(self, store: Store, patience: float = PATIENCE_SECONDS) -> None:
        self.store, self.patience = store, patience
        self.me = uuid.uuid4().hex[:16]
        self._leases = store.folder / ".work" / "leases"
        self._drivers = store.folder / DRIVERS
        self._held: set[str] = set()
        self._seen: dict[str, tuple[object, float]] = {}
        self._over = threading.Event()

    @contextlib.contextmanager
    def held(self) -> Iterator["Leases"]:
        """Be alive inside the block, and hold nothing after it.

        Raises:
            StoreError: if the folder cannot be written.
        """
        with self.store.writing():
            for folder in (self._leases, self._drivers):
                folder.mkdir(parents=True, exist_ok=True)
            self._beat(0)
        thread = threading.Thread(target=self._go_on_beating, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()
            with contextlib.suppress(OSError, StoreError):
                self.release(list(self._held))
                (self._drivers / f"{self.me}.json").unlink()

    def claim(self, keys: Iterable[str]) -> str:
        """Take the leases of these keys, all or none.

        Returns:
            Nothing if they were taken, else who holds one of them.

        Raises:
            StoreError: if the folder cannot be written.
        """
        wanted = [part(key) for key in keys]
        with self.store.locked(), self.store.writing():
            for key in wanted:
                holder = self._holder(key)
                if holder is not None and self.is_alive(holder):
                    return self._name(holder)
            for key in wanted:
                (self._leases / key).write_text(self.me, encoding="ascii")
        self._held.update(wanted)
        return ""

    def release(self, keys: Iterable[str]) -> None:
        """Give leases back."""
        with self.store.locked(), self.store.writing():
            for key in keys:
                if self._holder(key) == self.me:
                    (self._leases / key).unlink()
                self._held.discard(key)

    def others(self) -> dict[str, str]:
        """Return the other drivers that are at work in this folder: id -> name for people."""
        ids = (path.stem for path in self._drivers.glob("*.json"))
        return {each: self._name(each) for each in ids if each != self.me and self.is_alive(each)}

    def is_alive(self, driver: str) -> bool:
        """Whether a driver is at work, as far as one can know."""
        try:
            found = unsealed((self._drivers / f"{part(driver)}.json").read_bytes())
            place, pid, born = found["machine"], found["pid"], found["born"]
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, StoreError):
            # Half-written or damaged: its beats, if any come, will tell.
            found, place, pid, born = {}, None, 0, None
        if place == _machine():
            return born is not None and (pid, born) == _process(pid)
        beat, now = found.get("beat"), time.monotonic()
        if driver not in self._seen or self._seen[driver][0] != beat:
            self._seen[driver] = (beat, now)
        return now - self._seen[driver][1] < self.patience

    def _holder(self, key: str) -> str | None:
        """Return the driver that a lease names; a damaged lease names nobody."""
        try:
            return part((self._leases / key).read_text(encoding="ascii"))
        except (OSError, ValueError, StoreError):
            return None

    def _name(self, driver: str) -> str:
        try:
            found = unsealed((self._drivers / f"{driver}.json").read_bytes())
        except (OSError, ValueError, StoreError):
            return f"driver {driver}"
        return f"process {found['pid']} on {found['host']}"

    def _beat(self, beat: int) -> None:
        pid, born = _process(os.getpid())
        about: Json = {"host": socket.gethostname(), "machine": _machine(), "pid": pid}
        data = sealed({**about, "born": born, "beat": beat})
        draft = self.store.folder / ".work" / f"{self.me}-beat"
        draft.write_bytes(data)
        draft.replace(self._drivers / f"{self.me}.json")

    def _go_on_beating(self) -> None:
        beat = 0
        while not self._over.wait(BEAT_SECONDS):
            beat += 1
            with contextlib.suppress(OSError):
                self._beat(beat)


def _process(pid: int) -> tuple[int, float | None]:
    """Identify a process of this machine: its id and when it began, None for one that is gone."""
    try:
        process = psutil.Process(pid)
        gone = process.status() == psutil.STATUS_ZOMBIE
        return pid, None if gone else _born(process)
    except (psutil.Error, OSError, TypeError, ValueError):
        return pid, None


def _born(process: psutil.Process) -> float:
    """Return when a process began, if possible in a count that no change of the clock alters."""
    stat = Path(f"/proc/{process.pid}/stat")
    if stat.exists():
        return float(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[19])
    return float(process.create_time())


@functools.cache
def _machine() -> str:
    """Name this machine since it was started, and the container in which we are."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    since = boot.read_text(encoding="ascii").strip() if boot.exists() else str(psutil.boot_time())
    space = os.readlink("/proc/self/ns/pid") if os.path.exists("/proc/self/ns/pid") else ""
    return f"{socket.gethostname()} {since} {space}"
