"""Names and paths of grids, plugins and other people's results: nothing leaves its folder."""

import io
import json
import os
import shutil
import types
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from ganbench.api import hookimpl
from ganbench.cache import fetching, kept
from ganbench.cli import main
from ganbench.errors import PluginError
from ganbench.progress import _Bars
from ganbench.store import RunFiles, Store

TREE = """
datasets = ["ring8"]
priors = ["normal(dim=2)"]
architectures = ["mlp(width=4, depth=1)"]
losses = ["ns"]
seeds = 1
train = {generator_steps = 2, batch_size = 8}
evaluation = {samples = 50, floor_splits = 2}
metrics = ["modes"]
"""
DEVICES = ["CON", "nul", "nul.txt", "Com1", "LPT9.log", "aux"]
"""Unusable as a file, usable as a component, and so are the two that end in a dot."""
DOTTED = ["a.", "x..y"]
OUTSIDE = [
    *("..", ".", "", "../x", "a/../../x", "/tmp/x", "a/b", "a\\b", "C:\\x", "~", "~root/x"),
    *("a\0b", "a\nb", "a\tb", "\x1b[31mred", "a" * 300, "a ", " a", "-x", ".hidden"),
    *("a:b", "a|b", "a*", "$HOME", "`id`", "a;b", "\uff0e\uff0e\uff0fx", "\u2024\u2024"),
    *("a\u2215b", "a\u202etxt", "\uff41", "\u0430", "\u200b"),
]
LONG = "/".join(["a" * 200] * 30)
PATHS = ["", "\\x00", "a" * 300, LONG, "~nobody-at-all/x", "\\ud800", "../no"]
READERS = [f"{name}(path='{{}}')" for name in ("table", "text", "image_folder", "celeba")]
HOSTILE = "\x1b]0;title\x07\x1b[2J[red]x[/red] [/] \u202e\x9b31m\r\b<script>alert(1)</script>"


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def raw(*arguments):
    """Run a command as in a terminal: what would steer it is not taken out."""
    runner = CliRunner(env={"COLUMNS": "120"})
    result = runner.invoke(main, [str(each) for each in arguments], color=True)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def tame(text):
    return all(sign.isprintable() or sign in "\n\t" for sign in text)


def refused(result, code=2):
    assert result.exit_code == code, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert tame(line)
    assert len(line) < 5000
    assert result.stdout == ""


@pytest.fixture
def here(tmp_path, monkeypatch):
    folder = tmp_path / "a" / "b" / "here"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


class TestGrids:
    @pytest.mark.parametrize("name", [*OUTSIDE, *DEVICES, *DOTTED], ids=ascii)
    def test_no_name_leaves_the_results_folder(self, tmp_path, here, name):
        file = tmp_path / "grid.toml"
        file.write_text(f"name = {json.dumps(name)}\n{TREE}")
        before = tree(tmp_path)
        refused(raw("run", "--grid", file, "--executor", "inline"))
        assert tree(tmp_path) == before

    def test_the_name_of_a_file_is_checked_too(self, tmp_path, here):
        for name in ("nul.toml", "a b.toml", "..toml"):
            (tmp_path / name).write_text(TREE)
            before = tree(tmp_path)
            refused(raw("run", "--grid", tmp_path / name, "--executor", "inline"))
            assert tree(tmp_path) == before

    @pytest.mark.parametrize("reader", READERS)
    @pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:9])
    def test_a_path_that_cannot_be_is_one_sentence(self, tmp_path, here, reader, path):
        before = tree(tmp_path)
        flags = ["-a", "mlp", "-l", "ns", "--executor", "inline"]
        ending = ".csv" if "table" in reader else ""
        refused(raw("run", "-d", reader.format(path + ending), *flags))
        assert tree(tmp_path) == before

    @pytest.mark.parametrize(
        "name", ["pandas", "csv", "..", "../x", "/etc", "a/..", "\\x00", "x/" + "a" * 300, "é/x"]
    )
    def test_the_hub_has_names_with_an_owner_only(self, here, name, monkeypatch):
        monkeypatch.setattr("ganbench_hub.hub.read_records", lambda *_: pytest.fail("it is read"))
        if name not in ("..", "/etc"):  # folders that are there, and are read as such
            refused(raw("fetch", f"hf(name='{name}')"))

    def test_files_without_an_end_and_of_no_known_kind_are_refused(self, here, monkeypatch):
        monkeypatch.setattr("ganbench_sequences.texts._MOST_BYTES", 2**20)
        for dataset in ("text(path='/dev/zero')", "image_folder(path='/dev/zero')"):
            refused(raw("run", "-d", dataset, "-a", "mlp", "-l", "ns"))
        refused(raw("run", "--grid", "/dev/zero"))

    def test_what_a_grid_says_steers_no_terminal(self, tmp_path, here):
        file = tmp_path / "grid.toml"
        for field in ("name", "datasets", "train", "odd\\u001b"):
            file.write_text(f'"{field}" = {json.dumps(HOSTILE)}\n')
            refused(raw("grid", "show", file))
        refused(raw("run", "-d", f"ring8{HOSTILE}", "-a", "mlp", "-l", "ns"))


