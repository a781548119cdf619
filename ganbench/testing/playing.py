"""What losses, regularizers and players must do: the rules of the game."""

import warnings
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

import torch
from torch import Tensor

from ganbench.blame import place
from ganbench.errors import ChangedInputError, PluginError
from ganbench.testing.datasets import stream
from ganbench.testing.declared import can_be_built
from ganbench.testing.games import PARAMETERS, Objective, Parameters, Play, named
from ganbench.testing.rules import BrokenRuleError, NotApplicable, require, rule, words
from ganbench.testing.subject import Subject
from ganbench.testing.watching import Detached, one_device
from ganbench.training.rungs import TOLERANCE, Trial, cause, vectorized

_PLAYED = ("loss", "regularizer", "architecture")
_STEP = 1e-6
_CLOSE = 1e-4
"""Of a slope in float64, relative, to what finite differences make of it."""


@rule(
    *_PLAYED,
    after=can_be_built,
    mend="Mend what is raised: return what the class of its kind says, declare the draws and the "
    "state that you read, and sum objectives up to ().",
)
def makes_its_first_moves(subject: Subject) -> None:
    """It fits some of the kit's partners, and every move that trains them can be made."""
    for play in subject.plays:
        for role, (objective, parameters) in play.objectives(torch.float32).items():
            shape = tuple(objective(parameters).shape)
            require(shape == (), f"The {role}'s objective has shape {shape} in {play}.")
        with suppress(ChangedInputError):  # which the next rule tells
            assert play.first


@rule(
    *_PLAYED,
    after=makes_its_first_moves,
    mend="Write `x = x + 1` and not `x += 1`; use layers without running statistics, such as "
    "`ganbench.api.BatchNorm`.",
)
def changes_no_input(subject: Subject) -> None:
    """A move leaves samples, draws, parameters and states as they are."""
    for play in subject.plays:
        try:
            changed = play.first.changed
        except ChangedInputError as error:
            found = f"A move changes a tensor that it is given in {play}."
            raise BrokenRuleError(found) from error.__cause__
        require(not changed, f"A move changes {', '.join(map(named, changed))} in {play}.")


@rule(
    *_PLAYED,
    after=changes_no_input,
    mend="Keep logarithms, roots and quotients away from zero, and all numbers in float32.",
)
def moves_are_finite(subject: Subject) -> None:
    """Both objectives are float32, and all that a move changes is finite."""
    for play in subject.plays:
        _require_finite(play)


def _require_finite(play: Play) -> None:
    for role, (objective, parameters) in play.objectives(torch.float32).items():
        dtype = objective(parameters).dtype
        require(dtype == torch.float32, f"The {role}'s objective is {dtype} in {play}.")
    for move, changes in play.first.changes.items():
        for name, new in changes.items():
            verb = "are" if name in PARAMETERS else "is"
            found = f"{named(name)} {verb} not finite after a {move} move of {play}."
            require(torch.isfinite(new).all(), f"{found[0].upper()}{found[1:]}")


@rule(
    *_PLAYED,
    after=moves_are_finite,
    mend="Draw initial values from torch's global state, which ganbench seeds, and all else from "
    "a declared `Draw`, `Noise` or `Dropout`; keep nothing from call to call.",
)
def seeds_decide_the_numbers(subject: Subject) -> None:
    """The same seed gives the same networks and steps, another seed others."""
    other = replace(subject)  # which builds everything again
    for play, again in zip(subject.sides, other.sides, strict=True):
        _require_same(play.state, again.state, f"A network built again differs in {play}")
        _require_same(play.batch, again.batch, f"Numbers drawn again differ in {play}")
        others = again.moved()
        for move, changes in play.moved().items():
            _require_same(changes, others[move], f"A {move} move taken again differs in {play}")
        if subject.kind == "architecture":
            row = play.state[play.role]
            fresh = not row.numel() or not row.any() or not torch.equal(row[0], row[1])
            require(fresh, f"Networks of two seeds begin alike in {play}.")


def _require_same(one: dict[str, Tensor], other: dict[str, Tensor], what: str) -> None:
    for name, value in one.items():
        same = torch.allclose(value, other[name], rtol=0, atol=0, equal_nan=True)
        require(same, f"{what}: {named(name)}.")


@rule(
    *_PLAYED,
    after=moves_are_finite,
    mend="Take means over whatever rows there are; a loss that needs several of them lists no "
    '"samplewise" among its traits.',
)
def takes_batches_of_any_size(subject: Subject) -> None:
    """Batches of 3 and 7 samples work, and of one where the loss is a mean over samples."""
    for play in subject.sides:
        alone = "samplewise" in play.game.loss.value.traits
        for rows in (1, 3, 7) if alone else (3, 7):
            try:
                _require_finite(replace(play, rows=rows))
            except Exception as error:
                size = f"{rows} sample{'s' * (rows > 1)}"
                raise BrokenRuleError(f"With {size} in a batch: {words(error)}") from error


