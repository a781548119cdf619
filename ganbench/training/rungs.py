"""From a step for one seed to a step for S seeds: the fastest rung that can be trusted.

`traced` replays one flat graph for all seeds, `vmap` vectorises without a trace, and `loop` takes
the seeds one by one, which always works. A faster rung is used only if its first step agrees with
the loop.
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import vmap

from ganbench.errors import PluginError
from ganbench.training.steps import State, Step
from ganbench.training.tracing import trace

log = logging.getLogger(__name__)

TOLERANCE = 1e-3
"""Largest difference to the loop, relative to the largest entry of the same tensor."""

_CHANGES = (
    "A network changes its state{} while it trains (running statistics?); use layers without, "
    "such as GroupNorm or track_running_stats=False."
)


@dataclass(frozen=True)
class Engine:
    """Steps for S seeds, the rung that they run on, and why no faster one."""

    steps: tuple[Step, ...]
    rung: str
    reason: str = ""


def looped(step: Step) -> Step:
    """Take the seeds one by one."""

    def stacked(state: State, batch: State, clock: State) -> State:
        seeds = range(len(batch["noise"]))
        each = [
            step(
                {name: value[seed] for name, value in state.items()},
                {name: value[seed] for name, value in batch.items()},
                clock,
            )
            for seed in seeds
        ]
        return {name: torch.stack([one[name] for one in each]) for name in each[0]}

    return stacked


def vectorized(step: Step) -> Step:
    """Take all seeds at once; hidden random numbers are an error."""
    mapped: Step = vmap(step, in_dims=(0, 0, None), randomness="error")
    return mapped


def choose(steps: Sequence[Step], state: State, batch: State, clock: State) -> Engine:
    """Pick the fastest rung whose first steps agree with the loop.

    Raises:
        PluginError: if a component draws from torch's global random state or changes its buffers.
    """
    expected = _reference(steps, state, batch, clock)
    reasons = []
    for rung in ("traced", "vmap"):
        try:
            candidates = tuple(vectorized(step) for step in steps)
            if rung == "traced":
                candidates = tuple(trace(step, state, batch, clock) for step in candidates)
            actual = [step(state, batch, clock) for step in candidates]
        except Exception as error:
            reasons.append(f"{rung}: {type(error).__name__}: {_first_line(error)}")
            log.debug("The %s rung failed.", rung, exc_info=True)
            continue
        worst = max(_difference(*pair) for pair in zip(actual, expected, strict=True))
        if worst <= TOLERANCE:
            return Engine(candidates, rung, "; ".join(reasons))
        reasons.append(f"{rung}: differs from the loop by {worst:.1e}")
    return Engine(tuple(looped(step) for step in steps), "loop", "; ".join(reasons))


def _reference(steps: Sequence[Step], state: State, batch: State, clock: State) -> list[State]:
    """Run the loop once, and see that it neither draws hidden numbers nor changes its inputs."""
    before = {name: value.clone() for name, value in state.items()}
    random_states = _random_states(state)
    try:
        results = [looped(step)(state, batch, clock) for step in steps]
    except RuntimeError as error:
        if "mutate a captured Tensor" in str(error):
            raise PluginError(_CHANGES.format("")) from error
        raise
    if not all(map(torch.equal, random_states, _random_states(state))):
        raise PluginError(
            "A component draws from torch's global random state while it trains (dropout?); "
            "declare a Draw instead, so that seeds stay reproducible."
        )
    for name, value in state.items():
        if not torch.allclose(value, before[name], rtol=0, atol=0, equal_nan=True):
            raise PluginError(_CHANGES.format(f" '{name}'"))
    return results


def _random_states(state: State) -> list[torch.Tensor]:
    """Return the global random state of the CPU, and of the GPU that holds the networks."""
    device = state["generator"].device
    on_gpu = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *on_gpu]


def _difference(actual: State, expected: State) -> float:
    """Compare losses, slots and states.

    Parameters are left out: where a gradient is almost zero, the first step of Adam turns its
    rounding error into a full-sized move.
    """
    worst = 0.0
    for name, want in expected.items():
        if name in ("generator", "critic", "average"):
            continue
        have, finite = actual[name], torch.isfinite(want)
        if not torch.equal(torch.isfinite(have), finite):
            return math.inf
        if finite.any():
            scale = want[finite].abs().max().clamp(min=1e-6)
            worst = max(worst, float((have - want)[finite].abs().max() / scale))
    return worst


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]
