"""A process that has imported ganbench and becomes a `ganbench` command whenever one is wanted.

It saves each command of the fault suite the seconds that imports take. What it becomes is a
process like any other: a session of its own, with its own environment, folder and terminal.
"""

import importlib
import json
import os
import signal
import sys

_IMPORTED = ("ganbench.cli.run", "ganbench.cli.results", "ganbench.execution.driver",
             "ganbench.execution.local", "ganbench.execution.experiment", "ganbench.cli.progress",
             "ganbench.results", "ganbench.report.formats", "ganbench.report.tables",
             "ganbench.store.upkeep")  # fmt: skip


def serve() -> None:
    """Read jobs from stdin, one JSON line each, until it ends."""
    for name in _IMPORTED:
        importlib.import_module(name)
    for line in iter(sys.stdin.readline, ""):
        job = json.loads(line)
        if os.fork() == 0:
            _keep(job)
            return


def _keep(job) -> None:
    """Fork the command, and write how it ended beside what it printed."""
    pid = os.fork()
    if pid == 0:
        _become(job)
        return
    _, status = os.waitpid(pid, 0)
    _write(job["folder"] + "/ended", str(os.waitstatus_to_exitcode(status)))
    os._exit(0)


def _become(job) -> None:
    os.setsid()
    # Processes in the background, such as those of a parallel test run, are deaf to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in enumerate(("in", "out", "err")):
        path = job["terminal"] or (job["folder"] + "/" + name)
        file = os.open(
            path, os.O_RDWR | os.O_CREAT | (0 if job["terminal"] else os.O_TRUNC), 0o600
        )
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    os.chdir(job["folder"])
    sys.argv = ["ganbench", *job["arguments"]]
    if "FAULTS_FIRST" in os.environ:
        importlib.import_module(os.environ["FAULTS_FIRST"])
    _write(job["folder"] + "/pid", str(os.getpid()))

    from ganbench.cli import main

    main()


def _write(path, text) -> None:
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
