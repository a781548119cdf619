"""What plugins do to a process that others share, or to the command itself, changes no number."""

import json

import pytest
from asking import flags, numbers

from ganbench.store import Store

pytestmark = pytest.mark.slow

PLUGINS = "sound,hostile,raising,leaving,hooked"
SOUND = ["spot", "spot(center=1.0)"]


def asked(folder, datasets):
    # One worker does the meddling first, then all the rest.
    return [*flags(datasets, losses=["plain"], seeds=2), "--results", folder, "-j", 1, "--json"]


@pytest.fixture(scope="module")
def alone(launcher, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "results"
    ended = launcher.run(*asked(folder, SOUND))
    assert (ended.code, ended.err.count("Problem")) == (0, 0)
    return folder


@pytest.fixture(scope="module")
def together(launcher, tmp_path_factory):
    folder = tmp_path_factory.mktemp("together") / "results"
    datasets = ["harm(kind='meddle')", *SOUND]
    ended = launcher.run(*asked(folder, datasets), GANBENCH_PLUGINS=PLUGINS)
    return folder, ended


def test_numbers_of_others_stay_the_same_to_the_bit(alone, together):
    wanted, floors = numbers(alone)
    found, more = numbers(together[0])
    assert len(wanted) == 8
    assert {key: found[key] for key in wanted} == wanted
    assert {key: more[key] for key in floors} == floors
    attempts = [run["attempts"] for run in Store(together[0]).runs().values()]
    assert len({attempt["pid"] for each in attempts for attempt in each}) == 1


def test_stdout_carries_nothing_but_json(together):
    _, ended = together
    assert ended.code == 1
    json.loads(ended.out)
    assert "garbage from a hook" in ended.err


def test_failing_hooks_are_named_once_without_a_traceback(together):
    _, ended = together
    assert "Traceback" not in ended.err
    for hook in ("run_started", "progress", "run_finished"):
        assert ended.err.count(f"The observer ganbench_{hook} of plugin 'hooked of") == 1
    assert {run["status"] for run in Store(together[0]).runs().values()} <= {
        "ok", "invalid-output",
    }  # fmt: skip


def test_broken_plugins_are_named_with_the_reason(ganbench):
    ended = ganbench("plugin", "list", "--json", GANBENCH_PLUGINS=PLUGINS)
    found = {each["name"]: (each["status"], each["reason"]) for each in json.loads(ended.out)}
    assert found["raising"] == ("disabled", "ZeroDivisionError: raises at import")
    assert found["leaving"] == ("disabled", "SystemExit: 0")
    assert found["sound"] == ("loaded", "")
