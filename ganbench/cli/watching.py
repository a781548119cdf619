"""The live view of a results folder, for `status --watch`."""

import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ganbench.escaping import echo, plain
from ganbench.execution.live import Running, watch
from ganbench.plugins import load_plugins
from ganbench.results import load_results
from ganbench.store import Store
from ganbench.store.leases import Leases

_BLOCKS = "▁▂▃▄▅▆▇█"
_EVERY_SECONDS = 1.0
_SHARE = 0.2
"""Of the time that looking may take; large folders are looked at less often."""
_MOST_TASKS = 16
_MOST_CURVES = 4
_BAR = 20


def follow(store: Store) -> None:
    """Show how a results folder fills, until nobody is at work in it or Ctrl-C is pressed."""
    console = Console(highlight=False)
    if console.is_terminal:
        with Live(console=console, auto_refresh=False, transient=False) as live:
            for counts, drivers, running in _looks(store):
                live.update(_view(store, counts, drivers, running), refresh=True)
        return
    before = ""
    for counts, drivers, running in _looks(store):
        line = f"{_counted(counts)}; {len(running)} tasks running, {len(drivers)} drivers at work."
        if line != before:
            echo(line)
        before = line


def _looks(store: Store) -> Iterator[tuple[Mapping[str, int], Mapping[str, str], list[Running]]]:
    """Yield statuses of runs, drivers and what is running; the last time when nobody is left."""
    leases, registry = Leases(store), load_plugins()
    counts: Mapping[str, int] = {}
    looked, took = -math.inf, 0.0
    while True:
        drivers = leases.others()
        if time.monotonic() - looked > took / _SHARE or not drivers:
            looked = time.monotonic()
            runs = load_results(store, registry).frame.drop_duplicates("run_id")
            counts, took = Counter(runs["status"]), time.monotonic() - looked
        yield counts, drivers, list(watch(store, drivers))
        if not drivers:
            return
        time.sleep(_EVERY_SECONDS)


def _counted(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    rest = [f"{count} {status}" for status, count in counts.items() if status != "ok"]
    return ", ".join([f"{counts.get('ok', 0)} of {total} runs ok", *rest])


def _view(
    store: Store, counts: Mapping[str, int], drivers: Mapping[str, str], running: Sequence[Running]
) -> RenderableType:
    who = ", ".join(drivers.values()) or "nobody"
    head = Text(plain(f"{store.folder}: {_counted(counts)}. At work: {who}."), style="bold")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("task", overflow="fold")
    table.add_column("done", no_wrap=True)
    table.add_column("curves (mean over seeds), latest value", overflow="fold")
    for task in running[:_MOST_TASKS]:
        table.add_row(Text(plain(task.title)), _bar(task.step, task.total), _curves(task.curves))
    more = len(running) - _MOST_TASKS
    return Group(head, table, *([Text(f"{more} more tasks", style="dim")] if more > 0 else []))


def _bar(step: int, total: int) -> Text:
    full = round(_BAR * step / total) if total else 0
    text = Text("━" * full, style="green")
    text.append("━" * (_BAR - full), style="dim")
    return text.append(f" {step:,}/{total:,}")


def _curves(curves: Mapping[str, Sequence[float]]) -> Text:
    lines = []
    for name, values in list(curves.items())[:_MOST_CURVES]:
        last = f"{values[-1]:.3g}" if values else ""
        lines.append(plain(f"{name.replace('_', ' ')} {sparkline(values)} {last}"))
    return Text("\n".join(lines))


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Draw the last values of a curve with blocks; what is not finite is a blank."""
    shown = list(values)[-width:]
    finite = [value for value in shown if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(
        _BLOCKS[round((value - low) * scale)] if math.isfinite(value) else " " for value in shown
    )
