"""Random and mutated grids and expressions: read or refused in one sentence, never a traceback."""

import functools
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ganbench_grids
from ganbench.cells import plan
from ganbench.components import parse, parse_pair
from ganbench.errors import GanbenchError, SpecError
from ganbench.extent import check_extent
from ganbench.grid import Grid, load_grid, make_grid, parse_seeds, parse_settings
from ganbench.recipe import Recipe

GRIDS = [
    file.read_text(encoding="utf-8")
    for file in sorted(Path(ganbench_grids.__file__).parent.glob("*.toml"))
]
EXPRESSIONS = [
    "ns+r1(gamma=[0.1, 2], name='a+b')+gp(weight=(1, 2))",
    "generator=mlp(width=[8, 16], depth=1) discriminator=dcgan(width=2)",
    "hf(name='ylecun/mnist', size=8, channels=1)",
    "table(path='people.csv', target='age', categorical=('job', 'town'))",
    "text(path='../../secret', length=[8, 9])",
    "normal(dim=2)",
    "0-4,7",
]
SIGNS = [
    *"()[]{}=,.+-'\"\\#\n\t\r *:;~/_eE0x9", "\0", "\x1b[2J", "\u202e", "\uff0e", "\uff0f",
    "\ud800", "é", "🐍", "nan", "inf", "-inf", "1e999", "9" * 400, "0x" + "f" * 4000,
    "10**10**10", "true", "None", "..", "__import__('os')", "(" * 90, "[" * 90, "{", "a=1,", '"""',
    "\n[[override]]\n", "\nwhere = {}\n", "\nseeds = ", "lambda: 0", "*x", "**x", ":=",
    "1j", "b''", "f'{x}'",
]  # fmt: skip


def many(count):
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


place = st.integers(0, 2**30)
edit = st.tuples(st.sampled_from(["insert", "delete", "double", "swap"]), place, place, place)


def mutated(text: str, edits: list[tuple[str, int, int, int]]) -> str:
    """Insert signs, delete, double or swap pieces."""
    for what, first, second, third in edits:
        i = first % (len(text) + 1)
        j = i + 1 + second % 30
        k = j + third % 60
        text = {
            "insert": text[:i] + SIGNS[second % len(SIGNS)] + text[i:],
            "delete": text[:i] + text[j:],
            "double": text[:j] + text[i:],
            "swap": text[:i] + text[j:k] + text[i:j] + text[k:],
        }[what]
    return text


edits = st.lists(edit, min_size=1, max_size=5)
expression = st.one_of(
    st.builds(mutated, st.sampled_from(EXPRESSIONS), edits),
    st.text(max_size=60),
    st.lists(st.sampled_from(["a", "mlp", "ns", *SIGNS]), max_size=12).map("".join),
)


