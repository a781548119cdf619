"""Plugins in files that are not installed."""

import os

import pytest

from ganbench.components import parse_single
from ganbench.errors import SpecError
from ganbench.plugins import FILES_VARIABLE, load_plugins, plugin_files

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


def loaded(*files):
    with plugin_files(files):
        return load_plugins()


def owner(registry):
    return registry.find("loss", "steep").owner


def test_a_file_is_a_plugin_like_others(file):
    registry = loaded(file, file)
    (plugin,) = [each for each in registry.plugins if each.name == "my_gan.py"]
    assert (plugin.status, plugin.provides) == ("loaded", ("loss steep",))
    assert registry.build("loss", parse_single("steep")).params == {"slope": 2.0}


def test_results_belong_to_what_the_file_says(file):
    before = owner(loaded(file))
    assert owner(loaded(file)) == before
    file.write_text(SOURCE.format(slope=3.0))
    assert owner(loaded(file)) != before
    assert before.startswith("my_gan.py ")


def test_a_broken_file_is_disabled_alone(file):
    file.write_text("raise ZeroDivisionError('on purpose')")
    registry = loaded(file)
    (plugin,) = [each for each in registry.plugins if each.name == "my_gan.py"]
    assert (plugin.status, plugin.reason) == ("disabled", "ZeroDivisionError: on purpose")
    assert registry.names("loss")


@pytest.mark.parametrize("name", ["nowhere.py", "notes.txt", "."])
def test_what_is_no_file_of_python_is_refused(tmp_path, name):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SpecError, match="is no Python file"):
        loaded(tmp_path / name)


def test_files_are_named_for_a_block_and_no_longer(file, tmp_path, monkeypatch):
    other = tmp_path / "other.py"
    other.write_text("")
    monkeypatch.setenv(FILES_VARIABLE, str(other))
    names = [plugin.name for plugin in loaded(file).plugins]
    assert {"my_gan.py", "other.py"} <= set(names)
    assert os.environ[FILES_VARIABLE] == str(other)
    monkeypatch.delenv(FILES_VARIABLE)
    loaded(file)
    assert FILES_VARIABLE not in os.environ


def test_two_files_of_one_name_are_refused(file, tmp_path):
    other = tmp_path / "theirs" / file.name
    other.parent.mkdir()
    other.write_text(SOURCE.format(slope=1.0))
    with pytest.raises(SpecError, match=r"my_gan\.py' and '.*theirs/my_gan\.py' have the same"):
        loaded(file, other)


def test_flags_name_files_for_this_process_and_its_workers(file, tmp_path):
    from click.testing import CliRunner

    from ganbench.cli import main

    flags = ["-a", "mlp(width=4, depth=1)", "-l", "steep", "-d", "ring8", "-m", "modes"]
    flags += ["--seeds", "1", "--set", "generator_steps=3", "--results", str(tmp_path / "r")]
    result = CliRunner().invoke(main, ["run", *flags, "--plugin", str(file), "--no-report"])
    assert result.exit_code == 0, result.output
    assert "steep" in result.output
    assert os.environ[FILES_VARIABLE] == ""
    refused = CliRunner().invoke(main, ["run", *flags, "--plugin", "no.py"])
    assert refused.exit_code == 2
    assert "no.py' is no Python file" in refused.output
