"""A small run and a store."""

import pandas as pd
import pytest
import torch

from ganbench.store import RunFiles, Store


def make_run(run_id="a1", **changes):
    run = {"run_id": run_id, "seed": 0, "status": "ok", **changes}
    return RunFiles(
        run,
        history=pd.DataFrame({"step": [1], "quantity": ["loss"], "value": [0.5]}),
        samples=torch.arange(6.0).view(3, 2).t(),
        generator={"weight": torch.ones(2, 3)},
        critic={"bias": torch.ones(2)},
        scores=pd.DataFrame(
            {
                "metric": ["mmd"],
                "estimator": ["rbf"],
                "score_id": ["s1"],
                "value": [0.25],
                "p_value": [None],
            }
        ),
        log="fine\n",
    )


@pytest.fixture
def run_files():
    """Make the files of a run that is ok, or as the changes say."""
    return make_run


@pytest.fixture
def make_store(tmp_path):
    def make(name):
        store = Store(tmp_path / name)
        store.create()
        store.write_experiment({"name": name, "grid": {}, "commands": [name], "cells": {}})
        return store

    return make


@pytest.fixture
def store(make_store):
    return make_store("results")
