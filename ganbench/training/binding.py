"""Bind a traced graph to the storage that it updates.

Views of the state, and constants, are made once. The rest is written out as Python code that
calls torch's own bindings, and new values go straight into the state where nothing later in the
step reads the old ones.
"""

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx

_aten, _nn = torch.ops.aten, torch._C._nn

# torch's Python bindings take half the time of calling an operator by its overload.
_BINDINGS: dict[Any, Callable[..., Any]] = {
    _aten.bmm.default: torch.bmm,
    _aten.baddbmm.default: torch.baddbmm,
    _aten.cat.default: torch.cat,
    _aten.mean.dim: torch.mean,
    _aten.relu.default: torch.relu,
    _aten.reshape.default: Tensor.reshape,
    _aten.softplus.default: _nn.softplus,
    _aten.split_with_sizes.default: torch.split_with_sizes,
    _aten.sum.dim_IntList: torch.sum,
    _aten.transpose.int: torch.transpose,
    _aten.view.default: Tensor.view,
}
# Elementwise operations: how to call them, and the keyword that names where the result goes.
_ELEMENTWISE: dict[Any, tuple[Callable[..., Any], str]] = {
    _aten.abs.default: (torch.abs, "out"),
    _aten.add.Tensor: (torch.add, "out"),
    _aten.clamp.Tensor: (torch.clamp, "out"),
    _aten.div.Tensor: (torch.div, "out"),
    _aten.exp.default: (torch.exp, "out"),
    _aten.leaky_relu.default: (_nn.leaky_relu, "out"),
    _aten.leaky_relu_backward.default: (_aten.leaky_relu_backward.grad_input, "grad_input"),
    _aten.lerp.Scalar: (torch.lerp, "out"),
    _aten.lerp.Tensor: (torch.lerp, "out"),
    _aten.log.default: (torch.log, "out"),
    _aten.mul.Tensor: (torch.mul, "out"),
    _aten.neg.default: (torch.neg, "out"),
    _aten.rsqrt.default: (torch.rsqrt, "out"),
    _aten.sigmoid.default: (torch.sigmoid, "out"),
    _aten.sigmoid_backward.default: (_aten.sigmoid_backward.grad_input, "grad_input"),
    _aten.sqrt.default: (torch.sqrt, "out"),
    _aten.square.default: (torch.square, "out"),
    _aten.sub.Tensor: (torch.sub, "out"),
    _aten.tanh.default: (torch.tanh, "out"),
    _aten.tanh_backward.default: (_aten.tanh_backward.grad_input, "grad_input"),
    _aten.threshold_backward.default: (_aten.threshold_backward.grad_input, "grad_input"),
}
_BINDINGS |= {target: call for target, (call, name) in _ELEMENTWISE.items() if name == "out"}


def bind(
    graph: fx.GraphModule, state: Sequence[Tensor], writes: Sequence[int]
) -> Callable[..., None]:
    """Return a function of the remaining inputs that changes `state` in place.

    Args:
        graph: of pure operations; its first inputs are those of `state`.
        state: the tensors to bind to.
        writes: for each output of the graph, the position in `state` that it replaces.
    """
    binder = _Binder(graph, state)
    binder.hoist()
    run = functools.partial(binder.write(writes), *binder.fixed)
    return torch.inference_mode()(run)


def compiled(
    graph: fx.GraphModule, state: Sequence[Tensor], writes: Sequence[int]
) -> Callable[..., None]:
    """Return the same as `bind` from torch's compiler; its first call compiles."""
    whole = fx.GraphModule(graph, fx.Graph())
    env: dict[fx.Node, fx.Node] = {}
    outputs: Any = whole.graph.graph_copy(graph.graph, env)
    slots = [env[node] for node in graph.graph.find_nodes(op="placeholder")[: len(state)]]
    changed = [(slots[place], new) for place, new in zip(writes, outputs, strict=True)]
    kept = {new: whole.graph.call_function(_aten.clone.default, (new,)) for new in slots}
    for slot, new in changed:
        if new is not slot:
            whole.graph.call_function(_aten.copy_.default, (slot, kept.get(new, new)))
    whole.graph.output(())
    for node in whole.graph.nodes:
        node.meta.clear()  # the compiler finds shapes out by itself
    whole.recompile()
    ready: list[Callable[..., None]] = []

    def run(*rest: Tensor) -> None:
        if not ready:
            options = {"cpp_wrapper": True, "deterministic": True}
            ready.append(torch._inductor.compile(whole, [*state, *rest], options))
        ready[0](*state, *rest)

    return torch.no_grad()(run)


