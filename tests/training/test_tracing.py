"""Traces: what they replay, how they are bound to a state, and what cannot be traced."""

import pytest
import torch

from ganbench.training.tracing import UntraceableError, trace

BATCH = {"x": torch.tensor([1.0, 2.0])}
CLOCK = {"rate": torch.tensor(2.0)}


def replay(step, state, **clock):
    """Trace on ones, bind to the given values, move once, and return the state."""
    program = trace(step, {name: torch.ones_like(v) for name, v in state.items()}, BATCH, CLOCK)
    program.bind(state)(BATCH, {**CLOCK, **clock})
    return {name: value.tolist() for name, value in state.items()}


def test_a_trace_replays_on_new_values():
    def step(state, batch, clock):
        return {"a": state["a"] * clock["rate"] + batch["x"]}

    assert replay(step, {"a": torch.tensor([3.0, 3.0])}, rate=torch.tensor(5.0)) == {"a": [16, 17]}


def test_every_new_value_is_made_of_old_ones():
    """Whatever the order in which results go into the state."""

    def step(state, batch, clock):
        a = state["a"] + 1
        b = state["b"] + state["a"]
        return {"a": a, "b": b, "c": state["c"].flip(0) + a, "d": state["a"].exp().log() + b}

    state = {name: torch.tensor([float(i), 2.0]) for i, name in enumerate("abcd")}
    expected = {"a": [1, 3], "b": [1, 4], "c": [3, 5], "d": [1, 6]}
    assert replay(step, state) == {k: pytest.approx(v, abs=1e-6) for k, v in expected.items()}


def test_entries_may_be_exchanged_kept_cleared_or_taken_from_the_batch():
    def step(state, batch, clock):
        return {
            "a": state["b"],
            "b": state["a"],
            "c": state["c"],
            "d": torch.zeros_like(state["d"]),
            "e": batch["x"],
            "f": state["g"].view(2, 1).expand(2, 2),
            "g": state["g"] * 2,
        }

    state = {name: torch.tensor([float(i), 1.0]) for i, name in enumerate("abcde")}
    state |= {"f": torch.zeros(2, 2), "g": torch.tensor([5.0, 6.0])}
    assert replay(step, state) == {
        "a": [1, 1],
        "b": [0, 1],
        "c": [2, 1],
        "d": [0, 0],
        "e": [1, 2],
        "f": [[5, 5], [6, 6]],
        "g": [10, 12],
    }


def test_a_value_that_is_read_twice_is_not_written_over():
    def step(state, batch, clock):
        x = batch["x"] + 1
        y = x.neg()
        z = x.view(2, 1).relu()
        return {"a": x * y + z.view(2)}

    assert replay(step, {"a": torch.zeros(2)}) == {"a": [-2, -6]}
    assert BATCH["x"].tolist() == [1, 2]


def test_outputs_that_are_views_and_constants_of_the_code_are_kept():
    def step(state, batch, clock):
        x = batch["x"] * 2
        y = x.log() + torch.tensor(0.5)
        return {"a": x.unsqueeze(1), "b": y, "c": state["b"]}

    state = {"a": torch.zeros(2, 1), "b": torch.ones(2), "c": torch.zeros(2)}
    found = replay(step, state)
    assert found["a"] == [[2], [4]]
    assert found["b"] == pytest.approx([1.1931, 1.8863], abs=1e-4)
    assert found["c"] == [1, 1]


def test_what_is_never_read_is_no_input():
    program = trace(
        lambda state, batch, clock: {"a": state["b"] + 1},
        {"a": torch.ones(2), "b": torch.ones(2), "c": torch.ones(2)},
        BATCH,
        CLOCK,
    )
    assert program.inputs == (("a", "b"), (), ())


def test_changing_an_input_in_place_is_refused():
    def step(state, batch, clock):
        state["a"].add_(1)
        return {"b": state["a"] * 2}

    with pytest.raises(UntraceableError, match="in place"):
        trace(step, {"a": torch.ones(2), "b": torch.ones(2)}, BATCH, CLOCK)
