"""Several drivers on one folder divide the work, and take over what a killed one leaves."""

import time

import pytest
from asking import flags, numbers
from commands import until

from ganbench.store import Store

pytestmark = pytest.mark.slow

GRID = flags(
    ["spot", "spot(center=1)"], ["law(seconds=0.6)"], losses=["plain"], seeds=3, generator_steps=50
)
RUNS = 12


@pytest.fixture(scope="module")
def single(launcher, tmp_path_factory):
    folder = tmp_path_factory.mktemp("single") / "results"
    assert launcher.run(*GRID, "-j", 2, "--results", folder).code == 0
    return numbers(folder)


def drive(start, tmp_path, count):
    more = {"FAULTS_NOTES": str(tmp_path / "notes")}
    how = ["-j", 1, "--results", tmp_path / "results"]
    return [start(*GRID, *how, **more) for _ in range(count)]


def attempts(folder):
    """Return the attempts at every run."""
    return [run["attempts"] for run in Store(folder).runs().values()]


def test_four_drivers_train_each_cell_once(start, tmp_path, single):
    drivers = drive(start, tmp_path, 4)
    ended = [driver.wait() for driver in drivers]
    assert [each.code for each in ended] == [0, 0, 0, 0], [each.err for each in ended]
    assert all(driver.leaves_nothing() for driver in drivers)
    tried = attempts(tmp_path / "results")
    assert [len(each) for each in tried] == [1] * RUNS
    assert (tmp_path / "notes").read_text().count("fit ") == 6
    assert len({each["pid"] for (each,) in tried}) > 1, "one has done it all"
    assert numbers(tmp_path / "results") == single


def test_others_take_over_what_a_killed_driver_was_at(start, tmp_path, single):
    first, *others = drive(start, tmp_path, 3)
    leases = tmp_path / "results" / ".work" / "leases"
    mine = tmp_path / "notes"
    until(lambda: mine.exists() and "fit" in mine.read_text(), "a law is fitted")
    until(lambda: list(leases.glob("*")), "something is leased")
    first.kill()
    began = time.monotonic()
    ended = [driver.wait() for driver in others]
    assert [each.code for each in ended] == [0, 0], [each.err for each in ended]
    assert time.monotonic() - began < 55, "they have waited for it as if it lived"
    assert first.leaves_nothing()
    assert [len(each) for each in attempts(tmp_path / "results")] == [1] * RUNS
    assert numbers(tmp_path / "results") == single