@rule(
    "architecture",
    after=moves_are_finite,
    mend="Use every parameter in `forward`, or make what is not trained a buffer.",
)
def gradients_reach_every_parameter(subject: Subject) -> None:
    """Every parameter of a player has a gradient that is finite and not zero."""
    for each in subject.plays:
        play, role, moved = replace(each, rows=32), each.role, dict[str, bool]()
        for slot in range(len(play.seeds)):
            objective, parameters = play.objectives(torch.float32, slot).get(role, (None, {}))
            slopes = torch.func.grad(objective)(parameters) if objective else {}
            for name, slope in slopes.items():
                fine = torch.isfinite(slope).all()
                require(fine, f"The gradient of {name} is not finite in {play}.")
                moved[name] = moved.get(name, False) or bool(slope.any())
        still = ", ".join(name for name, seen in moved.items() if not seen)
        require(not still, f"No gradient reaches {still} of the {role} in {play}.")


@rule(
    "loss",
    "regularizer",
    after=moves_are_finite,
    mend="Compute with the critic's outputs and the samples that are given, without `detach`, "
    "`.item()` or numpy.",
)
def gradients_reach_both_players(subject: Subject) -> None:
    """Some gradient reaches each player that the objectives are for."""
    for play in subject.plays:
        for role, (objective, parameters) in play.objectives(torch.float32).items():
            slopes = torch.func.grad(objective)(parameters)
            moved = any(bool(slope.any()) for slope in slopes.values())
            require(moved, f"No gradient reaches the {role} in {play}.")


@rule(
    *_PLAYED,
    after=seeds_decide_the_numbers,
    mend="Let torch differentiate what you compute; write no gradient by hand, and take no number "
    "out of a tensor on the way.",
)
def gradients_match_finite_differences(subject: Subject) -> None:
    """In float64, slopes of both objectives are those of their values.

    Not of what is detached on purpose: straight-through choices, gates, score functions.
    """
    reasons, tried = [], 0
    for play in subject.plays:
        for role, (objective, parameters) in play.objectives(torch.float64).items():
            with Detached() as detached:
                objective(parameters)
            if detached.at or not play.game.pathwise:
                reasons.append(detached.at or "its samples have no slope")
                continue
            tried += 1
            slope, difference = _slopes(objective, parameters)
            require(
                abs(slope - difference) <= _CLOSE * max(abs(slope), abs(difference)) + 1e-7,
                f"The {role}'s slope is {slope:.6g}, by differences {difference:.6g}, in {play}.",
            )
    if not tried:
        raise NotApplicable(f"It detaches on purpose: {reasons[0]}.")


def _slopes(objective: Objective, parameters: Parameters) -> tuple[float, float]:
    """Return the slope of an objective in some direction: by torch, and by differences."""
    rng = torch.Generator().manual_seed(0)
    way = {
        name: torch.randn(value.shape, generator=rng, dtype=value.dtype)
        for name, value in parameters.items()
    }
    length = torch.stack([value.square().sum() for value in way.values()]).sum().sqrt()
    way = {name: value / length for name, value in way.items()}
    slopes = torch.func.grad(objective)(parameters)
    slope = sum(float((slopes[name] * way[name]).sum()) for name in way)
    ahead, behind = (
        float(objective({name: value + step * way[name] for name, value in parameters.items()}))
        for step in (_STEP, -_STEP)
    )
    return slope, (ahead - behind) / (2 * _STEP)


@rule(
    *_PLAYED,
    after=seeds_decide_the_numbers,
    mend="Write `torch.zeros_like(x)`, `x.new_tensor(...)`; let constants be buffers.",
)
def works_in_float64(subject: Subject) -> None:
    """In float64 both objectives are float64, and close to those in float32."""
    for play in subject.plays:
        narrow, wide = play.objectives(torch.float32), play.objectives(torch.float64)
        for role, (objective, parameters) in wide.items():
            value = objective(parameters)
            require(value.dtype == torch.float64, f"The {role}'s objective is {value.dtype}.")
            other = float(narrow[role][0](narrow[role][1]))
            off = abs(float(value) - other)
            told = f"{float(value):g} in float64, and {other:g} in float32"
            require(off <= 1e-2 * max(1.0, abs(other)), f"The {role}'s objective is {told}.")