@pytest.fixture(scope="module", autouse=True)
def no_grid_reads_files(tmp_path_factory):
    """Let what a mutated path names not be there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("empty"))
        yield


def answered(function, *arguments):
    """Call what may refuse its arguments, in a sentence."""
    try:
        return function(*arguments)
    except GanbenchError:
        return None


@many(5000)
@given(expression)
def test_expressions_are_read_or_refused(text):
    for read in (parse, parse_pair, parse_seeds):
        answered(read, text)
    for setting in (text, f"key={text}"):
        for value in (answered(parse_settings, [setting]) or {}).values():
            answered(make_grid, {"name": "x", "train": {"ema": value}}, "test")
    for part in answered(parse, text) or ():
        answered(lambda part=part: part.alternatives <= 100 and part.axes())


@many(2500)
@given(st.sampled_from(GRIDS), edits)
def test_mutated_grid_files_are_read_or_refused(tmp_path_factory, registry, text, edits):
    file = tmp_path_factory.getbasetemp() / "mutated.toml"
    file.write_bytes(mutated(text, edits).encode("utf-8", "surrogatepass"))
    grid = answered(load_grid, str(file), registry)
    if grid is not None:
        answered(check_extent, grid)


scalar = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.text(max_size=8),
    st.sampled_from([*EXPRESSIONS, *SIGNS, "mlp", "ns", "ring8", "normal(dim=2)", "0-9"]),
    st.dates(),
    st.sampled_from([2**20_000, -(2**64), functools.reduce(lambda inner, _: [inner], range(999))]),
)
flat = scalar | st.lists(scalar, max_size=3)
value = flat | st.dictionaries(st.text(max_size=5), flat, max_size=2)
fields = st.dictionaries(
    st.sampled_from([*Grid.model_fields]) | st.text(max_size=6),
    st.one_of(
        value,
        st.lists(st.sampled_from(EXPRESSIONS) | expression, max_size=3),
        st.dictionaries(st.sampled_from([*Recipe.model_fields]), value, max_size=3),
        st.lists(st.fixed_dictionaries({"where": value, "set": value}), max_size=2),
    ),
    max_size=5,
)


@many(1500)
@given(fields)
def test_random_grids_are_read_or_refused(fields):
    grid = answered(make_grid, {"name": "x", **fields}, "test")
    if grid is not None:
        answered(check_extent, grid)


BASE = {
    "name": "x",
    "seeds": 2,
    "datasets": ["ring8(std=[0.02, 0.05])"],
    "priors": ["normal(dim=2)"],
    "architectures": [
        {"generator": "mlp(width=[4, 8], depth=1)", "discriminator": "mlp(width=4)"}
    ],
    "losses": ["ns+r1(gamma=0.1)", "wgan+clip"],
    "train": {"generator_steps": 5, "batch_size": 8},
    "override": [{"where": {"loss": "wgan+clip"}, "set": {"critic_steps": 2}}],
    "exclude": [{"where": {"loss": "ns+r1", "generator": "mlp(width=8)"}}],
    "baselines": ["gaussian"],
}
AXES = [field for field in BASE if field not in ("name", "seeds")]
PLAIN = ["ns+r1(gamma=0.1)", "mlp(width=4)", "normal(dim=2)", "ring8(std=0.1)"]
ODD = [
    *("ring8", "hinge", "wgan+gp", "kde", "a" * 300, "ring8(std=1e-9)", "table(path='x')"),
    *("text(path='\\x00')", "image_folder(path='~nobody/x')", f"mlp(width={'9' * 30})"),
]
cheap = st.builds(mutated, st.sampled_from(PLAIN), edits) | st.sampled_from(ODD)


@many(1000)
@given(st.sampled_from(AXES), st.lists(cheap, max_size=2), st.lists(value, max_size=1))
def test_grids_of_real_components_are_planned_or_refused(registry, axis, axes, odd):
    grid = answered(make_grid, {**BASE, axis: axes or odd}, "test")
    if grid is not None:
        answered(plan, grid, registry)


# -------------------------------------------------------------------------------------- limits

TEN = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
BOMB = f"a({', '.join(f'x{i}={TEN}' for i in range(20))})"
AXIS = f"a({', '.join(f'x{i}={TEN}' for i in range(5))})"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"losses": [BOMB]}, "stands for more than 10^20 cells, and at most 1,000,000 are"),
        ({"losses": ["+".join([AXIS] * 3)]}, "stands for more than 10^15 cells"),
        ({"losses": [AXIS], "priors": [AXIS]}, "stands for 10,000,000,000 cells"),
        (
            {"architectures": [f"generator={AXIS} discriminator=b{AXIS[1:]}"]},
            "10,000,000,000 cells",
        ),
        (
            {"architectures": [{"generator": [AXIS, AXIS], "discriminator": AXIS}]},
            "stands for 20,000,000,000 cells",
        ),
        ({"baselines": [AXIS] * 11}, "stands for 1,100,001 cells"),
        ({"losses": [AXIS], "seeds": 101}, "stands for 10,100,000 runs, and at most 10,000,000"),
    ],
)
def test_a_grid_of_too_many_cells_is_refused_before_any_is_made(fields, sentence):
    base = {"name": "x", "datasets": ["d"], "losses": ["l"], "priors": ["p"]}
    grid = make_grid({**base, "architectures": ["a"], "seeds": 1, **fields}, "test")
    with pytest.raises(SpecError, match=re.escape(sentence)):
        check_extent(grid)


def test_planning_counts_first(registry):
    with pytest.raises(SpecError, match="divide it into several grids"):
        plan(
            make_grid({**BASE, "seeds": 100_000, "priors": [f"normal(dim={TEN})"] * 30}, "x"),
            registry,
        )


def test_one_expression_has_not_endlessly_many_alternatives():
    assert len(parse(AXIS)[0].axes()) == 100_000
    with pytest.raises(SpecError, match="100000000000000000000 alternatives; at most 100000 fit"):
        parse(BOMB)[0].axes()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("seeds = " + "9" * 5000, "no valid TOML"),
        ("seeds = 0x" + "f" * 500_000, "a number has more than 64 bits: 0xfff"),
        ("seeds = '" + "0-99999," * 100_000 + "1'", "does not fit: give a count"),
        ("train = {a = " + "[" * 50 + "]" * 50 + "}", "lie more than 8 tables or lists deep"),
        ("[train." + "a." * 20_000 + "a]", "lie more than 8 tables or lists deep"),
        ("d" * 1_000_000 + " = 1", "No grid field named 'ddd"),
        ("#" * (2**20 + 1), "is too large: at most 1048576 bytes are read"),
        ("architectures = ['generator=" + "," * 900_000 + "']", "has at most 3000 characters"),
        ("losses = ['" + "a" * 900_000 + "']", "has at most 1000 characters"),
        ("train = {ema = 1979-05-27}", "ema = datetime.date(1979, 5, 27) does not fit"),
    ],
)
def test_grid_files_that_ask_for_endless_work_are_refused(tmp_path, registry, content, sentence):
    file = tmp_path / "bomb.toml"
    file.write_text(content)
    base = {axis: BASE[axis] for axis in ("datasets", "priors", "architectures", "losses")}
    started = time.process_time()
    with pytest.raises(SpecError, match=re.escape(sentence)):
        plan(
            make_grid(
                {**base, **load_grid(str(file), registry).model_dump(exclude_unset=True)}, "x"
            ),
            registry,
        )
    assert time.process_time() - started < 10


def test_a_file_without_an_end_is_not_read_to_it(registry):
    with pytest.raises(SpecError, match="is too large"):
        load_grid("/dev/zero", registry)


@pytest.mark.parametrize("text", ["x=0x" + "f" * 9999, "x=" + "[" * 20 + "]" * 20])
def test_settings_that_nobody_needs_are_refused(text):
    with pytest.raises(SpecError, match=r"^--set x="):
        parse_settings([text])