class TestResultsFolders:
    def test_a_user_may_choose_any_folder_also_through_a_link(self, tmp_path, here):
        (tmp_path / "far").mkdir()
        (here / "link").symlink_to(tmp_path / "far")
        grid = tmp_path / "grid.toml"
        grid.write_text(TREE)
        arguments = ["--executor", "inline", "--results", "link/mine", "-q"]
        assert raw("run", "--grid", grid, *arguments).exit_code == 0
        assert (tmp_path / "far" / "mine" / "report" / "report.html").is_file()
        assert tree(here) == ["link"]

    def test_an_impossible_folder_is_one_sentence(self, tmp_path, here):
        flags = ["-d", "ring8", "-a", "mlp", "-l", "ns", "--executor", "inline"]
        for place, code in {"a\0b": 2, "a" * 300: 4}.items():
            refused(raw("run", *flags, "--results", place), code)
            refused(raw("status", place))
            refused(raw("show", "abc", "--results", place))
        assert tree(tmp_path) == ["a", "a/b", "a/b/here"]

    @pytest.mark.parametrize("link", ["report", "report/figures"])
    def test_a_link_in_a_results_folder_is_not_written_through(
        self, tmp_path, here, results, link
    ):
        folder, outside = here / "mine", tmp_path / "outside"
        shutil.copytree(results, folder)
        outside.mkdir()
        (folder / link).parent.mkdir(exist_ok=True)
        (folder / link).symlink_to(outside)
        result = raw("report", folder)
        refused(result, 4)
        assert "remove that link" in result.stderr
        assert tree(outside) == []
        assert raw("report", folder, "--out", here / "chosen").exit_code == 0


@pytest.fixture(params=["../../../../evil", "nul", "é" * 40, "a" * 900, HOSTILE])
def forged(request, tmp_path, here, results):
    """A results folder of a stranger, who wrote what he liked in the place of a dataset's name."""
    folder = here / "theirs"
    shutil.copytree(results, folder)
    store = Store(folder)
    text = json.dumps(store.experiment()).replace('"ring8"', json.dumps(request.param))
    store.write_experiment(json.loads(text))
    for run_id, record in store.runs().items():
        forged = {**record, "status": "failed", "reason": f"{HOSTILE}\ud800", HOSTILE: 1}
        store.place(run_id, RunFiles(forged, log=HOSTILE).contents())
    return folder


class TestStrangers:
    def test_the_report_stays_where_it_belongs(self, tmp_path, forged):
        before = tree(tmp_path)
        assert raw("report", forged).exit_code == 0
        new = set(tree(tmp_path)) - set(before)
        assert new
        places = ("a/b/here/theirs/report", "a/b/here/theirs/.index")
        assert all(name.startswith(places) for name in new)
        assert "<script>" not in (forged / "report" / "report.html").read_text()

    def test_no_command_lets_text_steer_the_terminal(self, forged):
        run = next(path.name for path in (forged / "runs").iterdir())
        commands = [["status"], ["table"], ["table", "--tidy"]]
        commands += [["table", "--format", form] for form in ("csv", "md", "latex", "json")]
        commands += [["table", "--tidy", "--format", form] for form in ("csv", "md", "json")]
        for command, *options in commands:
            result = raw(command, forged, *options)
            assert result.exit_code == 0, result.output
            assert tame(result.output), (command, options)
        for options in ([], ["--json"]):
            result = raw("show", run, "--results", forged, *options)
            assert result.exit_code == 0
            assert tame(result.output)
            assert "[red]x[/red]" in result.output, "no markup is read"


class TestPlugins:
    @pytest.fixture
    def offering(self, monkeypatch):
        """Install a plugin whose loss has this name; its owner and its words are hostile."""

        def loss(weight: float = 1.0):
            del weight

        loss.__doc__ = f"A loss {HOSTILE}.\n\nSource: {HOSTILE}"

        def install(name):
            module = types.ModuleType("hostile")
            module.ganbench_losses = hookimpl(lambda: {name: loss})
            monkeypatch.setitem(__import__("sys").modules, "hostile", module)
            points = [EntryPoint(f"bad{HOSTILE}", "hostile", "ganbench")]
            monkeypatch.setattr("ganbench.plugins.entry_points", lambda group: points)

        return install

    @pytest.mark.parametrize("name", OUTSIDE, ids=ascii)
    def test_a_name_that_no_path_can_hold_disables_the_plugin(self, here, offering, name):
        offering(name)
        result = raw("plugin", "list")
        assert result.exit_code == 0
        assert "disabled" in result.stdout
        assert tame(result.output)
        assert raw("list", "losses", "--json").stdout.strip() == "[]"

    def test_words_of_a_plugin_steer_no_terminal(self, here, offering):
        offering("fine")
        for command in (["list"], ["list", "--json"], ["plugin", "list"], ["doctor"]):
            result = raw(*command)
            assert result.exit_code == 0, result.output
            assert "title" in result.stdout
            assert tame(result.output), command
        for command in (["info", "fine"], ["list", "--markdown"]):  # it makes no losses
            refused(raw(*command), 3)

    def test_bars_read_no_markup(self):
        task = types.SimpleNamespace(title=HOSTILE, cost=1.0, runs={0: "a"})
        outcome = types.SimpleNamespace(task=task, status="failed", reason=HOSTILE, records=())
        console = Console(file=io.StringIO(), force_terminal=True, width=500, color_system=None)
        with _Bars(types.SimpleNamespace(tasks=[outcome.task]), console) as bars:
            bars.event(outcome.task, {"step": 1, "total": 2})
            bars.progress.refresh()
            bars.done(outcome)
        said = console.file.getvalue()
        assert "[red]x[/red] [/]" in said
        assert "title\x07" not in said

    def test_a_name_in_the_cache_is_a_name(self, here, tmp_path):
        before = tree(tmp_path)
        for name in {*OUTSIDE, *DEVICES, *DOTTED} - {"a/b"}:
            with fetching(), pytest.raises(PluginError, match="cannot name a file"):
                kept(name, lambda path: path.write_text("x"))
        assert tree(tmp_path) == before
        assert not (Path(os.environ["GANBENCH_DATA"]).parent / "x").exists()
