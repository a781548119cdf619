"""A move as one CUDA graph: all its kernels are launched by one call."""

import torch
from torch import Tensor

from ganbench.training.rules import State
from ganbench.training.tracing import Move

_WARM_UPS = 3


def captured(move: Move, state: State, batch: State, clock: State) -> Move:
    """Capture a move that is bound to `state`, which is left as it is.

    Args:
        move: to capture.
        state: what it changes in place.
        batch: an example; later ones are copied over it.
        clock: likewise.
    """
    batch, clock = _copies(batch), _copies(clock)
    before = _copies(state)
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UPS):
            move(batch, clock)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        move(batch, clock)
    for name, value in before.items():
        state[name].copy_(value)
    targets = [*batch.values(), *clock.values()]

    def replay(new_batch: State, new_clock: State) -> None:
        sources = [new_batch[name] for name in batch] + [new_clock[name] for name in clock]
        torch._foreach_copy_(targets, sources)
        graph.replay()

    return replay


def _copies(values: State) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in values.items()}
