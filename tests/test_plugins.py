"""Discovery: whatever a plugin does wrong disables it alone, with a reason."""

import sys
import types
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from ganbench.api import Loss, hookimpl
from ganbench.components import parse_single
from ganbench.errors import PluginError, UnknownComponentError
from ganbench.plugins import GROUP, KINDS, SELECT_VARIABLE, load_plugins


@pytest.fixture(autouse=True)
def _no_selection(monkeypatch):
    monkeypatch.delenv(SELECT_VARIABLE, raising=False)


@pytest.fixture
def point(monkeypatch):
    """Make an entry point to a module with the given hooks and attributes."""

    def make(name, **attributes):
        module = types.ModuleType(f"fabricated_{name}")
        for key, value in attributes.items():
            implementation = key.startswith("ganbench_") and callable(value)
            setattr(module, key, hookimpl(value) if implementation else value)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return EntryPoint(name, module.__name__, GROUP)

    return make


def loss(weight: float = 1.0):
    """A loss of no use.

    Source: Nobody 2020,
        in two lines
    """
    made = Loss()
    made.weight = weight
    return made


def offering(*names):
    return lambda: dict.fromkeys(names, loss)


def raising(error):
    def hook():
        raise error

    return hook


def test_a_plugin_provides_what_its_hooks_name(point):
    registry = load_plugins([point("good", ganbench_losses=offering("a", "b"))])
    assert registry.names("loss") == ["a", "b"]
    (plugin,) = registry.plugins
    assert (plugin.name, plugin.status, plugin.reason) == ("good", "loaded", "")
    assert plugin.provides == ("loss a", "loss b")
    entry = registry.find("loss", "a")
    assert entry.summary == "A loss of no use."
    assert entry.source == "Nobody 2020, in two lines"
    built = registry.build("loss", parse_single("a(weight=2)"))
    assert (built.value.weight, built.label) == (2.0, "a(weight=2.0)")
    assert registry.build("loss", parse_single("a(weight=1)")).label == "a"


BROKEN = {
    "raising hook": ({"ganbench_losses": raising(ValueError("no luck"))}, "ValueError: no luck"),
    "exiting hook": ({"ganbench_losses": raising(SystemExit(3))}, "SystemExit: 3"),
    "unknown hook": ({"ganbench_loses": offering("x")}, "a hook that does not exist"),
    "no mapping": ({"ganbench_losses": lambda: ["x"]}, "returned list, not a mapping"),
    "unusable name": ({"ganbench_losses": offering("a b")}, "the unusable name 'a b'"),
    "number as name": ({"ganbench_losses": offering(3)}, "the unusable name 3"),
    "no factory": ({"ganbench_losses": lambda: {"x": 3}}, "'x' without a callable factory"),
    "no grid file": ({"ganbench_grids": lambda: {"x": Path("/no.toml")}}, "FileNotFoundError"),
    "newer interface": ({"ganbench_api_version": 99}, "needs version 99 of the plugin interface"),
    "older interface": ({"ganbench_api_version": 0}, "was written for version 0 of the plugin"),
    "no version": ({"ganbench_api_version": "1"}, "`ganbench_api_version` is '1', and must be a"),
    "wrong arguments": ({"ganbench_progress": lambda nonsense: None}, "nonsense"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_disabled_alone(point, name):
    attributes, reason = BROKEN[name]
    good = point("good", ganbench_losses=offering("fine"))
    registry = load_plugins([point("broken", **attributes), good])
    broken, other = registry.plugins
    assert (broken.status, other.status) == ("disabled", "loaded")
    assert reason in broken.reason
    assert registry.names("loss") == ["fine"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import nowhere_to_be_found", "ModuleNotFoundError"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("1 +", "SyntaxError"),
    ],
)
def test_a_module_that_cannot_be_imported_is_disabled_alone(
    point, tmp_path, monkeypatch, source, reason
):
    (tmp_path / "unimportable.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    points = [EntryPoint("broken", "unimportable", GROUP), EntryPoint("odd", "::", GROUP)]
    registry = load_plugins([*points, point("good", ganbench_losses=offering("fine"))])
    assert [plugin.status for plugin in registry.plugins] == ["disabled", "loaded", "disabled"]
    assert reason in registry.plugins[0].reason
    assert registry.names("loss") == ["fine"]


def test_a_name_with_two_owners_is_refused_and_others_work(point):
    first = point("first", ganbench_losses=offering("both", "mine"))
    second = point("second", ganbench_losses=offering("both", "yours"))
    registry = load_plugins([second, first])
    assert registry.find("loss", "mine").plugin == "first"
    assert registry.find("loss", "yours").plugin == "second"
    with pytest.raises(PluginError) as caught:
        registry.build("loss", parse_single("both"))
    assert "'first' of fabricated_first and 'second' of fabricated_second" in str(caught.value)
    assert caught.value.exit_code == 3


def test_the_variable_selects_plugins(point, monkeypatch):
    points = [point(name, ganbench_losses=offering(name)) for name in ("one", "two", "three")]
    for text, names in {"one": ["one"], " two, one,": ["one", "two"], "": [], " , ": []}.items():
        monkeypatch.setenv(SELECT_VARIABLE, text)
        registry = load_plugins(points)
        assert registry.names("loss") == names
        assert [plugin.name for plugin in registry.plugins] == names
    monkeypatch.setenv(SELECT_VARIABLE, "one,tow")
    with pytest.raises(UnknownComponentError, match=r"'tow'. Did you mean 'two'\?"):
        load_plugins(points)


def test_unknown_names_suggest_and_list(registry):
    with pytest.raises(UnknownComponentError) as caught:
        registry.build("loss", parse_single("wgna"))
    assert "Did you mean 'wgan'? Available: " in str(caught.value)


def test_a_failing_factory_blames_its_plugin(point):
    def failing():
        raise OSError("no network")

    def misannotated(x: "Nowhere"):  # type: ignore[name-defined] # noqa: F821
        return x

    offer = {"ganbench_losses": lambda: {"failing": failing, "odd": misannotated}}
    registry = load_plugins([point("poor", **offer)])
    with pytest.raises(PluginError, match="'failing' of plugin 'poor' failed to build: OSError"):
        registry.build("loss", parse_single("failing"))
    with pytest.raises(PluginError, match="NameError"):
        registry.build("loss", parse_single("odd"))


def test_any_first_party_plugin_can_be_missing():
    points = list(entry_points(group=GROUP))
    whole = load_plugins(points)
    assert all(plugin.status == "loaded" for plugin in whole.plugins)
    for missing in {"losses", "vectors", "tabular", "images", "scores", "grids"}:
        part = load_plugins([point for point in points if point.name != missing])
        assert all(plugin.status == "loaded" for plugin in part.plugins)
        lost = {
            (kind, name)
            for kind in KINDS
            for name in whole.names(kind)
            if name not in part.names(kind)
        }
        assert {whole.entries[kind][name][0].plugin for kind, name in lost} == {missing}


def test_the_backport_of_importlib_metadata_changes_no_owner():
    """MLflow imports it; run ids hold the owner."""

    class Foreign:
        def __init__(self, point):
            self.point = point

        def __getattr__(self, name):
            return getattr(self.point, name)

    (point,) = entry_points(group=GROUP, name="losses")
    (plain,), (foreign,) = (load_plugins([each]).plugins for each in (point, Foreign(point)))
    assert plain == foreign
    assert foreign.owner.startswith("ganbench ")
