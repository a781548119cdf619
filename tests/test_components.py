"""Component expressions: what they mean, and that bad ones give one sentence."""

from typing import Annotated, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field

from ganbench.api import Fraction, PositiveFloat, PositiveInt
from ganbench.components import (
    Component,
    bind,
    describe_type,
    parameters,
    parse,
    parse_pair,
    parse_single,
    unknown,
)
from ganbench.errors import PluginError, SpecError, UnknownComponentError


@pytest.mark.parametrize(
    ("text", "components"),
    [
        ("ns", [("ns", {})]),
        ("wgan-gp", [("wgan-gp", {})]),
        ("ns()", [("ns", {})]),
        (" ns + r1( gamma = 0.1 ) ", [("ns", {}), ("r1", {"gamma": 0.1})]),
        ("a(x=-1, y=true, z=None)", [("a", {"x": -1, "y": True, "z": None})]),
        ("a(x='p+q(r)', y=\"it's\")", [("a", {"x": "p+q(r)", "y": "it's"})]),
        (r"a(x='\'+')+b", [("a", {"x": "'+"}), ("b", {})]),
        ("a(x=(1, 2), y=[1, (2, 3)])", [("a", {"x": (1, 2), "y": [1, (2, 3)]})]),
        ("a(x=[true, false])", [("a", {"x": [True, False]})]),
    ],
)
def test_expressions_are_read(text, components):
    assert [(part.name, dict(part.params)) for part in parse(text)] == components


def test_lists_are_axes_and_tuples_are_values():
    axes = parse_single("a(x=[1, 2], y=(3, 4), z=['p', 'q'])").axes()
    assert [dict(part.params) for part in axes] == [
        {"x": x, "y": (3, 4), "z": z} for x in (1, 2) for z in ("p", "q")
    ]


def test_pairs_are_one_architecture_or_one_for_each_player():
    assert parse_pair("mlp(width=8)") == (parse_single("mlp(width=8)"),) * 2
    expected = (parse_single("mlp(width=8)"), parse_single("dcgan"))
    assert parse_pair("generator=mlp(width=8) discriminator=dcgan") == expected
    assert parse_pair("generator=mlp(width=8), discriminator=dcgan") == expected


BAD = [
    *("", " ", "+", "ns+", "ns++r1", "1a", "é", "ns r1", "mlp oo(width=3)", "(x=1)"),
    *("a(", "a)", "a(x=1", "a(x=1))", "a(x==1)", "a(1)", "a(*b)", "a(**{'x': 1})", "a(x=1, x=2)"),
    *("a(x=b)", "a(x=1+1)", "a(x=f())", "a(x=__import__('os'))", "a(x={1: 2})", "a(x=b'c')"),
    *("a(x=1j)", "a(x=...)", "a(x=1e999)", "a(x=[])", "a(x=())", "a(x=[[1]])", "a(x=([1],))"),
    *("a(x=1)(y=2)", "a(x=1).b(y=2)", "a(x:=1)", "a(x='\0')", "a(x=1)#b", "a(x=" + "(" * 300),
    *("a(x=" + "-" * 900 + "1)", "a" * 2000, "a\nb", "a(x='\\d')b"),
]


@pytest.mark.parametrize("text", BAD)
def test_bad_expressions_give_one_sentence(text):
    with pytest.raises(SpecError) as caught:
        parse(text)
    sentence = str(caught.value)
    assert sentence.endswith((".", "…"))
    assert text[:30].strip() in sentence


def test_joined_components_are_refused_where_one_fits():
    with pytest.raises(SpecError, match="'ns\\+r1' joins several components"):
        parse_single("ns+r1")
    with pytest.raises(SpecError, match="joins several"):
        parse_pair("generator=a+b discriminator=c")


scalars = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(max_size=12),
)
values = scalars | st.lists(scalars, min_size=1, max_size=3)
values |= st.lists(scalars, min_size=1, max_size=3).map(tuple)
component = st.builds(
    Component,
    st.from_regex(r"[A-Za-z][A-Za-z0-9_.-]{0,8}", fullmatch=True),
    st.dictionaries(st.from_regex(r"[a-j]{1,5}_", fullmatch=True), values, max_size=3).map(
        lambda params: tuple(params.items())
    ),
)


@given(st.lists(component, min_size=1, max_size=3))
@example([Component("a", (("x", "\\'+\"('"),)), Component("b")])
def test_what_is_written_is_read_back(components):
    text = "+".join(map(str, components))
    if len(text) <= 1000:
        assert parse(text) == tuple(components)


