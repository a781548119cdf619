"""Starting `ganbench` as a process of its own, watching it, and seeing what it leaves behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil

PATIENCE = 90.0
"""Seconds for what takes a few, on a machine that is busy."""


def until(true, what, patience=PATIENCE):
    """Wait until something is true, and return it."""
    end = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.01)
    return found


@dataclass(frozen=True)
class Ended:
    """How a command ended; a negative code is a signal."""

    code: int
    out: str
    err: str


class Command:
    """A `ganbench` that runs."""

    def __init__(self, folder: Path, mark: str) -> None:
        self.folder, self.mark = folder, mark
        self.pid = int(until(lambda: self._read("pid"), "the command began"))

    @property
    def over(self) -> bool:
        return bool(self._read("ended"))

    def wait(self, patience=PATIENCE) -> Ended:
        code = int(until(lambda: self._read("ended"), "the command ended", patience))
        return Ended(code, self._read("out"), self._read("err"))

    def kill(self, number=signal.SIGKILL) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def family(self) -> list[psutil.Process]:
        """List what it has started and what these have started, whoever is their parent now."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                named = process.name() == self.mark  # and so are all that it forks
                mine = named or process.environ().get("FAULTS_MARK") == self.mark
                if mine and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def workers(self) -> list[psutil.Process]:
        """List its worker processes: they lead a group, and their parent does not."""
        family = self.family()
        return [each for each in family if os.getpgid(each.pid) == each.pid]

    def leaves_nothing(self, patience=10.0) -> bool:
        """Whether everything that it has started is gone, at once or soon."""
        end = time.monotonic() + patience
        while self.family() and time.monotonic() < end:
            time.sleep(0.05)
        return not self.family()

    def _read(self, name) -> str:
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / name).read_bytes().decode(errors="replace")
        return ""


class Launcher:
    """Starts commands.

    Args:
        desk: a folder for what they print.
        path: where they import from.
    """

    def __init__(self, desk: Path, path: list[str]) -> None:
        self.desk, self.path, self.count = desk, os.pathsep.join(path), 0
        program = "from warm import serve; serve()"
        here = str(Path(__file__).parent)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, self.path])}
        self.server = subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, text=True, env=environment
        )

    def start(self, *arguments, terminal=None, **environment) -> Command:
        """Start a command.

        Args:
            arguments: of `ganbench`.
            terminal: path of a terminal that it gets in the place of files.
            environment: additional variables.
        """
        self.count += 1
        folder, mark = self.desk / str(self.count), uuid.uuid4().hex[:12]
        folder.mkdir()
        (folder / "in").touch()
        own = {"PYTHONPATH": self.path, "FAULTS_MARK": mark, "GANBENCH_PLUGINS": "sound"}
        job = {
            "folder": str(folder),
            "terminal": terminal,
            "environment": {**os.environ, **own, **environment},
            "arguments": [str(each) for each in arguments],
        }
        self.server.stdin.write(json.dumps(job) + "\n")
        self.server.stdin.flush()
        return Command(folder, mark)

    def run(self, *arguments, **more) -> Ended:
        """Run a command to its end; it leaves nothing behind."""
        command = self.start(*arguments, **more)
        ended = command.wait()
        assert command.leaves_nothing()
        return ended

    def close(self) -> None:
        self.server.stdin.close()
        self.server.wait(PATIENCE)
