"""The named grids."""

from collections.abc import Mapping
from pathlib import Path

from ganbench.api import hookimpl


@hookimpl
def ganbench_grids() -> Mapping[str, Path]:
    """Name every TOML file beside this module."""
    return {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}