class _Binder:
    """Divides a graph into what is known once the state is there, and the rest.

    Attributes:
        nodes: of the graph, in their order.
        known: values of nodes that need be computed only once: the state, its views, constants.
        root: for nodes that show the state's storage, which of its tensors.
        constants: nodes that depend on no input.
    """

    def __init__(self, graph: fx.GraphModule, state: Sequence[Tensor]) -> None:
        self.nodes = [node for node in graph.graph.nodes if node.op == "call_function"]
        self.inputs = graph.graph.find_nodes(op="placeholder")
        outputs: Any = graph.graph.output_node().args[0]
        self.outputs: tuple[fx.Node, ...] = tuple(outputs)
        self.slots = self.inputs[: len(state)]
        self.known: dict[fx.Node, Any] = dict(zip(self.slots, state, strict=True))
        self.root = {node: position for position, node in enumerate(self.slots)}
        self.constants = set(graph.graph.find_nodes(op="get_attr"))
        self.known |= {node: getattr(graph, str(node.target)) for node in self.constants}

    def hoist(self) -> None:
        """Compute views of the state, and what depends on nothing."""
        for node in self.nodes:
            sources = node.all_input_nodes
            constant = self.constants.issuperset(sources)
            if not (constant or (_is_view(node) and all(s in self.known for s in sources))):
                continue
            args, kwargs = fx.map_arg((node.args, node.kwargs), self.known.__getitem__)
            value = node.target(*args, **kwargs)
            if constant:
                self.constants.add(node)
            elif not _shares_storage(value, self.known[sources[0]]):
                continue  # a reshape that had to copy shows old values only
            elif sources[0] in self.root:
                self.root[node] = self.root[sources[0]]
            self.known[node] = value

    @functools.cached_property
    def used(self) -> list[fx.Node]:
        """Known nodes that the rest reads or writes."""
        rest = (node for node in self.nodes if node not in self.known)
        needed = {source for node in rest for source in node.all_input_nodes}
        needed |= {*self.slots, *self.outputs}
        return [node for node in self.known if node in needed]

    @property
    def fixed(self) -> list[Any]:
        """Values of the first arguments of what `write` returns."""
        return [self.known[node] for node in self.used]

    def write(self, writes: Sequence[int]) -> Callable[..., None]:
        """Write the rest out as a function that stores the outputs in the state."""
        body = fx.Graph()
        free = self.inputs[len(self.slots) :]
        env = {node: body.placeholder(node.name) for node in (*self.used, *free)}
        stores = dict(zip((self.slots[place] for place in writes), self.outputs, strict=True))
        late = {}
        for slot, value in stores.items():
            if value in self.root and value is not slot:
                late[slot] = body.call_function(torch.clone, (env[value],))
        for position, node in enumerate(self.nodes):
            if node not in self.known:
                env[node] = body.node_copy(node, env.__getitem__)
                place = self._place(position, node, stores)
                self._call(env[node], None if place is None else env[place])
        for slot, value in stores.items():
            if value is not slot and env[slot] not in env[value].kwargs.values():
                body.call_function(Tensor.copy_, (env[slot], late.get(slot, env[value])))
        body.output(None)
        forward: Callable[..., None] = fx.GraphModule({}, body).forward
        return forward

    def _call(self, call: fx.Node, place: fx.Node | None) -> None:
        """Call torch by its fastest name, with the result going to `place` if there is one."""
        if place is None:
            call.target = _BINDINGS.get(call.target, call.target)
        elif call.target is _aten.relu.default:
            call.target = torch.relu_
        else:
            call.target, keyword = _ELEMENTWISE[call.target]
            call.kwargs = {**call.kwargs, keyword: place}

    def _place(
        self, position: int, node: fx.Node, stores: Mapping[fx.Node, fx.Node]
    ) -> fx.Node | None:
        """Find where an elementwise operation may put its result.

        That is the slot which wants it, or an operand of its shape that nothing reads any more.
        """
        slots = [slot for slot, value in stores.items() if value is node]
        if node.target in _ELEMENTWISE:
            for slot in slots:
                if not self._read_after(position, node, self.root[slot]):
                    return slot
        if slots or node.target not in (*_ELEMENTWISE, _aten.relu.default):
            return None
        for operand in node.all_input_nodes:
            fresh = self.storage.get(operand) is operand
            if fresh and _alike(operand, node) and self.last_read[operand] == position:
                return operand
        return None

    def _read_after(self, position: int, node: fx.Node, root: int) -> bool:
        """Whether old values of a state tensor are still needed where `node` has its result.

        Later operations may read them, or the operation itself other than element by element.
        """
        for later in self.nodes[position:]:
            for source in later.all_input_nodes:
                whole = later is node and source is self.slots[root]
                if self.root.get(source) == root and later not in self.known and not whole:
                    return True
        return False

    @functools.cached_property
    def storage(self) -> dict[fx.Node, fx.Node]:
        """For results of the rest, the node that owns their storage."""
        owners: dict[fx.Node, fx.Node] = {}
        for node in self.nodes:
            if node not in self.known:
                source = node.all_input_nodes[0]
                owners[node] = owners.get(source, source) if _is_view(node) else node
        return owners

    @functools.cached_property
    def last_read(self) -> dict[fx.Node, int]:
        """For each storage of the rest, where it is read for the last time; outputs last."""
        reads = [
            (source, i) for i, node in enumerate(self.nodes) for source in node.all_input_nodes
        ]
        reads += [(output, len(self.nodes)) for output in self.outputs]
        return {self.storage[source]: place for source, place in reads if source in self.storage}


def _shares_storage(value: Any, source: Any) -> bool:
    """Whether a tensor, or the first of several, lies in the memory of another."""
    first, other = (x[0] if isinstance(x, list | tuple) else x for x in (value, source))
    same: bool = first.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()
    return same


def _alike(operand: fx.Node, node: fx.Node) -> bool:
    """Whether a result fits the storage of an operand."""
    first, second = (item.meta.get("tensor_meta") for item in (operand, node))
    return (
        first is not None
        and second is not None
        and (first.shape, first.dtype) == (second.shape, second.dtype)
    )


def _is_view(node: fx.Node) -> bool:
    """Whether a node shows the storage of its input."""
    if node.target is operator.getitem:
        return True
    schema = getattr(node.target, "_schema", None)
    return schema is not None and any(item.alias_info is not None for item in schema.returns)
