"""A process that has imported ganbench and becomes a `ganbench` command whenever one is wanted.

It saves each command of the fault suite the seconds that imports take. What it becomes is a
process like any other: a session of its own, with its own environment, folder and terminal. A
copy of it becomes the server that forks the command's workers.
"""

import atexit
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import multiprocessing.util
import os
import signal
import socket
import sys
import threading

_IMPORTED = ("ganbench.cli.run", "ganbench.cli.results", "ganbench.execution.driver",
             "ganbench.execution.local", "ganbench.execution.experiment", "ganbench.progress",
             "ganbench.results", "ganbench.report.formats", "ganbench.report.tables",
             "ganbench.store.upkeep", "ganbench.execution.serving", "torch._dynamo")  # fmt: skip
_NAME_THREAD = 15  # PR_SET_NAME
_LOW = 200
"""Above all file descriptors that are named before."""


def serve() -> None:
    """Read jobs from stdin, one JSON line each, until it ends."""
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    for line in iter(sys.stdin.readline, ""):
        job = json.loads(line)
        if os.fork() == 0:
            _keep(job)
    os._exit(0)


def _keep(job) -> None:
    """Fork the command, and write how it ended beside what it printed."""
    pid = os.fork()
    if pid == 0:
        _become(job)
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
    if "FAULTS_COLD" not in os.environ:
        _lend_server(os.environ["FAULTS_MARK"])
    if "FAULTS_FIRST" in os.environ:
        importlib.import_module(os.environ["FAULTS_FIRST"])
    _write(job["folder"] + "/pid", str(os.getpid()))

    from ganbench.cli import main

    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _leave(code)


def _leave(code) -> None:
    """End like any process, but without a second of looking for garbage."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _lend_server(mark) -> None:
    """Fork what becomes the server of workers, instead of a process that imports all anew."""
    ours, theirs = socket.socketpair()
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    copy = os.fork()
    if copy == 0:
        ours.close()
        _serve_workers(theirs, mark)
    signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    theirs.close()
    start = multiprocessing.util.spawnv_passfds

    def lend(path, arguments, passed):
        if "multiprocessing.forkserver" not in arguments[-1] or ours.fileno() < 0:
            return start(path, arguments, passed)
        socket.send_fds(ours, [json.dumps([arguments[-1], passed]).encode()], passed)
        ours.close()
        return copy

    multiprocessing.util.spawnv_passfds = lend


def _serve_workers(line, mark) -> None:
    """Wait for what a server would get as arguments, which may never come."""
    ctypes.CDLL(None).prctl(_NAME_THREAD, mark.encode())
    message, given, _, _ = socket.recv_fds(line, 1 << 16, 8)
    if message:
        program, numbers = json.loads(message)
        away = [fcntl.fcntl(file, fcntl.F_DUPFD, _LOW) for file in given]
        os.closerange(3, _LOW)
        for file, number in zip(away, numbers, strict=True):
            os.dup2(file, number)
            os.close(file)
        with contextlib.suppress(SystemExit):
            exec(program, {})
    os._exit(0)


def _write(path, text) -> None:
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
