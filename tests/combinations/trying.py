"""What combinations are tried on, and what may be wrong with one."""

import torch

from ganbench.cells import Cell
from ganbench.training.loop import train

CPU = torch.device("cpu")
LAWS = {"vector": "ring8", "table": "fair", "image": "digits", "sequence": "markov(length=4)"}
"""A dataset of each kind."""
WRITERS = {
    "vector": "mlp(width=8)",
    "table": "mlp(width=8)",
    "image": "mlp(width=8)",
    "sequence": "gru(hidden=8)",
}
"""A generator for each kind."""

SHIFTS = ("head.bias", "head.layer.bias", "change.3.bias", "slope.bias", "offset")
"""Parameters that many losses do not notice; tests/test_conformance.py sees that scores do."""


def fault(cell: Cell) -> str | None:
    """Train a cell and say what is wrong with it, None if nothing is."""
    pauses = train(cell, [0], CPU)
    progress = next(pauses)
    ensemble, state = progress.ensemble, progress.ensemble.state
    before = {role: state[role].clone() for role in ("generator", "critic")}
    *_, progress = pauses
    if progress.step != 20 or not all(torch.isfinite(value).all() for value in state.values()):
        return "values that are not finite"
    if not all(torch.isfinite(torch.tensor(row[3])) for row in progress.history):
        return "losses that are not finite"
    still = []  # parameters that never moved, but for those that shift all scores alike
    for role, player in (("generator", ensemble.game.generator), ("critic", ensemble.game.critic)):
        old, new = (player.unflatten(each[role][0]) for each in (before, state))
        still += [
            f"{role} {name}"
            for name in old
            if torch.equal(old[name], new[name]) and not name.endswith(SHIFTS)
        ]
    return f"no gradient reaches {', '.join(still)}" if still else None
