"""Verifying, merging and cleaning results folders."""

import pytest

from ganbench.errors import StoreError
from ganbench.store.leases import Leases
from ganbench.store.upkeep import litter, merge, sweep, verify


def cell(**runs):
    return {
        "labels": {"loss": "ns"}, "recipe": {}, "device": "cpu", "origin": "", "misfit": None,
        "warnings": [], "runs": runs, "evaluation": {}, "scores": {"mmd": "s1"},
    }  # fmt: skip


def faults(store, **how):
    return {fault.path.name: fault.reason for fault in verify(store, **how)}


def test_verify_reads_everything_again_unless_told(store, run_files):
    for run_id in ("a", "b"):
        store.publish(run_files(run_id))
    store.write_floor("f", {"floors": {}})
    assert faults(store) == faults(store, unread=False) == {}
    (store.folder / "runs" / "a" / "samples.safetensors").write_bytes(b"")
    (store.folder / "floors" / "f.json").write_text("{")
    (store.folder / "experiment.json").write_text("[]")
    for how in ({}, {"unread": False}):
        found = faults(store, **how)
        assert sorted(found) == ["a", "experiment.json", "f.json"]
        assert "samples.safetensors has 0 bytes instead of" in found["a"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "great"}, "status = 'great'"),
        ({"seed": "zero"}, "seed = 'zero'"),
        ({"run_id": "other"}, "run_id = 'other'"),
        ({"reason": 3}, "reason = 3"),
    ],
)
def test_verify_knows_what_a_record_must_be(store, run_files, change, reason):
    files = run_files("a").contents()
    files["run.json"] = run_files(**{"run_id": "a", **change}).contents()["run.json"]
    contents = run_files(**{"run_id": "a", **change}).contents()
    store.place("a", contents)
    assert reason in faults(store)["a"]


def test_a_merge_adds_what_is_missing_or_better_and_checks_it(make_store, run_files):
    here, there = make_store("here"), make_store("there")
    here.write_experiment(
        {"name": "here", "grid": {}, "commands": ["one"], "cells": {"k": cell(**{"0": "a"})}}
    )
    there.write_experiment(
        {
            "name": "there",
            "grid": {},
            "commands": ["two"],
            "cells": {"k": cell(**{"1": "b"}), "l": cell(**{"0": "c"})},
        }
    )
    here.publish(run_files("a"))
    here.publish(run_files("b", status="failed"))
    there.publish(run_files("a", reason="slower"))
    there.publish(run_files("b"))
    there.publish(run_files("c"))
    there.publish(run_files("d"))
    (there.folder / "runs" / "d" / "log.txt").write_text("touched")
    there.write_floor("f", {"floors": {"x": 1}})
    merged = merge(here, there)
    assert (merged.added, merged.known) == (2, 1)
    assert "Left out: the run d" in merged.notes[0]
    assert "log.txt" in merged.notes[0]
    assert here.run("a").get("reason") is None
    assert here.run("b")["status"] == "ok"
    assert here.ids() == ["a", "b", "c"]
    assert here.floors() == {"f": {"floors": {"x": 1}}}
    experiment = here.experiment()
    assert experiment["name"] == "here"
    assert experiment["commands"] == ["one", "two"]
    assert experiment["cells"]["k"]["runs"] == {"0": "a", "1": "b"}
    assert set(experiment["cells"]) == {"k", "l"}
    again = merge(here, there)
    assert (again.added, again.known) == (0, 3)


def test_a_merge_tells_of_other_samples(make_store, run_files):
    import dataclasses

    here, there = make_store("here"), make_store("there")
    here.publish(run_files("a"))
    files = run_files("a")
    there.publish(dataclasses.replace(files, samples=files.samples + 1))
    (note,) = merge(here, there).notes
    assert "The run a has other samples in" in note


def test_only_litter_is_swept(store, run_files):
    store.write_experiment(
        {"name": "x", "grid": {}, "commands": [], "cells": {"k": cell(**{"0": "a"})}}
    )
    store.publish(run_files("a"))
    store.publish(run_files("b"))
    (store.folder / ".work" / "a-draft").mkdir()
    store.checkpoint("old").write_bytes(b"no checkpoint")
    store.publish(run_files("c"))
    store.quarantine(store.folder / "runs" / "c", "broken")
    found = list(litter(store))
    assert sorted(each.path.name.split(".")[-1] for each in found) == [
        "a-draft", "parquet", "safetensors",
    ]  # fmt: skip
    sweep(store, found)
    assert list(litter(store)) == []
    assert store.experiment()["cells"]["k"]["runs"] == {"0": "a"}
    assert store.ids() == ["a", "b"]
    more = list(litter(store, unasked=True, quarantined=True))
    assert [each.path.name for each in more] == ["b", "quarantine"]
    sweep(store, more)
    assert store.ids() == ["a"]
    assert not list(verify(store))


def test_nothing_is_swept_under_the_feet_of_a_driver(store):
    with Leases(store).held(), pytest.raises(StoreError, match="is at work in"):
        list(litter(store))
