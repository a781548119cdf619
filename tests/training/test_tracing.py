"""The passes over a traced graph, and what cannot be traced."""

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from ganbench.training.tracing import UntraceableError, simplify, trace

aten = torch.ops.aten


def targets(graph):
    return [node.target for node in graph.graph.nodes if node.op == "call_function"]


def test_simplify_drops_no_ops_fuses_the_bias_and_shares_subexpressions():
    def f(bias, a, b):
        product = torch.bmm(a, b).view(2, 3, 4) * 1
        return (bias + product).exp() + (bias + torch.bmm(a, b)).detach()

    example = [torch.randn(2, 1, 4), torch.randn(2, 3, 5), torch.randn(2, 5, 4)]
    graph = make_fx(f)(*example)
    expected = f(*example)
    simple = simplify(graph, example)
    torch.testing.assert_close(simple(*example), expected)
    assert targets(simple) == [aten.baddbmm.default, aten.exp.default, aten.add.Tensor]


def test_transposing_twice_is_dropped_only_where_it_undoes_itself():
    def f(x):
        return x.transpose(1, 2).transpose(2, 1) + 1, x.transpose(1, 2).transpose(0, 1) + 1

    example = [torch.randn(2, 3, 4)]
    simple = simplify(make_fx(f)(*example), example)
    for actual, want in zip(simple(*example), f(*example), strict=True):
        assert torch.equal(actual, want)
    assert targets(simple).count(aten.transpose.int) == 2


def test_a_bias_that_would_widen_the_product_is_not_fused():
    def f(bias, a, b):
        return bias + torch.bmm(a, b)

    example = [torch.randn(2, 3, 4), torch.randn(2, 1, 5), torch.randn(2, 5, 4)]
    simple = simplify(make_fx(f)(*example), example)
    torch.testing.assert_close(simple(*example), f(*example))
    assert aten.baddbmm.default not in targets(simple)


def test_a_trace_replays_on_new_values():
    def step(state, batch, clock):
        return {"a": state["a"] * clock["rate"] + batch["x"]}

    args = ({"a": torch.ones(2)}, {"x": torch.ones(2)}, {"rate": torch.tensor(2.0)})
    traced = trace(step, *args)
    new = ({"a": torch.ones(2) * 3}, {"x": torch.ones(2)}, {"rate": torch.tensor(5.0)})
    assert traced(*new)["a"].tolist() == [16, 16]


def test_changing_an_input_in_place_is_refused():
    def step(state, batch, clock):
        state["a"].add_(1)
        return {"b": state["a"] * 2}

    with pytest.raises(UntraceableError, match="in place"):
        trace(step, {"a": torch.ones(2)}, {"x": torch.ones(2)}, {"rate": torch.tensor(1.0)})
