"""Plugins in files that are not installed."""

import pytest

from ganbench.components import parse_single
from ganbench.errors import SpecError
from ganbench.plugins import FILES_VARIABLE, load_plugins, name_files

SOURCE = """
from ganbench.api import from_scores, hookimpl


def steep(slope: float = {slope}):
    \"""Steep.\"""
    return from_scores(
        lambda real, fake: slope * (fake - real).mean(), lambda real, fake: -slope * fake.mean()
    )


@hookimpl
def ganbench_losses():
    return {{"steep": steep}}
"""


@pytest.fixture(autouse=True)
def _none(monkeypatch):
    monkeypatch.setenv(FILES_VARIABLE, "")
    monkeypatch.delenv("GANBENCH_PLUGINS", raising=False)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my_gan.py"
    path.write_text(SOURCE.format(slope=2.0))
    return path


def owner(registry):
    return registry.find("loss", "steep").owner


def test_a_file_is_a_plugin_like_others(file):
    name_files([file, file])
    registry = load_plugins()
    (plugin,) = [each for each in registry.plugins if each.name == "my_gan"]
    assert (plugin.status, plugin.provides) == ("loaded", ("loss steep",))
    assert registry.build("loss", parse_single("steep")).params == {"slope": 2.0}


def test_results_belong_to_what_the_file_says(file):
    name_files([file])
    before = owner(load_plugins())
    assert owner(load_plugins()) == before
    file.write_text(SOURCE.format(slope=3.0))
    assert owner(load_plugins()) != before
    assert before.startswith("my_gan.py ")


def test_a_broken_file_is_disabled_alone(file):
    file.write_text("raise ZeroDivisionError('on purpose')")
    name_files([file])
    registry = load_plugins()
    (plugin,) = [each for each in registry.plugins if each.name == "my_gan"]
    assert (plugin.status, plugin.reason) == ("disabled", "ZeroDivisionError: on purpose")
    assert registry.names("loss")


@pytest.mark.parametrize("name", ["nowhere.py", "notes.txt", "."])
def test_what_is_no_file_of_python_is_refused(tmp_path, name):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SpecError, match="is no Python file"):
        name_files([tmp_path / name])


def test_flags_name_files_for_this_process_and_its_workers(file, tmp_path):
    from click.testing import CliRunner

    from ganbench.cli import main

    flags = ["-a", "mlp(width=4, depth=1)", "-l", "steep", "-d", "ring8", "-m", "modes"]
    flags += ["--seeds", "1", "--set", "generator_steps=3", "--results", str(tmp_path / "r")]
    result = CliRunner().invoke(main, ["run", *flags, "--plugin", str(file), "--no-report"])
    assert result.exit_code == 0, result.output
    assert "steep" in result.output
    refused = CliRunner().invoke(main, ["run", *flags, "--plugin", "no.py"])
    assert refused.exit_code == 2
    assert "no.py' is no Python file" in refused.output
