"""Ctrl-C through a real terminal, once and twice, and SIGTERM to all as batch systems do."""

import os
import pty
import signal
import time

import pytest
from asking import flags, numbers
from commands import until

from ganbench.store import Store

pytestmark = pytest.mark.slow

GRID = flags(losses=["plain(seconds=0.03)"], baselines=[], seeds=2, generator_steps=100)
HOW = ["-j", 2, "--checkpoint-every", 600]


@pytest.fixture(scope="module")
def straight(launcher, tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight") / "results"
    assert launcher.run(*GRID, *HOW, "--results", folder).code == 0
    return folder


class Terminal:
    """A pseudo-terminal whose keys are pressed by a test."""

    def __init__(self):
        self.keys, self.screen = pty.openpty()
        self.path = os.ttyname(self.screen)
        os.set_blocking(self.keys, False)
        self.shown = ""

    def press_ctrl_c(self):
        os.write(self.keys, b"\x03")

    def read(self):
        try:
            while data := os.read(self.keys, 65536):
                self.shown += data.decode(errors="replace")
        except (BlockingIOError, OSError):
            pass
        return self.shown

    def wait(self, command, patience=60):
        until(lambda: (self.read() and False) or command.over, "the command ended", patience)
        self.read()
        return command.wait()

    def close(self):
        os.close(self.keys)
        os.close(self.screen)


@pytest.fixture
def terminal():
    terminal = Terminal()
    yield terminal
    terminal.close()


def begun(start, tmp_path, **more):
    """Start the grid and wait until both cells are being trained."""
    notes = tmp_path / "notes"
    command = start(
        *GRID, *HOW, "--results", tmp_path / "results", **more, FAULTS_NOTES=str(notes)
    )
    until(lambda: notes.exists() and notes.read_text().count("started") == 2, "training began")
    return command


def statuses(folder):
    return [run["status"] for run in Store(folder).runs().values()]


def goes_on(ganbench, folder, straight):
    """Whether the same command goes on from where it was, to the same numbers."""
    ended = ganbench(*GRID, *HOW, "--results", folder)
    logs = [Store(folder).log(run_id) for run_id in Store(folder).ids()]
    went_on = ["Went on from a checkpoint" in log for log in logs]
    return (ended.code, went_on, numbers(folder) == numbers(straight)) == (0, [True] * 2, True)


def test_the_first_ctrl_c_saves_and_the_same_command_goes_on(
    start, ganbench, tmp_path, terminal, straight
):
    command = begun(start, tmp_path, terminal=terminal.path)
    terminal.press_ctrl_c()
    assert terminal.wait(command).code == 130
    assert command.leaves_nothing()
    assert "press Ctrl-C again to stop at once" in terminal.shown
    assert "Traceback" not in terminal.shown
    assert statuses(tmp_path / "results") == ["interrupted"] * 2
    assert goes_on(ganbench, tmp_path / "results", straight)


def test_sigterm_to_all_processes_saves_as_well(start, ganbench, tmp_path, straight):
    command = begun(start, tmp_path)
    for each in command.family():
        os.kill(each.pid, signal.SIGTERM)
    command.kill(signal.SIGTERM)
    ended = command.wait()
    assert (ended.code, "Traceback" in ended.err) == (130, False), ended.err
    assert command.leaves_nothing()
    assert statuses(tmp_path / "results") == ["interrupted"] * 2
    assert goes_on(ganbench, tmp_path / "results", straight)


def test_the_second_ctrl_c_stops_at_once(start, tmp_path, terminal):
    grid = flags(baselines=["law", "law(seconds=600)"])
    notes = tmp_path / "notes"
    command = start(
        *grid, "-j", 2, "--results", tmp_path / "results", terminal=terminal.path,
        FAULTS_NOTES=str(notes),
    )  # fmt: skip
    until(lambda: (tmp_path / "results" / "runs").is_dir() and statuses(tmp_path / "results"), "")
    terminal.press_ctrl_c()
    until(lambda: "Ctrl-C again" in terminal.read(), "the first was heard")
    pressed = time.monotonic()
    terminal.press_ctrl_c()
    assert terminal.wait(command).code == 130
    assert time.monotonic() - pressed < 5, "about a second, on a machine that is idle"
    assert command.leaves_nothing()
    assert "Traceback" not in terminal.shown
    assert statuses(tmp_path / "results") == ["ok"]
    assert list((tmp_path / "results" / ".work" / "leases").iterdir()) == []


@pytest.mark.parametrize("seconds", [0.0, 0.15, 0.5, 1.2])
def test_ctrl_c_before_anything_runs(start, tmp_path, terminal, seconds):
    how = {"terminal": terminal.path, "FAULTS_COLD": "1"}  # while its server imports as well
    command = start(*GRID, *HOW, "--results", tmp_path / "results", **how)
    time.sleep(seconds)
    terminal.press_ctrl_c()
    ended = terminal.wait(command)
    assert (ended.code, "Traceback" in terminal.shown) == (130, False), terminal.shown
    assert command.leaves_nothing()
    store = Store(tmp_path / "results")
    assert set(statuses(store.folder)) <= {"interrupted"}
