"""What `ganbench plugin new` writes: it is whole and clean, and does what its kind must."""

import itertools
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner

from ganbench.cli import main
from ganbench.cli.scaffolding import KINDS
from ganbench.components import Component
from ganbench.plugins import GROUP, load_plugins
from ganbench.scaffold import Package
from ganbench.testing.rules import judge
from ganbench.testing.subject import Subject
from ganbench.testing.suite import rules_of

ROOT = Path(__file__).parent.parent.parent
FILES = {
    "pyproject.toml", "README.md", "LICENSE", ".gitignore", ".github/workflows/ci.yml",
    "src/my_{kind}/__init__.py", "src/my_{kind}/{kind}.py", "src/my_{kind}/py.typed",
    "tests/test_my_{kind}.py",
}  # fmt: skip


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """One package of each kind."""
    folder = tmp_path_factory.mktemp("packages")
    written = {kind: Package(f"my-{kind}", kind, folder / f"my-{kind}") for kind in KINDS}
    for package in written.values():
        package.write()
    return written


def new(*arguments):
    return CliRunner().invoke(main, ["plugin", "new", *map(str, arguments)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_whole_and_its_metadata_name_what_is_there(packages, kind):
    package = packages[kind]
    files = {
        str(path.relative_to(package.folder))
        for path in package.folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files == {file.format(kind=kind) for file in FILES}
    project = tomllib.loads((package.folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"ganbench": {f"my-{kind}": f"my_{kind}.{kind}"}}
    assert project["name"] == f"my-{kind}"
    for file in files:
        assert "{{" not in (package.folder / file).read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_the_component_of_a_package_passes_the_kit(packages, kind, monkeypatch):
    package = packages[kind]
    monkeypatch.syspath_prepend(package.folder / "src")
    point = EntryPoint(f"my-{kind}", f"my_{kind}.{kind}", GROUP)
    registry = load_plugins([point])
    (plugin,) = registry.plugins
    assert (plugin.status, plugin.reason) == ("loaded", "")
    rules = rules_of(kind)
    assert rules
    verdicts = [judge(rule, Subject(kind, Component(f"my-{kind}"), registry)) for rule in rules]
    assert [each for each in verdicts if each.status == "failed"] == []


def test_the_text_is_lintfree_and_formatted_whatever_its_name(tmp_path):
    pytest.importorskip("ruff", reason="a tool of developers")
    folder = tmp_path / "packages"
    for kind, name in itertools.product(KINDS, ("a", f"{'x' * 20}-{'y' * 19}")):
        Package(name, kind, folder / kind / name).write()
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, folder], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_text_is_typed(packages):
    pytest.importorskip("mypy", reason="a tool of developers")
    sources = [str(package.source) for package in packages.values()]
    command = [sys.executable, "-m", "mypy", *sources]  # with the settings and cache of ganbench
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_the_command_writes_says_what_is_next_and_never_overwrites(tmp_path):
    done = new("my-gan", "--kind", "loss", "--output", tmp_path / "deep" / "down")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "deep" / "down" / "my-gan"
    assert f"ganbench run --plugin {folder}/src/my_gan/loss.py -l my-gan -d ring8\n" in done.stdout
    assert f"pip install -e {folder}\n" in done.stdout
    assert "ganbench plugin check my-gan\n" in done.stdout
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = new("my-gan", "--kind", "prior", "--output", folder.parent)
    assert again.exit_code == 2
    (line,) = again.stderr.splitlines()
    assert f"'{folder}' is there already, and nothing is overwritten" in line
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("My GAN", "'My GAN' cannot name a package: use small letters"),
        ("../up", "cannot name a package"),
        ("my--gan", "cannot name a package"),
        ("lambda", "cannot name a package"),
        ("x" * 41, "40 at most"),
        ("wgan", "The loss 'wgan' is there already, in ganbench "),
        ("losses", "A plugin 'losses' is there already, in ganbench "),
        ("json", "A module 'json' is there already"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_in_a_sentence(name, words, tmp_path):
    done = new(name, "--kind", "loss", "--output", tmp_path)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert words in line
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    done = new("my-gan", "--kind", "loss", "--output", tmp_path / "file")
    assert (done.exit_code, len(done.stderr.splitlines())) == (4, 1)
    assert "Cannot write" in done.stderr


def test_the_tracker_keeps_a_journal(packages, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(packages["tracker"].folder / "src")
    registry = load_plugins([EntryPoint("my-tracker", "my_tracker.tracker", GROUP)])
    journal = registry.build("tracker", Component("my-tracker")).value
    journal.open(tmp_path)
    journal.progress({"run_id": "a"}, 3, {"critic": 0.5})
    scores = [{"estimator": "mmd2", "value": 0.25}]
    journal.finished({"run_id": "a", "status": "ok"}, scores, tmp_path)
    assert (tmp_path / "trackers" / "my-tracker.jsonl").read_text().splitlines() == [
        '{"event": "progress", "run": "a", "step": 3, "values": {"critic": 0.5}}',
        '{"event": "finished", "run": "a", "status": "ok", "scores": {"mmd2": 0.25}}',
    ]
