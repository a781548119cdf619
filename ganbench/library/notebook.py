"""What a notebook shows: progress as bars that every front end can draw, and figures."""

import html
import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.figure import Figure

from ganbench.escaping import plain
from ganbench.execution.driver import Watcher
from ganbench.execution.executors import Outcome
from ganbench.execution.tasks import Plan, Task
from ganbench.progress import verdict, watching
from ganbench.report.figures.encoding import encode
from ganbench.store import Json

_EVERY_SECONDS = 0.3


@contextmanager
def showing(plan: Plan, quiet: bool) -> Iterator[Watcher]:
    """Provide a watcher that shows progress where we are: in a notebook, a terminal or a log."""
    if quiet or not in_notebook():
        with watching(plan, quiet) as watcher:
            yield watcher
        return
    bars = _Bars(plan)
    try:
        yield Watcher(bars.event, bars.done, bars.stop)
    finally:
        bars.close()


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def show_figures() -> None:
    """Let a notebook show figures, which it knows of pyplot's only."""
    if in_notebook():
        formatters = sys.modules["IPython"].get_ipython().display_formatter.formatters
        formatters["image/png"].for_type(Figure, lambda figure: encode(figure, "png"))


class _Bars:
    """A bar for the whole plan and one for each running task."""

    def __init__(self, plan: Plan) -> None:
        self.name, self.total, self.count = plan.name, len(plan.tasks), 0
        self.running: dict[str, tuple[int, int]] = {}
        self.failed: list[str] = []
        self.note = ""
        self.started = self.shown = time.monotonic()
        self.handle = _display().display(self._html(), display_id=True)

    def event(self, task: Task, event: Json) -> None:
        if "step" in event:
            self.running[task.title] = (event["step"], event["total"])
            self.show()

    def done(self, outcome: Outcome) -> None:
        self.running.pop(outcome.task.title, None)
        self.count += 1
        if outcome.status != "ok" or any(run["status"] != "ok" for run in outcome.records):
            self.failed.append(f"{outcome.task.title}: {verdict(outcome)}")
        self.show()

    def stop(self) -> None:
        self.note = "saving what is running"

    def close(self) -> None:
        """Leave the bar of the plan alone, and say if it has not come to its end."""
        self.running.clear()
        self.note = "" if self.count == self.total else "stopped"
        self.handle.update(self._html())

    def show(self) -> None:
        """Draw the bars anew, if that was not done just before."""
        now = time.monotonic()
        if now - self.shown > _EVERY_SECONDS:
            self.shown = now
            self.handle.update(self._html())

    def _html(self) -> object:
        seconds = time.monotonic() - self.started
        note = f", {self.note}" if self.note else ""
        text = f"{self.name}: {self.count} of {self.total} tasks, {seconds:.0f} s{note}"
        lines = [_bar(self.count, self.total, text)]
        lines += [_bar(step, total, title) for title, (step, total) in self.running.items()]
        lines += [f"<div>{html.escape(plain(each))}</div>" for each in self.failed]
        return _display().HTML("\n".join(lines))


def _display() -> Any:
    return importlib.import_module("IPython.display")


def _bar(value: int, most: int, text: str) -> str:
    label = html.escape(plain(text))
    return f'<div><progress value="{value}" max="{max(most, 1)}"></progress> {label}</div>'
