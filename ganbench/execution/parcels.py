"""What travels where a machine does not see the results folder: runs, floors and checkpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ganbench.execution.tasks import Task
from ganbench.store import Json, Store
from ganbench.store.contents import misfit, parse
from ganbench.store.disk import write


@dataclass(frozen=True)
class Parcel:
    """What one task needs, or what has come of it.

    Attributes:
        runs: run id -> file name -> bytes.
        floors: floor id -> its record.
        checkpoint: of the block of seeds, None where there is none.
    """

    runs: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    floors: Mapping[str, Json] = field(default_factory=dict)
    checkpoint: bytes | None = None


def needed(task: Task, store: Store) -> Parcel:
    """Collect what a task needs of the results folder: runs to score, where training stands.

    Raises:
        StoreError: if it is damaged.
    """
    runs = task.runs.values() if task.kind == "score" else ()
    path = store.checkpoint(task.block)
    checkpoint = None if task.fresh or not path.exists() else path.read_bytes()
    return Parcel({run_id: store.files(run_id).contents() for run_id in runs}, {}, checkpoint)


def unpack(parcel: Parcel, task: Task, store: Store) -> None:
    """Lay what a task needs into the empty folder in which it is done."""
    for run_id, contents in parcel.runs.items():
        store.place(run_id, contents)
    _keep_checkpoint(parcel, task, store)


def result(task: Task, store: Store) -> Parcel:
    """Collect what has come of a task from the folder in which it was done."""
    path = store.checkpoint(task.block)
    return Parcel(
        {run_id: store.checked(run_id)[0] for run_id in store.ids()},
        store.floors(),
        path.read_bytes() if path.exists() else None,
    )


def accept(parcel: Parcel, task: Task, store: Store) -> str:
    """Publish what has come of a task as its worker would have, after a look at every byte.

    Returns:
        What is wrong with it, if anything; then nothing was published.

    Raises:
        StoreError: if the results folder cannot be written.
    """
    for run_id, contents in parcel.runs.items():
        wrong = misfit(run_id, contents)
        if wrong or run_id not in task.runs.values():
            return f"what came back of the run {run_id} is damaged: {wrong or 'nobody asked'}"
    for run_id, contents in parcel.runs.items():
        if task.kind == "score":
            store.place(run_id, contents)
            continue
        files = parse(contents)
        run = dict(files.run)
        (attempt,) = run.pop("attempts")
        store.publish(replace(files, run=run), attempt)
    for floor_id, floor in parcel.floors.items():
        store.write_floor(floor_id, floor)
    _keep_checkpoint(parcel, task, store)
    return ""


def _keep_checkpoint(parcel: Parcel, task: Task, store: Store) -> None:
    """Let the block's checkpoint be the one in the parcel, or none."""
    path = store.checkpoint(task.block)
    with store.writing():
        if parcel.checkpoint is None:
            path.unlink(missing_ok=True)
            return
        draft = path.with_suffix(".draft")
        write(draft, parcel.checkpoint)
        draft.replace(path)
