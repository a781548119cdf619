"""Trace a step once into a flat graph of tensor operations, simplify it, and replay it.

The replay has no vmap, autograd or module overhead: for small networks that overhead is most of
the time.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, fx
from torch._functorch.compile_utils import fx_graph_cse  # pinned with torch's version range
from torch.func import functionalize
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.passes.shape_prop import ShapeProp

from ganbench.training.steps import State, Step

_aten = torch.ops.aten
_MULTIPLY = (_aten.mul.Tensor, _aten.mul.Scalar)
_RESHAPES = (_aten.view.default, _aten.expand.default, _aten._unsafe_view.default)


class UntraceableError(Exception):
    """The step cannot be replayed from a trace; the reason is the message."""


def trace(step: Step, state: State, batch: State, clock: State) -> Step:
    """Return a step that replays the operations of `step` on inputs of the same shapes.

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

    example = _flatten(names, groups)
    with torch.no_grad():
        graph = make_fx(functionalize(flat_step, remove="mutations"))(*example)
        _refuse_mutation(graph)
        replay = simplify(graph, example).forward

    def traced(state: State, batch: State, clock: State) -> State:
        return dict(zip(outputs, replay(*_flatten(names, (state, batch, clock))), strict=True))

    return traced


def _flatten(names: Sequence[Sequence[str]], groups: Sequence[State]) -> list[Tensor]:
    return [group[name] for chosen, group in zip(names, groups, strict=True) for name in chosen]


def _refuse_mutation(graph: fx.GraphModule) -> None:
    for node in graph.graph.nodes:
        schema = getattr(node.target, "_schema", None)
        if schema is not None and schema.is_mutable:
            raise UntraceableError(f"it changes a tensor in place ({node.target})")


def simplify(graph: fx.GraphModule, example: Sequence[Tensor]) -> fx.GraphModule:
    """Drop what has no effect, fuse bias additions, share common subexpressions."""
    ShapeProp(graph).propagate(*example)
    for apply in (_drop_no_ops, _drop_double_transpose, _fuse_bias):
        for node in list(graph.graph.nodes):
            if node.op == "call_function":
                apply(graph.graph, node)
    out = fx.GraphModule(graph, fx_graph_cse(graph.graph))
    out.graph.eliminate_dead_code()
    out.recompile()
    return out


def _drop_no_ops(graph: fx.Graph, node: fx.Node) -> None:
    if not node.args or not isinstance(node.args[0], fx.Node):
        return
    source = node.args[0]
    same_shape = node.target in _RESHAPES and _shape(node) == _shape(source)
    times_one = node.target in _MULTIPLY and node.args[1] == 1
    if same_shape or times_one or node.target is _aten.detach.default:
        node.replace_all_uses_with(source)
        graph.erase_node(node)


def _drop_double_transpose(graph: fx.Graph, node: fx.Node) -> None:
    if node.target is not _aten.transpose.int or not isinstance(node.args[0], fx.Node):
        return
    inner = node.args[0]
    if inner.target is _aten.transpose.int and set(inner.args[1:]) == set(node.args[1:]):
        node.replace_all_uses_with(inner.all_input_nodes[0])
        graph.erase_node(node)


def _fuse_bias(graph: fx.Graph, node: fx.Node) -> None:
    """Replace bmm followed by an addition that broadcasts a bias by one baddbmm."""
    if node.target is not _aten.add.Tensor or node.kwargs or len(node.args) != 2:
        return
    for bias, product in (node.args, node.args[::-1]):
        if (
            isinstance(bias, fx.Node)
            and isinstance(product, fx.Node)
            and product.target is _aten.bmm.default
            and len(product.users) == 1
            and _shape(product) == _shape(node)
        ):
            with graph.inserting_before(node):
                fused = graph.call_function(_aten.baddbmm.default, (bias, *product.args))
            fused.meta = node.meta
            node.replace_all_uses_with(fused)
            graph.erase_node(node)
            graph.erase_node(product)
            return


def _shape(node: fx.Node) -> tuple[int, ...] | None:
    meta = node.meta.get("tensor_meta")
    return tuple(meta.shape) if meta is not None else None
