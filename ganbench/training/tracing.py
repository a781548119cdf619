"""Trace a step once into a flat graph of tensor operations, simplify it, and bind it to a state.

The replay has no vmap, autograd or module overhead: for small networks that overhead is most of
the time. A program is bound to the state's own storage, so that views of parameters are made once
and new values are written in place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx
from torch._guards import TracingContext, tracing
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functionalize
from torch.fx.experimental.proxy_tensor import make_fx

from ganbench.training import binding, passes
from ganbench.training.rules import State
from ganbench.training.steps import Step

Move = Callable[[State, State], None]
"""(batch, clock) -> nothing: the state that it is bound to changes in place."""


class UntraceableError(Exception):
    """The step cannot be replayed from a trace; the reason is the message."""


@dataclass(frozen=True)
class Program:
    """A traced step.

    Attributes:
        graph: the simplified graph: inputs -> new values of `outputs`.
        inputs: names that it reads, of state, batch and clock.
        outputs: names of the state that it changes.
    """

    graph: fx.GraphModule
    inputs: tuple[tuple[str, ...], ...]
    outputs: tuple[str, ...]

    def bind(self, state: State) -> Move:
        """Return the step that changes this very state in place."""
        run = binding.bind(self.graph, [state[name] for name in self.inputs[0]], self.writes)
        return self._move(run)

    def _move(self, run: Callable[..., None]) -> Move:
        _, batch_names, clock_names = self.inputs

        def move(batch: State, clock: State) -> None:
            run(*[batch[name] for name in batch_names], *[clock[name] for name in clock_names])

        return move

    def compile(self, state: State) -> Move:
        """Return the same from torch's compiler, which takes its time."""
        run = binding.compiled(self.graph, [state[name] for name in self.inputs[0]], self.writes)
        return self._move(run)

    @property
    def writes(self) -> list[int]:
        """For each output, which of the state's inputs it replaces."""
        return [self.inputs[0].index(name) for name in self.outputs]


def trace(step: Step, state: State, batch: State, clock: State) -> Program:
    """Return a program that does what `step` does to inputs of the same shapes.

    Raises:
        UntraceableError: if the step changes its inputs in place.
    """
    groups = (state, batch, clock)
    names = [list(group) for group in groups]
    outputs: list[str] = []

    def flat_step(*values: Tensor) -> tuple[Tensor, ...]:
        rest = iter(values)
        changed = step(*({name: next(rest) for name in group} for group in names))
        outputs[:] = changed
        return tuple(changed.values())

    example = [group[name] for chosen, group in zip(names, groups, strict=True) for name in chosen]
    # Shapes are noted as fake tensors, which is slow where each needs a mode of its own.
    with torch.no_grad(), tracing(TracingContext(FakeTensorMode())):
        graph = make_fx(functionalize(flat_step, remove="mutations"))(*example)
        _refuse_mutation(graph)
        graph = passes.simplify(graph, example)
    kept = _drop_unused(graph, names, outputs)
    return Program(graph, kept, tuple(outputs))


def _drop_unused(
    graph: fx.GraphModule, names: Sequence[Sequence[str]], outputs: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Remove inputs that nothing reads, but for the state's that are written; name the rest."""
    inputs = iter(graph.graph.find_nodes(op="placeholder"))
    kept: list[tuple[str, ...]] = []
    for group in names:
        chosen = []
        for name in group:
            node = next(inputs)
            if node.users or (not kept and name in outputs):
                chosen.append(name)
            else:
                graph.graph.erase_node(node)
        kept.append(tuple(chosen))
    graph.recompile()
    return tuple(kept)


def _refuse_mutation(graph: fx.GraphModule) -> None:
    for node in graph.graph.nodes:
        schema = getattr(node.target, "_schema", None)
        if schema is not None and schema.is_mutable:
            raise UntraceableError(f"it changes a tensor in place ({node.target})")
