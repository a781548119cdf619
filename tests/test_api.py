"""The public interface: what it is, and how a part of it goes."""

import warnings
from pathlib import Path

import pytest
from surface import ROOT, surface

from ganbench import api
from ganbench.deprecation import GanbenchDeprecationWarning, Leaving


def test_the_public_interface_is_the_committed_one():
    """Where it changed on purpose: `python tests/surface.py > docs/api.txt`.

    Raise `API_VERSION` too, unless no release has the present one; raise `OLDEST_API_VERSION`
    where plugins of before break, and keep what goes in `LEAVING` for one release before that.
    """
    assert surface() == Path(ROOT / "docs/api.txt").read_text(encoding="utf-8")


def test_every_public_name_is_there_and_old_versions_are_older():
    for name in api.__all__:
        assert getattr(api, name) is not None, name
    assert 1 <= api.OLDEST_API_VERSION <= api.API_VERSION
    assert not set(api.LEAVING) & set(api.__all__)


def test_a_leaving_name_works_and_says_in_which_release_it_ends_and_what_to_use(
    monkeypatch, tmp_path
):
    leaving = {"combine": Leaving(api.compose, ends="0.3", instead="`compose`")}
    monkeypatch.setattr(api, "LEAVING", leaving)
    (tmp_path / "old_gan.py").write_text("from ganbench.api import combine\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(GanbenchDeprecationWarning) as caught:
        import old_gan
    assert old_gan.combine is api.compose
    assert [str(each.message) for each in caught] == [
        "ganbench.api.combine ends in ganbench 0.3: use `compose`."
    ]
    assert caught[0].filename.endswith("old_gan.py")


def test_other_names_are_missing_as_ever():
    with warnings.catch_warnings(), pytest.raises(ImportError, match="cannot import name 'gone'"):
        from ganbench.api import gone  # noqa: F401
