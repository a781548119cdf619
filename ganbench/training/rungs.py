"""From moves for one seed to moves for S seeds: the fastest rung that can be trusted.

`compiled` hands the traced graph to a compiler, `captured` replays it as a CUDA graph, `traced`
replays it call by call, `vmap` vectorises without a trace, and `loop` takes the seeds one by one,
which always works. A faster rung is used only if its first moves agree with the loop.
"""

import logging
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor, vmap

from ganbench.blame import place
from ganbench.errors import ChangedInputError, PluginError
from ganbench.training.capture import captured
from ganbench.training.critics import Observer, SharedCritic
from ganbench.training.rules import State
from ganbench.training.steps import Game, Step
from ganbench.training.tracing import Move, Program, trace

log = logging.getLogger(__name__)

TOLERANCE = 1e-3
"""Largest difference to the loop, relative to the largest entry of the same tensor."""

_LADDER = ("compiled", "captured", "traced", "vmap", "loop")
_CHANGES = (
    "A network changes its state '{}' while it trains (running statistics?); use layers without, "
    "such as ganbench.api.BatchNorm or GroupNorm."
)
_CHANGES_INPUT = (
    "A component changes in place a tensor that it is given: samples, draws, or a network's "
    "running statistics. Write `x = x + 1` and not `x += 1`, and use layers without such "
    "statistics, as ganbench.api.BatchNorm or GroupNorm."
)
_LONGEST = 200
_MEMORY = 64

Moves = Mapping[str, Move]
Passes = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Engine:
    """The moves of a game, bound to its state.

    Attributes:
        moves: by name; each changes the state in place.
        rung: how they run.
        width: how many seeds they take at a time.
        passes: how often each move applies generator and critic to a batch, as it is written.
        reason: why no faster rung.
    """

    moves: Moves
    rung: str
    width: int
    passes: Passes
    reason: str = ""


def looped(step: Step) -> Step:
    """Take the seeds one by one; a tensor that is changed in place is a `ChangedInputError`."""

    def stacked(state: State, batch: State, clock: State) -> State:
        seeds = range(len(batch["noise"]))
        try:
            each = [step(_part(state, seed), _part(batch, seed), clock) for seed in seeds]
        except RuntimeError as error:
            if "mutate a captured Tensor" in str(error):
                raise ChangedInputError(_CHANGES_INPUT) from error
            raise
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
    if key in _verified:
        rung, reason, passes, known, _ = _verified[key]
        return Engine(known(state), rung, known.width, passes, reason)
    trial = Trial(game, state, batch, clock)
    widths = _widths(game, state)
    reasons = []
    for rung in _ladder(game, state)[:-1]:
        for label, trace_at in trial.candidates(rung):
            try:
                make, worst = _first_that_fits(trial, trace_at, widths)
            except Exception as error:
                reasons.append(f"{label}: {cause(error)}")
                log.debug("The %s rung failed.", label, exc_info=True)
                continue
            if worst <= TOLERANCE:
                if isinstance(make, _Traced) and make.serves_all_numbers(game):
                    _remember(key, (rung, "; ".join(reasons), trial.passes, make, game))
                return Engine(make(state), rung, make.width, trial.passes, "; ".join(reasons))
            reasons.append(f"{label}: differs from the loop by {worst:.1e}")
    ((rung, bind_at),) = trial.candidates("loop")
    return Engine(bind_at(1)(state), rung, 1, trial.passes, "; ".join(reasons))


def _ladder(game: Game, state: State) -> tuple[str, ...]:
    """Return the rungs to try, the fastest first."""
    asked = game.recipe.rung
    rungs = _LADDER[1 if asked == "auto" else _LADDER.index(asked) :]
    return tuple(r for r in rungs if r != "captured" or state["generator"].is_cuda)


