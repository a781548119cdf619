"""What there is: list, info, grid show, plugin list, doctor."""

import json

import pytest

from ganbench.components import Component
from ganbench.plugins import KINDS


def test_list_names_everything(ganbench, registry):
    rows = json.loads(ganbench("list", "--json").stdout)
    named = {(row["kind"], row["name"]) for row in rows}
    assert named == {(kind, name) for kind in KINDS for name in registry.names(kind)}
    assert all(row["summary"] and row["owner"].startswith("ganbench ") for row in rows)


@pytest.mark.parametrize("kind", ["losses", "datasets", "grids"])
def test_list_can_be_restricted(ganbench, registry, kind):
    rows = json.loads(ganbench("list", kind, "--json").stdout)
    singular = {"losses": "loss", "datasets": "dataset", "grids": "grid"}[kind]
    assert [row["name"] for row in rows] == registry.names(singular)
    table = ganbench("list", kind)
    assert all(row["name"] in table.stdout for row in rows)


def test_info_describes_any_component(ganbench, registry):
    for kind in KINDS:
        for name in registry.names(kind):
            result = ganbench("info", name)
            assert (result.exit_code, result.stderr) == (0, "")
            assert f"{kind} {name}" in result.stdout
            for parameter in registry.find(kind, name).parameters:
                assert str(parameter) in result.stdout
            (described, *_) = json.loads(ganbench("info", name, "--json").stdout)
            assert described["name"] == name


def test_grid_show_lists_the_cells(ganbench, grid_file):
    result = ganbench("grid", "show", grid_file)
    assert result.exit_code == 0
    assert "2 cells x 2 seeds = 4 runs." in result.stdout
    assert "incompatible" in result.stdout
    shown = json.loads(ganbench("grid", "show", grid_file, "--json").stdout)
    assert shown["grid"]["name"] == "tiny"
    assert [cell["incompatible"] is None for cell in shown["cells"]] == [True, False, True]
    assert {cell["recipe"]["generator_steps"] for cell in shown["cells"]} == {5}


def test_plugin_list_tells_owner_and_status(ganbench, registry):
    plugins = json.loads(ganbench("plugin", "list", "--json").stdout)
    assert {plugin["name"]: plugin["status"] for plugin in plugins} == dict.fromkeys(
        (plugin.name for plugin in registry.plugins), "loaded"
    )
    assert "losses" in ganbench("plugin", "list").stdout


def test_the_doctor_finds_nothing_amiss(ganbench):
    result = ganbench("doctor")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Nothing is amiss." in result.stdout
    assert json.loads(ganbench("doctor", "--json").stdout)["problems"] == []


def test_the_doctor_names_what_is_amiss(ganbench, tmp_path, monkeypatch):
    metadata = tmp_path / "broken-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[ganbench]\nbroken = no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "here" / "results").write_text("in the way")
    result = ganbench("doctor", "--json")
    assert result.exit_code == 3
    plugin, folder = json.loads(result.stdout)["problems"]
    assert plugin.startswith("Plugin 'broken' of broken 1.0 is disabled: ModuleNotFoundError")
    assert "cannot be written" in folder
    assert "Problem: " in ganbench("doctor").stdout
    listed = ganbench("list", "losses")
    assert listed.exit_code == 0
    assert "Disabled plugins: broken." in listed.stderr


def test_datasets_are_listed_with_kind_size_and_licence(ganbench, registry):
    rows = json.loads(ganbench("list", "datasets", "--json").stdout)
    assert {row["name"] for row in rows} == set(registry.names("dataset"))
    for row in rows:
        assert row["data"] in ("vector", "table", "image", "sequence", "any"), row["name"]
        assert row["size"], row["name"]
        assert row["licence"], row["name"]
        assert row["source"], row["name"]
    header = ganbench("list", "datasets").stdout.splitlines()[1].split()
    assert header == ["name", "data", "size", "summary", "licence", "source"]


@pytest.mark.parametrize("name", ["funnel", "mixed", "digits", "hmm"])
def test_the_kind_that_is_listed_is_that_of_the_samples(registry, name):
    built = registry.build("dataset", Component(name)).value
    assert registry.find("dataset", name).said("Kind") == built.spec.kind
