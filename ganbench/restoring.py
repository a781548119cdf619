"""From a stored run back to its players."""

import torch

from ganbench.cells import restore_cells
from ganbench.errors import SpecError
from ganbench.plugins import Registry
from ganbench.store import Store
from ganbench.training.sampling import Stored

_CPU = torch.device("cpu")


def restored(store: Store, registry: Registry, run_id: str, device: torch.device = _CPU) -> Stored:
    """Bring back the players of a run.

    Args:
        store: the results folder.
        registry: where its components are.
        run_id: of the run.
        device: where its players are to work.

    Raises:
        StoreError: if the run is not there, or damaged.
        SpecError: if it is not ok, or its data or components have changed since.
    """
    record = store.run(run_id)
    if record["status"] != "ok":
        raise SpecError(f"The run {run_id} is {record['status']}, so that it has no samples.")
    (cell,) = restore_cells([record], registry)
    planned = store.experiment()["cells"].values()
    if not any(
        run_id in known["runs"].values() and cell.shares_data(known["origin"]) for known in planned
    ):
        raise SpecError(f"The data of the run {run_id} have changed since it was trained.")
    generator = None if cell.is_baseline else store.generator(run_id)
    critic = None if cell.is_baseline else store.critic(run_id)
    return Stored(cell, record["seed"], generator, critic, device)
