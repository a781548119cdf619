"""The small grids of the fault suite, as flags, and what came of them."""

import json

from ganbench.store import Store

SETTINGS = {"generator_steps": 20, "batch_size": 8, "block": 1, "rung": "loop"}


def flags(datasets=("spot",), baselines=("law",), losses=(), seeds=1, **settings):
    """Say what to run: baselines that are fitted to datasets, and games if there are losses."""
    several = {"-d": datasets, "-b": baselines, "-m": ["mean"], "-l": losses}
    several |= {"-a": ["tiny"] if losses else [], "-p": ["noise"]}
    given = [part for flag, values in several.items() for each in values for part in (flag, each)]
    for name, value in {**SETTINGS, **settings}.items():
        given += ["--set", f"{name}={value}"]
    return ["run", *given, "--seeds", seeds, "--no-report"]


def endings(folder, axis="dataset"):
    """Return status and reason of each run, by its component on an axis and its seed."""
    return {
        (run[axis], run["seed"]): (run["status"], run["reason"])
        for run in Store(folder).runs().values()
    }


def numbers(folder):
    """Return all that a results folder says of samples and scores, to be compared to the bit."""
    store, found = Store(folder), {}
    for run_id in store.ids():
        files = store.files(run_id)
        if files.samples is None:
            continue
        curves = [] if files.history is None else files.history.values.tolist()
        scores = files.scores.drop(columns="seconds").to_json()
        weights = {k: v.tolist() for k, v in (files.generator or {}).items()}
        where = (files.run["dataset"], files.run["generator"], files.run["loss"], run_id)
        found[where] = json.dumps(
            [files.samples.tolist(), curves, scores, weights], sort_keys=True
        )
    return found, store.floors()
