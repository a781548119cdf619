"""Progress on stderr: live bars in a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ganbench.escaping import echo, plain
from ganbench.execution.driver import Watcher
from ganbench.execution.executors import Outcome
from ganbench.execution.tasks import Plan, Task
from ganbench.store import Json

_INTERRUPTED = "Saving what is running; press Ctrl-C again to stop at once."


@contextmanager
def watching(plan: Plan, quiet: bool) -> Iterator[Watcher]:
    """Provide a watcher that shows the progress of a plan on stderr."""
    console = Console(stderr=True)
    if quiet:
        yield Watcher()
    elif console.is_terminal:
        with _Bars(plan, console) as bars:
            yield Watcher(
                bars.event,
                bars.done,
                lambda: console.print(_INTERRUPTED),
                _Others(lambda text: console.print(text, markup=False)),
            )
    else:
        lines = _Lines(plan)
        yield Watcher(
            lambda task, event: None,  # noqa: ARG005
            lines.done,
            lambda: lines.say(_INTERRUPTED),
            _Others(lines.say),
        )


class _Others:
    """Tells once of each driver that is at work in the same folder."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.known = say, set[str]()

    def __call__(self, driver: str) -> None:
        if driver not in self.known:
            self.known.add(driver)
            self.say(f"Also at work in this folder: {driver}. The tasks are divided.")


def verdict(outcome: Outcome) -> str:
    """Say how a task ended: `5 ok`, `4 ok, 1 diverged`, `killed: ...`."""
    if outcome.status != "ok":
        return f"{outcome.status}: {outcome.reason}"
    statuses = [run["status"] for run in outcome.records]
    counts = {status: statuses.count(status) for status in dict.fromkeys(statuses)}
    return ", ".join(f"{count} {status}" for status, count in counts.items()) or "done"


class _Lines:
    """One line for each task that ends."""

    def __init__(self, plan: Plan) -> None:
        self.total, self.count = len(plan.tasks), 0
        self.cost, self.cost_done = sum(task.cost for task in plan.tasks), 0.0
        self.started = time.monotonic()

    def done(self, outcome: Outcome) -> None:
        self.count += 1
        self.cost_done += outcome.task.cost
        elapsed = time.monotonic() - self.started
        left = elapsed * max(0.0, self.cost / self.cost_done - 1)
        self.say(
            f"[{self.count}/{self.total}] {outcome.task.title}: {verdict(outcome)} "
            f"({_clock(elapsed)} elapsed, about {_clock(left)} left)"
        )

    def say(self, text: str) -> None:
        echo(text, err=True)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class _Bars:
    """A bar for the whole plan and one for each running task."""

    def __init__(self, plan: Plan, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )
        self.tasks, self.count = len(plan.tasks), 0
        cost = sum(task.cost for task in plan.tasks)
        self.total = self.progress.add_task("all", total=cost, note=f"0/{self.tasks} tasks")
        self.running: dict[str, tuple[TaskID, float]] = {}

    def __enter__(self) -> "_Bars":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def event(self, task: Task, event: Json) -> None:
        if "step" not in event:
            return
        if task.title not in self.running:
            row = self.progress.add_task(plain(task.title), total=event["total"], note="")
            self.running[task.title] = (row, time.monotonic())
        row, started = self.running[task.title]
        seconds = max(1e-9, time.monotonic() - started)
        rate = f"{event['step'] * len(task.runs) / seconds:,.0f} seed-steps/s"
        self.progress.update(row, completed=event["step"], note=rate)

    def done(self, outcome: Outcome) -> None:
        row = self.running.pop(outcome.task.title, None)
        if row is not None:
            self.progress.remove_task(row[0])
        self.count += 1
        self.progress.update(
            self.total, advance=outcome.task.cost, note=f"{self.count}/{self.tasks} tasks"
        )
        ok = outcome.status == "ok" and all(run["status"] == "ok" for run in outcome.records)
        if not ok:
            said = plain(f"{outcome.task.title}: {verdict(outcome)}")
            self.progress.console.print(Text(said, style="red"))
