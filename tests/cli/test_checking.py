"""`plugin check`: the conformance kit without a test file."""

import json
import subprocess
import sys

import pytest

from ganbench.plugins import FILES_VARIABLE
from ganbench.testing.suite import rules_of

BROKEN = '''
from ganbench.api import Prior, hookimpl
import torch


class Mine(Prior):
    """Noise without a source."""

    def __init__(self, size: int = 2) -> None:
        self.dim = size

    def sample(self, shape, rng):
        return torch.randn(*shape, self.dim)


@hookimpl
def ganbench_priors():
    return {"mine": Mine}
'''


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv(FILES_VARIABLE, "")
    path = tmp_path / "my_prior.py"
    path.write_text(BROKEN)
    return str(path)


def test_a_sound_component_has_a_line_for_each_rule(ganbench):
    result = ganbench("plugin", "check", "normal(dim=3)")
    assert result.exit_code == 0
    first, *lines, last = result.stdout.splitlines()
    assert first == "prior normal(dim=3)"
    assert len(lines) == len(rules_of("prior"))
    assert all(line.startswith(("  ok ", "  not applicable ")) for line in lines)
    assert " 0 failed, " in last


def test_a_broken_one_is_told_which_rule_and_how_to_mend_it(ganbench, file):
    result = ganbench("plugin", "check", "mine", "--plugin", file)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    place = next(i for i, line in enumerate(lines) if "names-its-source" in line)
    assert lines[place].startswith("  failed ")
    assert lines[place + 1].strip().startswith("Rule: ")
    assert lines[place + 2].strip().startswith("Mend: Add a line `Source:")


def test_a_plugin_is_checked_with_all_that_it_owns(ganbench, file):
    result = ganbench("plugin", "check", "my_prior", "--json", "--plugin", file)
    assert result.exit_code == 1
    records = json.loads(result.stdout)
    assert {(each["kind"], each["component"]) for each in records} == {
        ("plugin", "my_prior.py"), ("prior", "mine"),
    }  # fmt: skip
    failed = {each["rule"]: each for each in records if each["status"] == "failed"}
    assert "names-its-source" in failed
    assert "draws-noise-from-its-stream-alone" in failed
    assert "leaves-global-state-alone" in failed
    assert "'size' is not explained" in failed["documents-its-parameters"]["found"]
    for each in records:
        assert each["statement"]
        assert each["mend"]


def test_nobody_of_that_name(ganbench):
    result = ganbench("plugin", "check", "nromal")
    assert result.exit_code == 2
    assert "No component or plugin named 'nromal'. Did you mean 'normal'?" in result.stderr


def test_parameters_that_it_does_not_take(ganbench):
    result = ganbench("plugin", "check", "gp(weight=-1)")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: gp(weight=-1): weight must be float > 0.\n"


def test_a_plugin_that_does_not_load_is_told(ganbench, file, tmp_path):
    (tmp_path / "my_prior.py").write_text("1 / 0")
    result = ganbench("plugin", "check", "my_prior", "--plugin", file)
    assert result.exit_code == 1
    assert "It is disabled: ZeroDivisionError" in result.stdout


def test_the_command_needs_no_pytest():
    code = (
        "import sys\n"
        "sys.modules['pytest'] = None\n"
        "from ganbench.cli import main\n"
        "main(['plugin', 'check', 'uniform', '--json'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)