def _widths(game: Game, state: State) -> list[int]:
    """Return how many seeds to take at a time, all that divide the block, the best first.

    On a CPU, libraries run convolutions of one seed faster than those of several, which have as
    many groups; everything else gains from all seeds at once.
    """
    seeds = len(state["generator"])
    divisors = [width for width in range(seeds, 0, -1) if seeds % width == 0]
    convolves = game.generator.convolves or game.critic.convolves
    best = 1 if convolves and not state["generator"].is_cuda else seeds
    return [width for width in divisors if width <= (game.recipe.width or best)]


def _first_that_fits(
    trial: "Trial", trace_at: Callable[[int], "_Traced | _Eager"], widths: list[int]
) -> tuple["_Traced | _Eager", float]:
    """Try fewer and fewer seeds at a time until the device's memory holds them."""
    for width in widths[:-1]:
        try:
            make = trace_at(width)
            return make, trial.difference(make)
        except torch.OutOfMemoryError:
            log.debug("%d seeds at a time do not fit.", width)
    make = trace_at(widths[-1])
    return make, trial.difference(make)


def _remember(key: str, found: "_Verified") -> None:
    if len(_verified) >= _MEMORY:
        del _verified[next(iter(_verified))]
    _verified[key] = found


@dataclass(frozen=True)
class _Traced:
    """Binds traced moves to a state, `width` seeds at a time.

    Attributes:
        programs: the moves by name.
        width: how many seeds they were traced for.
        rung: whether to replay, capture or compile them.
        example: a batch and a clock to capture with, where that is to be done.
    """

    programs: Mapping[str, Program]
    width: int
    rung: str
    example: tuple[State, State]

    def serves_all_numbers(self, game: Game) -> bool:
        """Whether every number of a component is an input, and none a constant of the traces."""
        read = {name for program in self.programs.values() for name in program.inputs[2]}
        return read.issuperset(game.numbers)

    def __call__(self, state: State) -> Moves:
        moves = self._bound(state)
        if self.rung != "captured":
            return moves
        return {name: captured(move, state, *self.example) for name, move in moves.items()}

    def _bound(self, state: State) -> Moves:
        bind = Program.compile if self.rung == "compiled" else Program.bind
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
    """Binds moves that are run as they are written, with the components' own numbers."""

    steps: Mapping[str, Step]
    width: int
    numbers: Mapping[str, float]

    def __call__(self, state: State) -> Moves:
        def bind(step: Step) -> Move:
            def move(batch: State, clock: State) -> None:
                plain = {name: value for name, value in clock.items() if name not in self.numbers}
                for name, value in step(state, batch, plain).items():
                    state[name].copy_(value)

            return move

        return {name: bind(step) for name, step in self.steps.items()}


_Verified = tuple[str, str, Passes, _Traced, Game]
_verified: dict[str, _Verified] = {}
"""Traces of this process that agree with the loop, with rung and reason, the oldest first.

The game keeps the factories alive whose identities are part of the key.
"""


