"""A clock that jumps backwards, in drivers and in workers: nothing waits for it."""

import pytest
from asking import endings, flags, numbers

from ganbench.store import Store

pytestmark = pytest.mark.slow

GRID = flags(["spot"], ["law", "law(seconds=600)"], losses=["plain"], seeds=1)
HOW = ["-j", 2, "--timeout", 8, "--checkpoint-every", 0.1]


def test_time_outs_and_leases_work_when_the_clock_goes_backwards(start, ganbench, tmp_path):
    # A module that is run before ganbench, in workers through the plugin that imports it.
    more = {"FAULTS_FIRST": "hostile.wrong_clock", "GANBENCH_PLUGINS": "sound,clock"}
    wrong = [start(*GRID, *HOW, "--results", tmp_path / "wrong", **more) for _ in range(2)]
    ended = [each.wait() for each in wrong]
    assert [each.code for each in ended] == [1, 1], [each.err for each in ended]
    assert all(each.leaves_nothing() for each in wrong)
    found = endings(tmp_path / "wrong", "generator")
    reason = ("timeout", "took longer than 8 seconds")
    assert found.pop(("law(seconds=600.0)", 0)) == reason
    assert set(found.values()) == {("ok", "")}
    attempts = [run["attempts"] for run in Store(tmp_path / "wrong").runs().values()]
    assert all(0 <= each["seconds"] < 60 for (each,) in attempts)
    right = flags(["spot"], ["law"], losses=["plain"])
    assert ganbench(*right, *HOW, "--results", tmp_path / "right").code == 0
    assert numbers(tmp_path / "wrong") == numbers(tmp_path / "right")