@given(st.text(max_size=60) | st.text("abr1()[]{}=,.+-'\"\\ \n*:#0e", max_size=40))
def test_arbitrary_text_is_read_or_refused(text):
    _read_or_refused(text)


@given(st.data())
def test_mutated_expressions_are_read_or_refused(data):
    text = list("ns+r1(gamma=[0.1, 2], name='a+b')+gp(weight=(1, 2))")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text) - 1))
        text[place] = data.draw(st.sampled_from([*"()[]{}=,.+-'\"\\x0 ", "", "\n", "\ud800"]))
    _read_or_refused("".join(text))


def _read_or_refused(text: str) -> None:
    try:
        components = parse(text)
    except SpecError:
        return
    axes = [one for part in components for one in part.axes()]
    assert set(axes) >= {parse_single(str(one)) for one in axes}, "each value can be told apart"


# ---------------------------------------------------------------------------------- parameters


def factory(
    size: PositiveInt,
    rate: PositiveFloat = 1,
    share: Fraction = 0.5,
    kind: Literal["x", "y"] = "x",
    name: str | None = None,
) -> None:
    """Take parameters."""
    del size, rate, share, kind, name


def bound(text: str) -> dict:
    return bind(parse_single(text), parameters(factory))


def test_defaults_are_filled_in_as_if_written_out():
    assert bound("f(size=2)") == bound("f(size=2, rate=1, share=0.5, kind='x', name=None)")
    assert isinstance(bound("f(size=2)")["rate"], float)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("f", "f needs size. Accepted: size (int > 0, required), rate (float > 0, default 1)"),
        ("f(size=1, sise=2)", "f has no parameter 'sise'. Did you mean 'size'? Accepted: size"),
        ("f(size=1, q=2)", "f has no parameter 'q'. Accepted: size (int > 0, required)"),
        ("f(size=0)", "f(size=0): size must be int > 0."),
        ("f(size=1.0)", "f(size=1.0): size must be int > 0."),
        ("f(size=true)", "f(size=True): size must be int > 0."),
        ("f(size='1')", "f(size='1'): size must be int > 0."),
        ("f(size=1, rate=-0.5)", "f(rate=-0.5): rate must be float > 0."),
        ("f(size=1, share=2)", "f(share=2): share must be float >= 0 and <= 1."),
        ("f(size=1, kind='z')", "f(kind='z'): kind must be 'x' or 'y'."),
        ("f(size=1, name=3)", "f(name=3): name must be str or None."),
        ("f(size=1, rate=1" + "0" * 400 + ")", "rate must be float > 0."),
    ],
)
def test_bad_parameters_give_one_sentence(text, sentence):
    with pytest.raises(SpecError) as caught:
        bound(text)
    assert sentence in str(caught.value)


def test_classes_and_functions_without_parameters_take_none():
    class Plain:
        """Nothing to set."""

    assert parameters(Plain) == ()
    with pytest.raises(SpecError, match="Accepted: none"):
        bind(parse_single("p(x=1)"), parameters(Plain))


def test_a_signature_that_cannot_be_read_blames_the_plugin():
    def broken(x: "Nowhere") -> None:  # type: ignore[name-defined] # noqa: F821
        """Annotated with what does not exist."""

    with pytest.raises(PluginError, match=r"signature of .*broken.* cannot be read: NameError"):
        parameters(broken)


def test_types_are_described_for_people():
    assert describe_type(Annotated[int, Field(gt=0, le=9)]) == "int > 0 and <= 9"
    assert describe_type(int) == "int"


def test_an_unknown_name_suggests_and_lists():
    error = unknown("loss", "wgna", ["wgan", "ns"])
    assert isinstance(error, UnknownComponentError)
    assert str(error) == "No loss named 'wgna'. Did you mean 'wgan'? Available: ns, wgan."
    assert str(unknown("loss", "zzz", [])) == "No loss named 'zzz'. Available: none."


def test_many_choices_are_left_to_the_command_that_lists_them():
    names = [f"loss{i}" for i in range(31)]
    assert str(unknown("loss", "zzz", names, "ganbench list")) == (
        "No loss named 'zzz'. `ganbench list` lists all 31."
    )
    close = str(unknown("loss", "los7", names, "ganbench list"))
    assert "Did you mean 'loss7'? `ganbench list` lists all 31." in close
    assert str(unknown("loss", "zzz", names)).endswith("loss8, loss9.")
    assert str(unknown("loss", "zzz", names[:2], "ganbench list")).endswith("loss0, loss1.")