@rule(
    *_PLAYED,
    after=moves_are_finite,
    mend="Make new tensors on the device of those that you are given, as `torch.zeros_like(x)` or "
    "`x.new_tensor(...)`, and let constants of networks be buffers.",
)
def works_on_any_device(subject: Subject) -> str | None:
    """Everything that a move makes is on the device of what it is given."""
    device = torch.device("cuda" if torch.cuda.is_available() else "meta")
    for play in subject.sides:
        try:
            with one_device(device):
                play.moved(device)
        except (NotImplementedError, RuntimeError) as error:
            if "meta tensor" in str(error) and device.type == "meta":
                at = place(error)
                raise NotApplicable(
                    f"It reads values, which only a real device has{f': {at}' if at else ''}."
                ) from error
            raise
    return None if device.type == "cuda" else "as far as shows without a GPU"


@rule(
    *_PLAYED,
    after=moves_are_finite,
    mend="Branch on no value, use `torch.where`; draw nothing that is not declared; take no "
    "seed's numbers into another's.",
)
def runs_alike_on_every_rung(subject: Subject) -> str:
    """Traced and vectorised over seeds, a step computes what it computes seed by seed.

    What raises on a rung runs on the next one, which is slower and no fault.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which torch gives of what is slow
        slower = [remark for play in subject.sides if (remark := _remark(play))]
    return "; ".join(dict.fromkeys(slower)) or "traced"


def _remark(play: Play) -> str:
    """See that both faster rungs agree with the loop; say which one runs, and why no faster one.

    Returns:
        Nothing, if a move can be traced.
    """
    trial, reasons, runs = _trial(play), dict[str, None](), list[str]()
    for rung in ("traced", "vmap"):
        *_, (label, candidate) = trial.candidates(rung)
        try:
            off = trial.difference(candidate(len(play.seeds)))
        except Exception as error:
            reasons[place(error) or cause(error)] = None
            continue
        require(off <= TOLERANCE, f"{label} differs from the loop by {off:.1e} in {play}.")
        runs.append(rung)
    try:
        _vectorise(play, play.game.names)  # the other player's moves apply it, too
    except Exception as error:
        reasons[place(error) or cause(error)] = None
        runs.clear()
    if "traced" in runs:
        return ""
    rung = "vmap, without a trace" if runs else "loop, seed by seed"
    who = f"as {play.role} it " if play.role else ""
    return f"{who}runs on {rung}: {'; '.join(reasons)}"


def _vectorise(play: Play, moves: Iterable[str]) -> None:
    for name in moves:
        vectorized(play.game.step(name))(play.state, play.batch, play.clock)


def _trial(play: Play) -> Trial:
    """Try the loop; where it is refused for hidden random numbers, find out who draws them."""
    try:
        return Trial(play.game, play.state, play.batch, play.clock, play.moves)
    except PluginError as refused:
        try:
            _vectorise(play, play.moves)
        except Exception as error:
            raise refused from error
        raise


@rule(
    "architecture",
    after=moves_are_finite,
    mend="Try the network after `eval()`; let it draw random numbers by `ganbench.api.Noise` "
    "alone, and change no buffer.",
)
def draws_samples(subject: Subject) -> None:
    """In evaluation mode players are finite, of the right shape, and the same at each call.

    Generators draw samples for all seeds; critics judge samples.
    """
    for play in subject.plays:
        before = {name: value.clone() for name, value in play.state.items()}
        output = _drawn if play.role == "generator" else _judged
        for count in (3, 7):
            x, again = output(play, count), output(play, count)
            told = f"in evaluation mode in {play}"
            fine = torch.isfinite(x).all() and x.dtype == torch.float32
            require(fine, f"Outputs of the {play.role} are not finite float32 {told}.")
            require(torch.equal(x, again), f"Outputs of the {play.role} differ {told}.")
        _require_same(before, play.state, f"Drawing changes the state in {play}")


def _drawn(play: Play, count: int) -> Tensor:
    ensemble = play.ensemble
    x = ensemble.outputs(ensemble.noise(count, "kit"), "kit")
    wanted = (len(play.seeds), count, *play.game.spec.shape)
    require(tuple(x.shape) == wanted, f"Samples have shape {tuple(x.shape)}, not {wanted}.")
    return x


def _judged(play: Play, count: int) -> Tensor:
    x = play.cell.dataset.value.sample(count, "test", stream("judged"))
    scores = play.ensemble.scores(0, x)
    require(len(scores) == count, f"Of {count} samples {len(scores)} are judged.")
    return scores


def use(subject: Subject) -> None:
    """Do with a loss, a regularizer or players what a first step does."""
    subject.anew()
    replace(subject.plays[0]).moved()
