"""A scaffolded package, installed into an environment of its own, is a plugin like others."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from ganbench.scaffold import Package

ROOT = Path(__file__).parent.parent.parent
COMMANDS = """
import json, sys

import pytest
from click.testing import CliRunner
from ganbench.cli import main

package, folder = sys.argv[1:]
tests = pytest.main(["-q", "-p", "no:cacheprovider", "-c", f"{package}/pyproject.toml", package])
small = ["--seeds", "1", "--set", "generator_steps=4", "--evaluation", "samples=50"]
lines = {
    "list": ["list", "losses", "--json"],
    "check": ["plugin", "check", "my-gan"],
    "run": ["run", "-l", "my-gan", "-d", "ring8", "-m", "modes", *small, "--executor", "inline",
            "--results", folder, "--no-report"],
    "report": ["report", folder],
}
said = {"tests": [tests, "", ""]}
for name, line in lines.items():
    result = CliRunner().invoke(main, line)
    said[name] = [result.exit_code, result.stdout, result.stderr]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of a new environment, which sees what is installed here, and a package."""
    folder = tmp_path_factory.mktemp("clean")
    Package("my-gan", "loss", folder / "my-gan").write()
    venv.create(folder / "env")
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    seen = [sysconfig.get_path("purelib"), str(ROOT), str(ROOT / "plugins")]
    lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in seen)
    (site / "seen.pth").write_text(lines)
    interpreter = folder / "env" / "bin" / "python"
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "-e"]
    pip = [sys.executable, "-m", "pip", "--python", interpreter, *install, folder / "my-gan"]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return interpreter


@pytest.mark.slow
def test_it_passes_its_tests_and_is_listed_checked_run_and_reported(python, tmp_path):
    package = python.parent.parent.parent / "my-gan"
    done = subprocess.run(
        [python, "-c", COMMANDS, package, tmp_path / "results"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert [code for code, *_ in said.values()] == [0] * 5, done.stdout
    (mine,) = [row for row in json.loads(said["list"][1]) if row["name"] == "my-gan"]
    assert (mine["owner"], mine["plugin"]) == ("my-gan 0.1.0", "my-gan")
    assert " passed" in done.stdout
    assert "0 failed" in said["check"][1]
    assert "1/1" in said["run"][1]
    assert "my-gan" in (tmp_path / "results/report/report.html").read_text(encoding="utf-8")
