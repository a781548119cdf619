"""The plugins of the fault suite, installed for processes of their own, and what starts these."""

import shutil
from pathlib import Path

import pytest
from commands import Launcher

PLUGINS = ("sound", "hostile", "raising", "leaving", "hooked", "clock", "trapped")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A folder of installed plugins."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(Path(__file__).with_name("hostile"), folder / "hostile")
    metadata = folder / "hostile-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    points = "\n".join(f"{name} = hostile.{name}" for name in PLUGINS)
    (metadata / "entry_points.txt").write_text(f"[ganbench]\n{points}\n")
    return folder


@pytest.fixture(scope="session")
def launcher(tmp_path_factory, site):
    launcher = Launcher(
        tmp_path_factory.mktemp("desk"), [str(site), str(ROOT), str(ROOT / "plugins")]
    )
    yield launcher
    launcher.close()


@pytest.fixture
def start(launcher):
    """Start a `ganbench`."""
    return launcher.start


@pytest.fixture
def ganbench(launcher):
    """Run a `ganbench` to its end."""
    return launcher.run
