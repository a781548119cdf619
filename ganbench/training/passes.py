"""Passes over a traced graph: the same values, up to rounding, from fewer operations."""

import operator
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.passes.shape_prop import ShapeProp

_aten = torch.ops.aten
_MULTIPLY = (_aten.mul.Tensor, _aten.mul.Scalar)
_RESHAPES = (_aten.view.default, _aten.expand.default)
_VIEWS = {
    *_RESHAPES,
    operator.getitem,
    _aten.split_with_sizes.default,
    _aten.transpose.int,
    _aten.unsqueeze.default,
}
_FILLED = {_aten.ones_like.default: 1, _aten.zeros_like.default: 0}

# Matrix products whose rows are no multiple of this many columns are slow in BLAS libraries.
_LANES = 16


def simplify(graph: fx.GraphModule, example: Sequence[Tensor]) -> fx.GraphModule:
    """Return a graph that computes the same from the same inputs.

    Args:
        graph: of pure operations.
        example: inputs, for their shapes.
    """
    for node in graph.graph.nodes:
        if node.target is _aten._unsafe_view.default:
            node.target = _aten.view.default
    ShapeProp(graph).propagate(*example)
    for apply in (
        _drop_no_ops,
        _drop_double_transpose,
        partial(_fill, example[0].device),
        _multiply_outer,
        _fuse_bias,
        _turn_narrow_products,
        _allow_strides,
        partial(_share, {}),
    ):
        for node in list(graph.graph.nodes):
            if node.op == "call_function":
                apply(graph.graph, node)
    graph.graph.eliminate_dead_code()
    graph.recompile()
    return graph


def _drop_no_ops(graph: fx.Graph, node: fx.Node) -> None:
    if not _args(node) or not isinstance(_args(node)[0], fx.Node):
        return
    source = _args(node)[0]
    same_shape = node.target in _RESHAPES and _shape(node) == _shape(source)
    times_one = node.target in _MULTIPLY and _args(node)[1] == 1 and _alike(node, source)
    if same_shape or times_one or node.target is _aten.detach.default:
        _replace(graph, node, source)


def _drop_double_transpose(graph: fx.Graph, node: fx.Node) -> None:
    if node.target is not _aten.transpose.int or not isinstance(_args(node)[0], fx.Node):
        return
    inner = _args(node)[0]
    if inner.target is _aten.transpose.int and set(_args(inner)[1:]) == set(_args(node)[1:]):
        _replace(graph, node, inner.all_input_nodes[0])


def _fill(device: torch.device, graph: fx.Graph, node: fx.Node) -> None:
    """Make a constant from its shape, so that it can be made once."""
    if node.target in _FILLED:
        meta = node.meta["tensor_meta"]
        with graph.inserting_before(node):
            constant = graph.call_function(
                _aten.full.default,
                (list(meta.shape), _FILLED[node.target]),
                {"dtype": meta.dtype, "device": device},
            )
        constant.meta = node.meta
        _replace(graph, node, constant)


def _multiply_outer(graph: fx.Graph, node: fx.Node) -> None:
    """Replace a matrix product over one term by a multiplication: the same values."""
    if node.target is _aten.bmm.default and _shape(_args(node)[0])[2] == 1:
        _call(graph, node, _aten.mul.Tensor, _args(node))


def _fuse_bias(graph: fx.Graph, node: fx.Node) -> None:
    """Replace bmm followed by an addition that broadcasts a bias by one baddbmm."""
    if node.target is not _aten.add.Tensor or node.kwargs or len(_args(node)) != 2:
        return
    for bias, product in (_args(node), _args(node)[::-1]):
        if (
            isinstance(bias, fx.Node)
            and isinstance(product, fx.Node)
            and product.target is _aten.bmm.default
            and bias is not product
            and len(product.users) == 1
            and _shape(product) == _shape(node)
            and len(_shape(bias)) == 3
        ):
            _call(graph, node, _aten.baddbmm.default, (bias, *product.args))
            graph.erase_node(product)
            return


def _turn_narrow_products(graph: fx.Graph, node: fx.Node) -> None:
    """Compute A B as (B' A')' where A B is narrow or ragged and its transpose is not."""
    if node.target not in (_aten.bmm.default, _aten.baddbmm.default):
        return
    _, rows, columns = _shape(node)
    if not (columns % _LANES and (rows % _LANES == 0 or columns < _LANES < rows)):
        return
    *bias, left, right = _args(node)
    turned = [_transposed(graph, node, part) for part in (*bias, right, left)]
    with graph.inserting_before(node):
        product = graph.call_function(node.target, tuple(turned))
    _call(graph, node, _aten.transpose.int, (product, 1, 2))


def _allow_strides(_graph: fx.Graph, node: fx.Node) -> None:
    """Let what is not a view of an input be copied where turning has changed its strides."""
    if node.target is not _aten.view.default:
        return
    source = _args(node)[0]
    while source.op != "placeholder" and source.target in _VIEWS:
        source = _args(source)[0]
    if source.op != "placeholder":
        node.target = _aten.reshape.default


def _share(first: dict[tuple[Any, str], fx.Node], graph: fx.Graph, node: fx.Node) -> None:
    """Compute once what comes of equal arguments, but for outputs, which have a storage each."""
    if any(user.op == "output" for user in node.users) or _is_random(node):
        return
    # As text, since 1 and 1.0 are equal but give other dtypes.
    found = first.setdefault((node.target, repr((node.args, node.kwargs))), node)
    if found is not node:
        _replace(graph, node, found)


def _transposed(graph: fx.Graph, before: fx.Node, part: fx.Node) -> fx.Node:
    if part.target is _aten.transpose.int and set(_args(part)[1:]) == {1, 2}:
        return part.all_input_nodes[0]
    with graph.inserting_before(before):
        return graph.call_function(_aten.transpose.int, (part, 1, 2))


def _call(graph: fx.Graph, node: fx.Node, target: Any, arguments: tuple[Any, ...]) -> None:
    """Put another call in the place of a node."""
    with graph.inserting_before(node):
        fresh = graph.call_function(target, arguments)
    fresh.meta = node.meta
    _replace(graph, node, fresh)


def _replace(graph: fx.Graph, node: fx.Node, other: fx.Node) -> None:
    node.replace_all_uses_with(other)
    graph.erase_node(node)


def _is_random(node: fx.Node) -> bool:
    return torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())


def _args(node: fx.Node) -> tuple[Any, ...]:
    return node.args


def _shape(node: fx.Node) -> tuple[int, ...]:
    meta: Any = node.meta.get("tensor_meta")
    return tuple(meta.shape) if isinstance(getattr(meta, "shape", None), torch.Size) else ()


def _alike(node: fx.Node, other: fx.Node) -> bool:
    first, second = node.meta["tensor_meta"], other.meta["tensor_meta"]
    same: bool = (first.shape, first.dtype) == (second.shape, second.dtype)
    return same
