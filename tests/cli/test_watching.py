"""`status --watch`: counts, who is at work, and curves."""

import math

import pytest
from rich.console import Console

from ganbench.cli import watching
from ganbench.cli.watching import sparkline
from ganbench.execution.live import Live, Running
from ganbench.store import Store
from ganbench.store.leases import Leases


def test_sparklines_go_from_the_lowest_to_the_highest():
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([1.0, math.nan, 1.0]) == "▁ ▁"
    assert sparkline([]) == ""
    assert len(sparkline(range(100))) == 24


def test_a_folder_where_nobody_works_is_told_once(ganbench, results):
    result = ganbench("status", results, "--watch")
    assert result.exit_code == 0
    line = "4 of 6 runs ok, 2 incompatible; 0 tasks running, 0 drivers at work."
    assert result.stdout.splitlines() == [line]


@pytest.mark.parametrize("other", ["--json", "--attempts"])
def test_it_goes_with_nothing_that_prints_once(ganbench, results, other):
    result = ganbench("status", results, "--watch", other)
    assert result.exit_code == 2
    assert f"--watch shows what changes and {other} what is" in result.stderr


def test_what_drivers_are_at_is_shown_until_the_last_has_gone(results, monkeypatch):
    store = Store(results)
    store.create()
    watcher = Leases(store)
    with Leases(store).held() as driver:
        live = Live(store, driver.me)
        live.running["a"] = Running("ring8 · \x1b[2Jmlp", 50, 200, {"critic_loss": [1.0, 0.5]})
        live._write()
        looks = watching._looks(store)
        counts, drivers, running = next(looks)
        assert list(drivers) == [driver.me]
        console = Console(width=120, force_terminal=False)
        with console.capture() as captured:
            console.print(watching._view(store, counts, drivers, running))
        live.close()
    shown = captured.get()
    assert "4 of 6 runs ok" in shown
    assert "50/200" in shown
    assert "critic loss █▁ 0.5" in shown
    assert "\x1b" not in shown
    assert [drivers for _, drivers, _ in looks] == [{}]
    assert watcher.others() == {}
