"""The passes over a traced graph."""

import torch
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.passes.shape_prop import ShapeProp

from ganbench.training.passes import simplify

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


def test_a_product_is_not_its_own_bias():
    example = [torch.randn(2, 3, 4), torch.randn(2, 4, 5)]

    def f(a, b):
        product = torch.bmm(a, b)
        return product + product

    torch.testing.assert_close(simplify(make_fx(f)(*example), example)(*example), f(*example))


def test_products_over_one_term_become_multiplications():
    example = [torch.randn(2, 3, 1), torch.randn(2, 1, 4)]
    simple = simplify(make_fx(torch.bmm)(*example), example)
    assert torch.equal(simple(*example), torch.bmm(*example))
    assert targets(simple) == [aten.mul.Tensor]


def test_narrow_products_are_turned():
    """And what only had to be a view before may be copied."""

    def f(bias, a, b):
        wide, narrow = torch.bmm(a, b), torch.bmm(a, b[:, :, :2])
        return wide, (bias + narrow).view(2, 64), narrow.exp()

    example = [torch.randn(2, 1, 2), torch.randn(2, 32, 5), torch.randn(2, 5, 16)]
    simple = simplify(make_fx(f)(*example), example)
    for actual, want in zip(simple(*example), f(*example), strict=True):
        torch.testing.assert_close(actual, want)
    ShapeProp(simple).propagate(*example)
    products = (aten.bmm.default, aten.baddbmm.default)
    shapes = [
        tuple(node.meta["tensor_meta"].shape)
        for node in simple.graph.nodes
        if node.target in products
    ]
    assert sorted(shapes) == [(2, 2, 32), (2, 32, 16)]


def test_constants_depend_on_no_input():
    example = [torch.randn(2, 3)]
    simple = simplify(make_fx(lambda x: torch.ones_like(x) / 3 + x)(*example), example)
    assert targets(simple)[0] is aten.full.default
    assert torch.equal(simple(*example), torch.ones(2, 3) / 3 + example[0])


def test_only_what_is_the_same_in_all_is_computed_once():
    """Neither results of other dtypes, nor outputs, nor random numbers."""

    def f(n):
        whole, real = (n * 2).float(), n * 2.0
        return whole + real, n.exp().neg(), n.exp().neg(), torch.rand(3) - torch.rand(3)

    example = [torch.arange(3)]
    simple = simplify(make_fx(f)(*example), example)
    total, first, second, difference = simple(*example)
    assert torch.equal(total, 4.0 * example[0])
    assert torch.equal(first, second)
    assert first.data_ptr() != second.data_ptr()
    assert difference.abs().min() > 0
    assert targets(simple).count(aten.exp.default) == 1
