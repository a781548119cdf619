"""`--plugin FILE`: a file that cannot be loaded is said to be, wherever it would be used."""

import click
import pytest

from ganbench.cli import main
from ganbench.plugins import FILES_VARIABLE

RUN = ["-l", "mine", "-d", "ring8"]
USING = {
    "run": RUN,
    "evaluate": ["RESULTS"],
    "sample": ["RUN", "--results", "RESULTS"],
    "report": ["RESULTS", "--out", "page"],
    "figure": ["RESULTS", "--kind", "samples", "--out", "figures"],
    "fetch": ["ring8"],
    "info": ["wgan"],
    "grid show": ["smoke"],
    "store export": ["RESULTS", "-o", "t.parquet"],
}
LISTING = {
    "list": (["losses"], 0),
    "plugin list": ([], 0),
    "plugin check": (["mine.py"], 1),
}
BROKEN = {
    "ganbench_api_version = 99\n": "It needs version 99 of the plugin interface",
    "def mine(:\n": "SyntaxError: invalid syntax",
    "raise ValueError('It rains.')\n": "ValueError: It rains.\n",
}


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv(FILES_VARIABLE, "")
    path = tmp_path / "mine.py"
    path.write_text(next(iter(BROKEN)))
    return path


def commands(group, before=()):
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        elif any("--plugin" in each.opts for each in command.params):
            yield " ".join((*before, name))


def test_every_command_that_takes_a_file_is_tried():
    assert set(commands(main)) == {*USING, *LISTING}


@pytest.mark.parametrize("name", USING)
def test_what_would_use_it_refuses_it_in_a_sentence(ganbench, results, file, name):
    places = {"RESULTS": results, "RUN": next((results / "runs").iterdir()).name}
    words = [places.get(each, each) for each in USING[name]]
    result = ganbench(*name.split(), *words, "--plugin", file)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: mine.py is disabled: It needs version 99 of the plugin")


@pytest.mark.parametrize("name", LISTING)
def test_what_lists_or_checks_it_goes_on(ganbench, file, name):
    words, code = LISTING[name]
    result = ganbench(*name.split(), *words, "--plugin", file)
    assert result.exit_code == code
    assert "mine.py" in result.output


@pytest.mark.parametrize("source", BROKEN)
def test_the_reason_is_told_also_of_files_of_the_environment(ganbench, file, monkeypatch, source):
    file.write_text(source)
    monkeypatch.setenv(FILES_VARIABLE, str(file))
    result = ganbench("run", *RUN)
    assert result.exit_code == 2
    assert f"Error: mine.py is disabled: {BROKEN[source]}" in result.stderr
    assert ganbench("doctor").exit_code == 3


def test_an_unknown_name_may_be_that_of_a_disabled_plugin(ganbench, tmp_path, monkeypatch):
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ganbench]\nbroken = no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    told = "Disabled plugins: broken. `ganbench plugin list` says why.\n"
    for words in (["run", *RUN], ["info", "mine"], ["grid", "show", "mine"], ["plugin", "check",
                  "mine"]):  # fmt: skip
        result = ganbench(*words)
        assert result.exit_code == 2
        assert told.strip() in result.stderr, words
    assert ganbench("info", "wgan").stderr == ""
