"""Results: every planned run is a row, with its scores and floors or with its reason."""

import pytest
import torch

from ganbench.errors import SpecError
from ganbench.results import load_results
from ganbench.store import RunFiles, Store

CELL = {"dataset": "ring8", "prior": "normal", "generator": "mlp", "discriminator": "mlp"}
RECIPE = {"generator_steps": 7, "block": 2}


@pytest.fixture
def store(tmp_path, registry):
    import pandas as pd

    store = Store(tmp_path / "results")
    store.create()

    def cell(loss, misfit=None, **runs):
        labels = {**CELL, "loss": loss}
        runs = {str(seed): run_id for seed, run_id in enumerate(runs.values())}
        made = {"device": "cpu", "origin": "a 1", "scores": {"m": "known", "n": "unknown"}}
        return {"labels": labels, "recipe": RECIPE, "misfit": misfit, "runs": runs, **made}

    cells = {
        "1": cell("ns", a="good", b="bad", c="absent"),
        "2": cell("ls", misfit="they do not fit", a="unfit"),
        "3": cell("mm", a="bare"),
    }
    store.write_experiment({"name": "x", "grid": {}, "cells": cells})
    columns = ["metric", "estimator", "value", "low", "high", "p_value", "n_real", "n_fake"]
    columns += ["better", "headline", "score_id"]
    scores = pd.DataFrame(
        [
            ["m", "one", 0.5, 0.4, 0.6, 0.01, 50, 50, "lower", True, "known"],
            ["m", "two", 0.7, None, None, None, 50, 50, "lower", False, "known"],
            ["n", "one", 0.9, None, None, None, 50, 50, "higher", True, "unknown"],
        ],
        columns=columns,
    )
    floor = {"one": {"mean": 0.1, "p95": 0.2}}
    store.write_floor("known", {"floors": floor})
    common = {"device": "cpu", "engine": "traced", "train_seconds": 1.5, "eval_seconds": 0.5}
    run = {"seed": 0, "status": "ok", "reason": "", **common}
    history = pd.DataFrame({"step": [1], "quantity": ["q"], "value": [2.0]})
    samples = torch.zeros(3, 2)
    files = {"history": history, "samples": samples, "scores": scores}
    generator = {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}
    store.publish(RunFiles({**run, "run_id": "good"}, generator=generator, **files))
    failed = {**run, "run_id": "bad", "seed": 1, "status": "failed", "reason": "why"}
    store.publish(RunFiles(failed, scores=scores, log="a traceback"))
    store.publish(RunFiles({**run, "run_id": "bare"}, samples=samples, scores=scores[:0]))
    return store


def test_every_planned_run_is_there_with_its_status(store, registry):
    frame = load_results(store, registry).frame
    runs = frame.drop_duplicates("run_id").set_index("run_id")
    assert runs["status"].to_dict() == {
        "good": "ok",
        "bad": "failed",
        "absent": "missing",
        "unfit": "incompatible",
        "bare": "ok",
    }
    assert runs["reason"].to_dict() == {
        "good": "",
        "bad": "why",
        "absent": "",
        "unfit": "they do not fit",
        "bare": "",
    }
    assert set(runs["generator_steps"]) == {7}
    assert set(runs["block"]) == {2}


def test_scores_stand_beside_their_floors(store, registry):
    frame = load_results(store, registry).frame
    good = frame[frame["run_id"] == "good"].set_index(["metric", "estimator"])
    assert good.loc[("m", "one"), ["value", "low", "p_value"]].tolist() == [0.5, 0.4, 0.01]
    assert good.loc[("m", "one"), ["floor", "floor_p95"]].tolist() == [0.1, 0.2]
    assert good.loc[[("m", "two"), ("n", "one")], "floor"].isna().all()


def test_runs_without_scores_have_one_empty_row(store, registry):
    frame = load_results(store, registry).frame
    empty = frame[frame["metric"].isna()]
    assert sorted(empty["run_id"]) == ["absent", "bad", "bare", "unfit"]
    assert empty[["value", "floor", "floor_p95", "estimator", "n_fake"]].isna().all(axis=None)
    assert len(frame) == 4 + 3


def test_details_are_loaded_on_demand(store, registry):
    results = load_results(store, registry)
    assert results.reason("bad") == "a traceback"
    assert results.history("good")["value"].tolist() == [2.0]
    assert results.history("bad").empty
    assert results.dataset("ring8").spec.shape == (2,)
    with pytest.raises(SpecError, match="No dataset named 'ring9'"):
        results.dataset("ring9")


def test_cells_that_differ_in_their_recipe_alone_are_told_apart(store, registry):
    experiment = store.experiment()
    longer = {**experiment["cells"]["1"], "recipe": {**RECIPE, "generator_steps": 9}}
    store.write_experiment({**experiment, "cells": {**experiment["cells"], "4": longer}})
    losses = load_results(store, registry).frame["loss"].unique()
    assert set(losses) == {"ns [generator_steps=7]", "ns [generator_steps=9]", "ls", "mm"}


def test_scores_that_were_made_in_another_way_are_not_shown(store, registry):
    experiment = store.experiment()
    experiment["cells"]["1"]["scores"]["m"] = "another"
    store.write_experiment(experiment)
    frame = load_results(store, registry).frame
    assert list(frame[frame["run_id"] == "good"]["metric"]) == ["n"]


@pytest.mark.parametrize(("name", "value"), [("device", "cuda X"), ("origin", "a 2")])
def test_cells_of_other_devices_or_versions_are_told_apart(store, registry, name, value):
    experiment = store.experiment()
    other = {**experiment["cells"]["3"], name: value, "runs": {"0": "elsewhere"}}
    store.write_experiment({**experiment, "cells": {**experiment["cells"], "4": other}})
    losses = set(load_results(store, registry).frame["loss"])
    assert {f"mm [{name}={value}]", "ns", "ls"} <= losses
    assert "mm" not in losses
