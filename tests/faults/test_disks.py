"""A disk that is full or can only be read: one sentence, exit 4, and nothing published is lost."""

import shutil
import subprocess

import pytest
from asking import endings, flags, numbers

pytestmark = pytest.mark.slow

GRID = flags(["spot", "spot(center=1)"], seeds=2)
MORE = flags(["spot", "spot(center=1)"], losses=["plain"], seeds=6, generator_steps=50)
PROMISE = "What was published before is intact"


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, mounted where nobody else can see to it."""
    place = tmp_path / "disk"
    place.mkdir()
    size = "size=600k,nr_inodes=2000"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", place], check=False)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def remount(place, options):
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


def is_one_sentence(ended):
    told = [line for line in ended.err.splitlines() if "Error: " in line]
    return (ended.code, len(told), "Traceback" in ended.err) == (4, 1, False)


def test_a_full_disk(ganbench, disk, tmp_path):
    results = disk / "results"
    assert ganbench(*GRID, "-j", 2, "--results", results).code == 0
    before, _ = numbers(results)
    ended = ganbench(*MORE, "-j", 2, "--results", results, "-q")
    assert is_one_sentence(ended), ended.err
    assert PROMISE in ended.err
    after, _ = numbers(results)
    assert {key: after[key] for key in before} == before
    assert ganbench("table", results).code == 0

    remount(disk, "size=60m")
    assert ganbench("store", "verify", results).code == 0
    assert ganbench(*MORE, "-j", 2, "--results", results, "-q").code == 0
    straight = tmp_path / "straight"
    assert ganbench(*MORE, "-j", 2, "--results", straight, "-q").code == 0
    assert {key: numbers(results)[0][key] for key in numbers(straight)[0]} == numbers(straight)[0]
    assert set(endings(results).values()) == {("ok", "")}


def test_a_disk_that_can_only_be_read(ganbench, disk, tmp_path):
    results = disk / "results"
    assert ganbench(*GRID, "-j", 2, "--results", results).code == 0
    remount(disk, "ro")
    ended = ganbench(*MORE, "--results", results, "-q")
    assert is_one_sentence(ended), ended.err
    for command in (["status", results], ["table", results], ["store", "verify", results]):
        assert ganbench(*command).code == 0
    copy = shutil.copytree(results, tmp_path / "copy")
    assert ganbench("table", copy).out == ganbench("table", results).out
