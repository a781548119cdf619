"""From moves for one seed to moves for S seeds: the fastest rung that can be trusted.

`compiled` hands the traced graph to a compiler, `traced` replays it, `vmap` vectorises without a
trace, and `loop` takes the seeds one by one, which always works. A faster rung is used only if its
first moves agree with the loop.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, vmap

from ganbench.errors import PluginError
from ganbench.training.critics import Observer, SharedCritic
from ganbench.training.steps import Game, State, Step
from ganbench.training.tracing import Move, Program, trace
from ganbench.training.width import width_that_pays

log = logging.getLogger(__name__)

TOLERANCE = 1e-3
"""Largest difference to the loop, relative to the largest entry of the same tensor."""

_LADDER = ("compiled", "traced", "vmap", "loop")
_CHANGES = (
    "A network changes its state{} while it trains (running statistics?); use layers without, "
    "such as ganbench.api.BatchNorm or GroupNorm."
)
_MEMORY = 64
_programs: dict[str, Mapping[str, Program]] = {}
"""Traces that were found to agree with the loop in this process, oldest first."""

Moves = Mapping[str, Move]


@dataclass(frozen=True)
class Engine:
    """The moves of a game, bound to its state.

    Attributes:
        moves: by name; each changes the state in place.
        rung: how they run.
        width: how many seeds they take at a time.
        reason: why no faster rung.
    """

    moves: Moves
    rung: str
    width: int
    reason: str = ""


def looped(step: Step) -> Step:
    """Take the seeds one by one."""

    def stacked(state: State, batch: State, clock: State) -> State:
        seeds = range(len(batch["noise"]))
        each = [step(_part(state, seed), _part(batch, seed), clock) for seed in seeds]
        return {name: torch.stack([one[name] for one in each]) for name in each[0]}

    return stacked


def vectorized(step: Step) -> Step:
    """Take all seeds at once; hidden random numbers are an error."""
    mapped: Step = vmap(step, in_dims=(0, 0, None), randomness="error")
    return mapped


def choose(game: Game, state: State, batch: State, clock: State, key: str) -> Engine:
    """Bind the moves of a game to its state, on the fastest rung that agrees with the loop.

    Args:
        game: what to play.
        state: of all seeds; the moves change it in place.
        batch: an example.
        clock: an example.
        key: names everything that decides a trace.

    Raises:
        PluginError: if a component draws from torch's global random state or changes its buffers.
    """
    width = width_that_pays(game, state)
    asked = game.recipe.rung
    ladder = _LADDER[1:] if asked == "auto" else _LADDER[_LADDER.index(asked) :]
    if ladder[0] == "traced" and key in _programs:
        return Engine(_Traced(_programs[key], width)(state), "traced", width)

    trial = _Trial(game, state, batch, clock)
    reasons = []
    for rung in ladder:
        for label, prepare in trial.candidates(rung, width):
            try:
                make = prepare()
                worst = trial.difference(make)
            except Exception as error:
                reasons.append(f"{label}: {type(error).__name__}: {_first_line(error)}")
                log.debug("The %s rung failed.", label, exc_info=True)
                continue
            if worst <= TOLERANCE:
                if isinstance(make, _Traced) and not make.compiled:
                    _remember(key, make.programs)
                return Engine(make(state), rung, make.width, "; ".join(reasons))
            reasons.append(f"{label}: differs from the loop by {worst:.1e}")
    raise AssertionError("The loop agrees with itself.")


def _remember(key: str, programs: Mapping[str, Program]) -> None:
    if len(_programs) >= _MEMORY:
        del _programs[next(iter(_programs))]
    _programs[key] = programs


@dataclass(frozen=True)
class _Traced:
    """Binds traced moves to a state, `width` seeds at a time."""

    programs: Mapping[str, Program]
    width: int
    compiled: bool = False

    def __call__(self, state: State) -> Moves:
        bind = Program.compile if self.compiled else Program.bind
        seeds = len(state["generator"])
        if self.width == seeds:
            return {name: bind(program, state) for name, program in self.programs.items()}
        groups = [_part(state, slice(i, i + self.width)) for i in range(0, seeds, self.width)]
        return {
            name: _in_turn([bind(program, group) for group in groups], self.width)
            for name, program in self.programs.items()
        }


def _in_turn(moves: list[Move], width: int) -> Move:
    """Take some seeds after the others."""

    def move(batch: State, clock: State) -> None:
        parts = {name: torch.split(value, width) for name, value in batch.items()}
        for position, one in enumerate(moves):
            one({name: part[position] for name, part in parts.items()}, clock)

    return move


@dataclass(frozen=True)
class _Eager:
    """Binds moves that are run as they are written."""

    steps: Mapping[str, Step]
    width: int

    def __call__(self, state: State) -> Moves:
        def bind(step: Step) -> Move:
            def move(batch: State, clock: State) -> None:
                for name, value in step(state, batch, clock).items():
                    state[name].copy_(value)

            return move

        return {name: bind(step) for name, step in self.steps.items()}


class _Trial:
    """What the loop makes of the first moves, and how candidates compare.

    Its numbers are constants, its critic scores real and fake samples apart.
    """

    def __init__(self, game: Game, state: State, batch: State, clock: State) -> None:
        self.game, self.state, self.batch, self.clock = game, state, batch, clock
        self.plain = {name: value for name, value in clock.items() if name not in game.numbers}
        self.one_pass: set[str] = set()
        self.expected: dict[str, State] = {}
        before = {name: value.clone() for name, value in state.items()}
        random_states = _random_states(state)
        for name in game.names:
            observer = Observer()
            step = replace(game, judge=observer).step(name)
            self.expected[name] = self._reference(step)
            if observer.one_pass_pays:
                self.one_pass.add(name)
        if not all(map(torch.equal, random_states, _random_states(state))):
            raise PluginError(
                "A component draws from torch's global random state while it trains (dropout?); "
                "use ganbench.api.Dropout or declare a Draw, so that seeds stay reproducible."
            )
        for name, value in state.items():
            if not torch.allclose(value, before[name], rtol=0, atol=0, equal_nan=True):
                raise PluginError(_CHANGES.format(f" '{name}'"))

    def _reference(self, step: Step) -> State:
        try:
            return looped(step)(self.state, self.batch, self.plain)
        except RuntimeError as error:
            if "mutate a captured Tensor" in str(error):
                raise PluginError(_CHANGES.format("")) from error
            raise

    def candidates(
        self, rung: str, width: int
    ) -> Iterator[tuple[str, Callable[[], "_Traced | _Eager"]]]:
        """Yield ways to run a rung, the fastest first, by label."""
        names, steps = self.game.names, self.game.step
        if rung == "loop":
            yield rung, lambda: _Eager({name: looped(steps(name)) for name in names}, 1)
        elif rung == "vmap":
            seeds = len(self.state["generator"])
            yield rung, lambda: _Eager({name: vectorized(steps(name)) for name in names}, seeds)
        else:
            for shared in (True, False) if self.one_pass else (False,):
                for clock in (self.clock, self.plain) if self.game.numbers else (self.plain,):
                    notes = ["real and fake in one pass"] * shared
                    notes += ["numbers as tensors"] * (clock is self.clock)
                    label = f"{rung} ({', '.join(notes)})" if notes else rung
                    yield label, partial(self._trace, width, rung == "compiled", shared, clock)

    def _trace(self, width: int, compiled: bool, shared: bool, clock: State) -> _Traced:
        first = slice(0, width)
        programs = {}
        for name in self.game.names:
            joint = shared and name in self.one_pass
            game = replace(self.game, judge=SharedCritic) if joint else self.game
            step = vectorized(game.step(name))
            state, batch = _part(self.state, first), _part(self.batch, first)
            programs[name] = trace(step, state, batch, clock)
        return _Traced(programs, width, compiled)

    def difference(self, make: "_Traced | _Eager") -> float:
        """Return the largest difference to the loop over all moves."""
        trial = {name: value.clone() for name, value in self.state.items()}
        moves = make(trial)
        worst = 0.0
        for name, expected in self.expected.items():
            for entry, value in self.state.items():
                trial[entry].copy_(value)
            clock = self.plain if isinstance(make, _Eager) else self.clock
            moves[name](self.batch, clock)
            worst = max(worst, difference(trial, self.state | expected))
        return worst


def difference(actual: State, expected: State) -> float:
    """Compare losses, slots and states.

    Parameters, and what is made of them, are left out: where a gradient is almost zero, the first
    step of Adam turns its rounding error into a full-sized move.
    """
    worst = 0.0
    for name, want in expected.items():
        if name.split(".")[-1] in ("generator", "critic", "average", "slow", "before"):
            continue
        have, finite = actual[name], torch.isfinite(want)
        if not torch.equal(torch.isfinite(have), finite):
            return math.inf
        if finite.any():
            scale = want[finite].abs().max().clamp(min=1e-6)
            worst = max(worst, float((have - want)[finite].abs().max() / scale))
    return worst


def _part(values: State, seeds: int | slice) -> State:
    return {name: value[seeds] for name, value in values.items()}


def _random_states(state: State) -> list[Tensor]:
    """Return the global random state of the CPU, and of the GPU that holds the networks."""
    device = state["generator"].device
    on_gpu = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *on_gpu]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]
