"""Plugins and trackers that break a rule are caught by it."""

import time
from dataclasses import replace

import pytest

from ganbench.api import Tracker
from ganbench.components import Component
from ganbench.plugins import FILES_VARIABLE, Plugin, load_plugins
from ganbench.testing.rules import judge
from ganbench.testing.subject import Subject
from ganbench.testing.suite import RULES

RULE = {rule.name: rule for rule in RULES}
HEAD = "from ganbench.api import hookimpl\n"
FAIR = f"""from pathlib import Path
{HEAD}
@hookimpl
def ganbench_run_started(run): print(run["run_id"])
@hookimpl
def ganbench_progress(run, step, values): Path("log.csv").write_text(f"{{step}},{{values}}")
@hookimpl
def ganbench_run_finished(run, scores): len(scores)
"""


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Write a plugin file and judge it by one rule."""
    monkeypatch.setenv("GANBENCH_PLUGINS", "")

    def tell(name, kind, source):
        file = tmp_path / "mine.py"
        file.write_text(source)
        monkeypatch.setenv(FILES_VARIABLE, str(file))
        return judge(RULE[name], Subject(kind, Component("mine.py"), load_plugins()))

    return tell


@pytest.mark.parametrize("name", [rule.name for rule in RULES if "observer" in rule.kinds])
def test_a_sound_observer_passes(told, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told(name, "observer", FAIR).status == "ok"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"], "it worked elsewhere"


@pytest.mark.parametrize(
    ("rule", "source", "words"),
    [
        ("observes-runs", HEAD, "none of ganbench_run_started, ganbench_progress"),
        (
            "takes-every-run",
            f"{HEAD}@hookimpl\ndef ganbench_run_finished(run, scores): scores[0]['value']\n",
            "ganbench_run_finished raised IndexError",
        ),
        (
            "changes-no-record",
            f"{HEAD}@hookimpl\ndef ganbench_run_started(run): run['seed'] += 1\n",
            "ganbench_run_started changes what it is told",
        ),
        (
            "keeps-to-its-folder",
            f"{HEAD}@hookimpl\ndef ganbench_run_finished(files): (files / 'mine.txt').touch()\n",
            "it writes runs/0123456789abcdef/mine.txt, ",
        ),
        (
            "leaves-global-state-alone",
            f"import random\n{HEAD}@hookimpl\ndef ganbench_run_started(run): random.random()\n",
            "Python's random state",
        ),
    ],
)
def test_broken_observers(told, rule, source, words):
    verdict = told(rule, "observer", source)
    assert verdict.status == "failed"
    assert words in verdict.found


def test_an_observer_that_holds_everybody_up(told, monkeypatch):
    ticks = iter(range(0, 1000, 3))
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    verdict = told("holds-nobody-up", "observer", FAIR)
    assert (verdict.status, verdict.found) == ("failed", "ganbench_progress took 3.0 s.")


class Lines(Tracker):
    """A line for each event.

    Source: an example
    """

    def open(self, folder):
        self.folder = folder / "trackers"
        self.folder.mkdir()

    def started(self, run):
        (self.folder / run["run_id"]).write_text(run["dataset"], encoding="utf-8")


class Fragile(Tracker):
    def finished(self, run, scores, files):
        (files / "history.parquet").read_bytes()


class Greedy(Tracker):
    def started(self, run):
        run.clear()


class Stray(Tracker):
    def open(self, folder):
        (folder / "mine.log").touch()


class Vandal(Tracker):
    def finished(self, run, scores, files):
        (files / "mine.txt").write_text("x", encoding="utf-8")
        (files / "log.txt").write_text("It said less.\n", encoding="utf-8")
        (files / "history.parquet").unlink(missing_ok=True)


class Hasty(Tracker):
    def started(self, run):
        run["status"]


def test_a_sound_tracker_passes(verdicts):
    found = verdicts("tracker", Lines)
    wrong = {name: verdict for name, verdict in found.items() if verdict.status == "failed"}
    assert not wrong


@pytest.mark.parametrize(
    ("rule", "factory", "words"),
    [
        ("takes-every-run", Fragile, "finished raised FileNotFoundError"),
        ("changes-no-record", Greedy, "started changes what it is told"),
        ("takes-every-run", Hasty, "started raised KeyError: 'status'"),
        ("keeps-to-its-folder", Stray, "In the results folder it writes mine.log."),
        ("keeps-to-its-folder", Vandal, "writes runs/0123456789abcdef/mine.txt"),
        ("keeps-to-its-folder", Vandal, "changes runs/0123456789abcdef/log.txt"),
        ("keeps-to-its-folder", Vandal, "removes runs/0123456789abcdef/history.parquet"),
    ],
)
def test_broken_trackers(caught, rule, factory, words):
    assert words in caught(rule, "tracker", factory)


def test_a_plugin_that_cannot_be_loaded(told):
    verdict = told("can-be-loaded", "plugin", "1 / 0")
    assert verdict.status == "failed"
    assert "It is disabled: ZeroDivisionError" in verdict.found
    old = told("can-be-loaded", "plugin", "ganbench_api_version = 99")
    assert "It needs version 99 of the plugin interface" in old.found
    assert old.rule.mend.startswith("Do as the reason says")
    assert told("can-be-loaded", "plugin", FAIR).found == "it provides observers alone"


def test_two_plugins_of_one_name_are_both_judged(nothing):
    both = (Plugin("twin", "a 1", "loaded", provides=("loss a",)), Plugin("twin", "b 1", "loaded"))
    subject = Subject("plugin", Component("twin"), replace(nothing, plugins=both))
    assert judge(RULE["can-be-loaded"], subject).found == "it provides loss a"
    worse = (both[0], replace(both[1], status="disabled", reason="no such module"))
    subject = Subject("plugin", Component("twin"), replace(nothing, plugins=worse))
    assert judge(RULE["can-be-loaded"], subject).found == "It is disabled: no such module"


def test_a_plugin_that_takes_long_to_import(told):
    slow = (
        "import time\nstart = time.process_time()\nwhile time.process_time() < start + 2.1: pass\n"
    )
    verdict = told("is-quick-to-discover", "plugin", slow)
    assert verdict.status == "failed"
    assert "Its import takes 2." in verdict.found
    quick = told("is-quick-to-discover", "plugin", "import wave, seaborn")
    assert "and loads" in quick.found
    assert "seaborn" in quick.found
