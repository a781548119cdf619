"""The commands that make one run again, and what must hold for the same bits."""

import re
import shlex
from collections.abc import Iterator

from ganbench.errors import SpecError
from ganbench.report.requirements import comment, frozen, mapping, owners_of, sources_of
from ganbench.report.rerun import Rerun
from ganbench.store import Json, Store

FOLDER = "reproduced"
_PINNED = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+")
_BUILD = re.compile(r"[^+]*\+(cpu|cu[0-9]+|rocm[0-9.]+)")
"""Builds of torch that have an index of their own."""


def reproduction(store: Store, run_id: str) -> Json:
    """Write the commands that make a run again.

    Nothing but the record is asked, so that every setting is named, and no plugin is needed.

    Returns:
        `conditions`, what must hold for the same bits; `install`, lines of a shell, of which some
        are comments; `run`, the command; `scores`, the stored ones, a mapping for each; `compare`,
        a command that shows those that came out.

    Raises:
        SpecError: if no command has asked for the run.
    """
    run, experiment = store.run(run_id), store.experiment()
    cell = next((c for c in experiment["cells"].values() if run_id in c["runs"].values()), None)
    if cell is None:
        raise SpecError(f"No command that '{store.folder}' records asks for the run {run_id}.")
    sources = sources_of(run)
    files = [owner for owner in owners_of(cell) if "file" in sources.get(owner, {})]
    rerun = Rerun(None, experiment["grid"].get("evaluation", {}))
    command = rerun.command({**cell, "runs": {str(run["seed"]): run_id}})
    named = [word for owner in files for word in ("--plugin", str(sources[owner]["file"]))]
    return {
        "conditions": _conditions(run, cell),
        "install": list(_installed(run, store, run_id)),
        "run": f"{command} {shlex.join([*named, '--results', FOLDER])}",
        "scores": _scores(store, run_id),
        "compare": shlex.join(["ganbench", "show", run_id, "--results", FOLDER]),
    }


def script(found: Json) -> str:
    """Write what `reproduction` has found for a shell."""
    scores = [
        f"{score['metric']} {score['estimator']}: {score['value']:.4g}"
        for score in found["scores"]
    ]
    known = ["The stored scores, to compare with those that the next line shows:", *scores]
    return "\n".join(
        [
            *map(comment, found["conditions"]),
            *found["install"],
            found["run"],
            *map(comment, known if scores else ["It has no scores."]),
            found["compare"],
        ]
    )


def _scores(store: Store, run_id: str) -> list[Json]:
    """Return the stored scores of a run."""
    scores = store.scores(run_id)
    if scores is None:
        return []
    columns = ["metric", "estimator", "value", "low", "high", "p_value"]
    return [
        dict(zip(columns, row, strict=True)) for row in scores[columns].itertuples(index=False)
    ]


def _conditions(run: Json, cell: Json) -> list[str]:
    made = mapping(run.get("environment"))
    build = made.get("torch", "of an unknown build")
    return [
        f"The run {run['run_id']}, seed {run['seed']}, has the same bits wherever these are the "
        f"same: the kind of device ({run.get('device', 'unknown')}), torch {build}, and "
        f"{cell.get('origin') or 'the versions of ganbench and data'}. Elsewhere its id differs, "
        "or its numbers may.",
        f"It was made with Python {made.get('python', '?')} on {made.get('platform', '?')}, "
        f"{made.get('cpu', '?')}.",
    ]


def _installed(run: Json, store: Store, run_id: str) -> Iterator[str]:
    """Write the lines of a shell that install what a run was made with."""
    made = mapping(run.get("environment"))
    python = re.match(r"\d+\.\d+", str(made.get("python", "")))
    yield f"python{python[0] if python else '3'} -m venv {FOLDER}-env"
    yield f". {FOLDER}-env/bin/activate"
    plugins = frozen(store, [run_id])
    versions = mapping(made.get("distributions"))
    pins = [f"{k}=={version}" for k, version in versions.items() if k != "ganbench"]  # a plugin
    fit = [each for each in pins if _PINNED.fullmatch(each)]
    if (build := _BUILD.fullmatch(str(versions.get("torch", "")))) is not None:
        fit = ["--extra-index-url", f"https://download.pytorch.org/whl/{build[1]}", *fit]
    if fit:
        yield shlex.join(["pip", "install", *fit])
    for line in plugins:
        yield line if line.startswith("#") else shlex.join(["pip", "install", line])
    if made.get("git_commit"):
        yield comment(f"ganbench ran from a checkout at commit {made['git_commit']}.")