class Trial:
    """What the loop makes of the first moves, and how candidates compare.

    Its numbers are constants, its critic scores real and fake samples apart.

    Args:
        game: what to play.
        state: of all seeds.
        batch: an example.
        clock: an example.
        names: the moves to try, None for all.
    """

    def __init__(
        self,
        game: Game,
        state: State,
        batch: State,
        clock: State,
        names: Sequence[str] | None = None,
    ) -> None:
        self.game, self.state, self.batch, self.clock = game, state, batch, clock
        self.names = game.names if names is None else names
        self.plain = {name: value for name, value in clock.items() if name not in game.numbers}
        self.one_pass: set[str] = set()
        self.expected: dict[str, State] = {}
        self.passes: dict[str, tuple[int, int]] = {}
        before = _copies(state)
        with without_hidden_numbers(state["generator"].device, "it trains (dropout?)"):
            self._play()
        for name, value in state.items():
            if not torch.allclose(value, before[name], rtol=0, atol=0, equal_nan=True):
                raise PluginError(_CHANGES.format(name))

    def _play(self) -> None:
        """Make each move by the loop, and note what it needs."""
        for name in self.names:
            observer = Observer()
            step = replace(self.game, judge=observer).step(name)
            before_it = self._applied()
            self.expected[name] = looped(step)(self.state, self.batch, self.plain)
            seeds = len(self.state["generator"])
            counts = [
                after - until for after, until in zip(self._applied(), before_it, strict=True)
            ]
            self.passes[name] = (counts[0] // seeds, counts[1] // seeds)
            if observer.one_pass_pays:
                self.one_pass.add(name)

    def _applied(self) -> tuple[int, int]:
        return self.game.generator.applied[0], self.game.critic.applied[0]

    def candidates(self, rung: str) -> Iterator[tuple[str, Callable[[int], _Traced | _Eager]]]:
        """Yield ways to run a rung with so many seeds at a time, the fastest first, by label."""
        names, steps = self.names, self.game.step
        if rung == "loop":
            each = {name: looped(steps(name)) for name in names}
            yield rung, lambda _: _Eager(each, 1, self.game.numbers)
        elif rung == "vmap":
            seeds = len(self.state["generator"])
            mapped = {name: vectorized(steps(name)) for name in names}
            yield rung, lambda _: _Eager(mapped, seeds, self.game.numbers)
        else:
            for shared in (True, False) if self.one_pass else (False,):
                for clock in (self.clock, self.plain) if self.game.numbers else (self.plain,):
                    notes = ["real and fake in one pass"] * shared
                    notes += ["numbers as tensors"] * (clock is self.clock)
                    label = f"{rung} ({', '.join(notes)})" if notes else rung
                    yield label, partial(self._trace, rung, shared, clock)

    def _trace(self, rung: str, shared: bool, clock: State, width: int) -> _Traced:
        first = slice(0, width)
        programs = {}
        for name in self.names:
            joint = shared and name in self.one_pass
            game = replace(self.game, judge=SharedCritic) if joint else self.game
            step = vectorized(game.step(name))
            state, batch = _part(self.state, first), _part(self.batch, first)
            programs[name] = trace(step, state, batch, clock)
        kept = (_copies(self.batch), self.clock) if rung == "captured" else ({}, {})
        return _Traced(programs, width, rung, kept)

    def difference(self, make: _Traced | _Eager) -> float:
        """Return the largest difference to the loop over all moves."""
        trial = _copies(self.state)
        moves = make(trial)
        worst = 0.0
        for name, expected in self.expected.items():
            for entry, value in self.state.items():
                trial[entry].copy_(value)
            moves[name](self.batch, self.clock)
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


def _copies(values: State) -> State:
    return {name: value.clone() for name, value in values.items()}


@contextmanager
def without_hidden_numbers(device: torch.device, when: str) -> Iterator[None]:
    """See that nothing inside the block draws from torch's global random state.

    Args:
        device: of the networks.
        when: what happens inside, to be told.

    Raises:
        PluginError: if something does.
    """
    before = _random_states(device)
    yield
    if not all(map(torch.equal, before, _random_states(device))):
        raise PluginError(
            f"A component draws from torch's global random state while {when}; use "
            "ganbench.api.Noise or Dropout, or declare a Draw, so that seeds stay reproducible."
        )


def _random_states(device: torch.device) -> list[Tensor]:
    """Return the global random state of the CPU, and of the GPU that holds the networks."""
    on_gpu = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return [torch.get_rng_state(), *on_gpu]


def cause(error: Exception) -> str:
    """Name an error, the first line of what it says, and the line of a plugin that it is about."""
    lines = str(error).strip().splitlines() or [""]
    first = textwrap.shorten(lines[0], _LONGEST, placeholder=" …")
    at = place(error)
    return f"{type(error).__name__}: {first}" + (f" ({at})" if at else "")
