"""Tasks that do harm: each costs its own cell alone, and is a row that says what happened."""

import json

import pytest
from asking import endings, flags

from ganbench.store import Store

pytestmark = pytest.mark.slow

ENDINGS = {
    "fail": ("failed", "ZeroDivisionError: on purpose"),
    "fail_wildly": ("failed", "ValueError: "),
    "fail_mutely": ("failed", "MuteError"),
    "fail_like_a_user": ("failed", "KeyboardInterrupt"),
    "leave": ("failed", "SystemExit: 0"),
    "leave_at_once": ("failed", "the worker exited with code 0 in the middle of its task"),
    "die": ("killed", "the worker was killed by signal 9 (SIGKILL)"),
    "crash": ("killed", "the worker was killed by signal 11 (SIGSEGV)"),
    "hang": ("timeout", "took longer than 20 seconds"),
    "devour": ("oom", "used more than the 3 GiB of memory that it may"),
    "ask_for_all": ("oom", "RuntimeError: "),
    "fork": ("ok", ""),
    "fork_and_go_on": ("ok", ""),
    "babble": ("ok", ""),
    "meddle": (
        "invalid-output",
        "InvalidOutputError: the generator of baseline 'law' gave float64",
    ),
}
HEALTHY = ["spot", "spot(center=1.0)"]


def options(folder):
    return ["--results", folder, "-j", 2, "--timeout", 20, "--memory", 1.5, "--json"]


@pytest.fixture(scope="module")
def harmed(launcher, tmp_path_factory):
    """A results folder after all harm, and how the command ended."""
    folder = tmp_path_factory.mktemp("harmed") / "results"
    asked = flags([*(f"harm(kind='{kind}')" for kind in ENDINGS), *HEALTHY])
    notes = folder.with_name("notes")
    plugins = {"GANBENCH_PLUGINS": "sound,hostile", "FAULTS_NOTES": str(notes)}
    command = launcher.start(*asked, *options(folder), **plugins)
    ended = command.wait()
    return folder, command, ended, notes.read_text()


@pytest.mark.parametrize("kind", ENDINGS)
def test_harm_is_a_row_with_its_reason(harmed, kind):
    status, reason = endings(harmed[0])[(f"harm(kind='{kind}')", 0)]
    wanted = ENDINGS[kind]
    assert status == wanted[0]
    assert reason.startswith(wanted[1]) if wanted[1] else reason == ""
    assert len(reason) < 5000
    assert reason.isprintable()


def test_what_is_healthy_stays_so(harmed):
    found = endings(harmed[0])
    assert [found[(name, 0)] for name in HEALTHY] == [("ok", "")] * 2


def test_the_command_says_it_without_a_traceback(harmed):
    _, _, ended, _ = harmed
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert "\x1b" not in ended.err
    json.loads(ended.out)


def test_nothing_is_left_running(harmed):
    _, command, _, notes = harmed
    assert notes.count("child") == 2
    assert command.leaves_nothing()


def test_what_was_printed_is_in_the_log(harmed):
    store = Store(harmed[0])
    logs = {run["dataset"]: store.log(run_id) for run_id, run in store.runs().items()}
    assert "{garbage}" in logs["harm(kind='babble')"]
    assert "garbage in words" in logs["harm(kind='babble')"]
    assert "Fatal Python error: Segmentation fault" in logs["harm(kind='crash')"]
    assert "ZeroDivisionError: on purpose" in logs["harm(kind='fail')"]
    assert "garbage" not in logs["spot"]


def test_lack_of_memory_is_tried_again_alone(harmed):
    runs = {run["dataset"]: run for run in Store(harmed[0]).runs().values()}
    for kind in ("devour", "ask_for_all"):
        attempts = runs[f"harm(kind='{kind}')"]["attempts"]
        assert [attempt["status"] for attempt in attempts] == ["oom", "oom"]
    assert len(runs["harm(kind='fork_and_go_on')"]["attempts"]) == 1
