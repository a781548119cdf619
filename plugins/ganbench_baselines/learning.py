"""The training loop of all baselines that are networks."""

import copy
from collections.abc import Callable
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

Steps = Annotated[int, Field(gt=0, le=1_000_000)]
LearningRate = Annotated[float, Field(gt=0, le=1)]

_BATCH = 128
_CHECK = 50
_PATIENCE = 10


def train(
    model: nn.Module,
    loss: Callable[[Tensor], Tensor],
    rows: Tensor,
    rng: torch.Generator,
    steps: int,
    learning_rate: float,
) -> None:
    """Minimise the mean loss over rows by Adam, and keep the weights that are best elsewhere.

    A tenth of the rows is held out. Every 50 steps the loss is taken there; training ends when
    it has not fallen ten times in a row.

    Args:
        model: what is trained; it is left in evaluation mode.
        loss: rows (B, ...) -> mean loss, a scalar.
        rows: all training rows (n, ...), at least two.
        rng: divides the rows and draws the batches.
        steps: the most gradient steps.
        learning_rate: of Adam.
    """
    order = torch.randperm(len(rows), generator=rng)
    tenth = max(1, len(rows) // 10)
    held, kept = rows[order[:tenth]], rows[order[tenth:]]
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    best, weights, waited = float("inf"), copy.deepcopy(model.state_dict()), 0
    for step in range(1, steps + 1):
        batch = kept[torch.randint(len(kept), (min(_BATCH, len(kept)),), generator=rng)]
        optimizer.zero_grad()
        torch.autograd.backward(loss(batch))
        optimizer.step()
        if step % _CHECK and step < steps:
            continue
        with torch.no_grad():
            value = loss(held).item()
        waited += 1
        if value < best:
            best, weights, waited = value, copy.deepcopy(model.state_dict()), 0
        if waited == _PATIENCE:
            break
    model.load_state_dict(weights)
    model.eval()
