"""Where a report is written: below its results folder, if nobody names another place."""

from collections.abc import Sequence
from pathlib import Path

from ganbench.errors import StoreError
from ganbench.naming import inside
from ganbench.plugins import Registry
from ganbench.report.page import write_report
from ganbench.report.paper import write_paper
from ganbench.results import Results
from ganbench.store import Store


def write_page(results: Results, registry: Registry, store: Store, out: Path | None) -> Path:
    """Write the report below `out`, or below the results folder, and return the path of its page.

    Raises:
        StoreError: if it cannot be written, or a link in the results folder leads out of it.
    """
    out = out or inside(store.folder, store.folder / "report")
    try:
        return write_report(results, out, registry)
    except OSError as error:
        raise _unwritten(out, error) from error


def write_for_paper(
    results: Results,
    registry: Registry,
    store: Store,
    out: Path | None,
    width: float,
    figures: Sequence[str],
) -> list[Path]:
    """Write what a paper needs below `out`, or below the results folder; return the paths.

    Raises:
        StoreError: if it cannot be written, or a link in the results folder leads out of it.
    """
    out = out or inside(store.folder, store.folder / "paper")
    try:
        return write_paper(results, registry, out, width, figures)
    except OSError as error:
        raise _unwritten(out, error) from error


def _unwritten(out: Path, error: OSError) -> StoreError:
    return StoreError(f"Cannot write the report below '{out}': {error.strerror or error}.")
