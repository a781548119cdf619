"""GANBENCH_PLUGINS="" runs with none: no plugin is imported, and results can still be read."""

import json
import os
import shutil
import subprocess
import sys

import pytest

CODE = """
import json, sys
from click.testing import CliRunner
from ganbench.cli import main

answers = []
for arguments in json.loads(sys.argv[1]):
    result = CliRunner().invoke(main, arguments)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    answers.append((result.exit_code, result.stdout, result.stderr))
print(json.dumps([answers, sorted(name for name in sys.modules if name.startswith("ganbench_"))]))
"""
PLUGIN = """
from pathlib import Path
from ganbench.api import hookimpl
Path(__file__).with_name("imported").touch()

@hookimpl
def ganbench_losses():
    return {}
"""


@pytest.fixture
def environment(tmp_path):
    """Install a plugin that leaves a mark when it is imported."""
    site = tmp_path / "site"
    about = site / "marking-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "marking_plugin.py").write_text(PLUGIN)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: marking\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[ganbench]\nmarking = marking_plugin\n")
    path = os.pathsep.join([str(site), *sys.path])
    return {**os.environ, "PYTHONPATH": path, "GANBENCH_PLUGINS": ""}


def answers(commands, environment, folder):
    command = [sys.executable, "-c", CODE, json.dumps(commands)]
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_plugin_of_these_tests_leaves_its_mark(environment, tmp_path):
    environment["GANBENCH_PLUGINS"] = "marking"
    (((code, said, _),), _) = answers([["plugin", "list"]], environment, tmp_path)
    assert code == 0
    assert "marking 1.0" in said
    assert (tmp_path / "site" / "imported").exists()


def test_everything_that_needs_no_plugin_works_and_imports_none(environment, tmp_path, results):
    here = tmp_path / "here"
    here.mkdir()
    shutil.copytree(results, here / "mine")
    run = next(path.name for path in (here / "mine" / "runs").iterdir())
    fine = [
        *(["--help"], ["--version"], ["list"], ["list", "--json"], ["list", "--markdown"]),
        *(["plugin", "list"], ["doctor"], ["status", "mine"], ["table", "mine"]),
        *(["table", "mine", "--tidy"], ["table", "mine", "--format", "csv"]),
        *(["show", run, "--results", "mine"], ["report", "mine"]),
    ]
    unfit = [
        *(["run", "-d", "ring8", "-a", "mlp", "-l", "ns", "-p", "normal"], ["info", "mlp"]),
        *(["run", "--grid", "smoke"], ["grid", "show", "smoke"], ["fetch", "mnist"]),
        *(["evaluate", "mine"], ["sample", run, "--results", "mine"]),
    ]
    found, modules = answers(fine + unfit, environment, here)
    for arguments, (code, _, said) in zip(fine, found, strict=False):
        assert (code, said) == (0, ""), arguments
    for arguments, (code, _, said) in zip(unfit, found[len(fine) :], strict=True):
        assert code == 2, arguments
        assert said.startswith("Error: "), arguments
        assert len(said.splitlines()) == 1, arguments
    table = found[fine.index(["table", "mine"])][1]
    assert "ring8" in table
    assert "2/2" in table
    page = (here / "mine" / "report" / "report.html").read_text()
    assert "Not drawn: No dataset named &#39;ring8&#39;. Available: none." in page
    assert page.count("<img") >= 3
    assert not (tmp_path / "site" / "imported").exists()
    assert modules == []
