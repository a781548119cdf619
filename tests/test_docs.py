"""The documentation names everything that there is."""

import inspect
import json
import re
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click
import pandas as pd
import pytest
import torch
from click.testing import CliRunner

from ganbench import hookspecs, testing
from ganbench.catalogue import markdown
from ganbench.cells import plan
from ganbench.cli import main
from ganbench.cli.reference import markdown as reference
from ganbench.comparison import compare
from ganbench.grid import Evaluation, Grid, make_grid
from ganbench.plugins import GROUP, load_plugins
from ganbench.recipe import Recipe
from ganbench.report import figures
from ganbench.report.figures import KINDS
from ganbench.report.tables import TIDY_COLUMNS
from ganbench.testing.suite import RULES
from ganbench.training.loop import train

ROOT = Path(__file__).parent.parent
FAIR, MARKOV = "fair(encoder='modes')", "markov(vocabulary=5, length=6)"
NS = "ns+r1(gamma=0.1)"


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def commands(group=main, prefix=""):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_every_command_is_told_of_and_every_option_explained():
    page = text("docs/commands.md")
    for name, command in commands():
        assert re.search(rf"^## (.*, )?{name}(, .*)?$", page, re.MULTILINE), name
        assert command.help, name
        for option in command.params:
            told = option.help if isinstance(option, click.Option) else option.name
            assert told, f"{name} {option.name}"


def test_the_reference_of_commands_is_what_they_say():
    """Regenerate it with `ganbench --markdown > docs/cli.md`."""
    assert text("docs/cli.md") == reference(main)
    for name, _ in commands():
        assert f"\n## {name}\n" in text("docs/cli.md")
    shown = CliRunner().invoke(main, ["--markdown"])
    assert shown.stdout == text("docs/cli.md")


def test_every_environment_variable_is_documented():
    page = text("docs/commands.md")
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "ganbench").rglob("*.py"))
    for name in set(re.findall(r"GANBENCH_[A-Z_]+", code)):
        assert f"`{name}`" in page, name


def test_every_kind_of_figure_is_documented():
    page = text("docs/figures.md")
    assert f"one of {len(KINDS)} kinds" in text("README.md")
    for name in KINDS:
        assert f"\n| `{name}` |" in page, name
    for name in figures.__all__:
        if inspect.isfunction(getattr(figures, name)) and name not in ("encode", "film"):
            assert name in page or name.replace("_", "-") in page, name


def test_every_hook_is_documented():
    page = text("docs/plugins.md")
    hooks = [name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction)]
    assert len([name for name in hooks if name.startswith("ganbench_")]) == 12
    for name in hooks:
        assert name in page


def test_every_rule_of_the_conformance_kit_is_documented():
    page = text("docs/testing.md")
    for rule in RULES:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{rule.name}`"))
        assert f" | {rule.statement} | {rule.mend} |" in row
    for name in testing.__all__:
        assert f"`{name}`" in page


def test_every_setting_and_grid_field_is_documented():
    page = text("docs/grids.md")
    for name in (*Recipe.model_fields, *Grid.model_fields, *Evaluation.model_fields):
        written = rf"^(\[+{name}\]+|{name} = |\|[^|]*`{name}`)"
        assert re.search(written, page, re.MULTILINE), name


def test_documented_defaults_of_the_recipe_are_true():
    page = text("docs/grids.md")
    for name, field in Recipe.model_fields.items():
        row = next(
            line for line in page.splitlines() if line.startswith("|") and f"`{name}`" in line
        )
        default = "none" if field.default is None else json.dumps(field.default)
        assert default in row, name


def test_every_column_of_the_tidy_table_is_documented():
    page = text("docs/commands.md")
    for column in TIDY_COLUMNS:
        assert f"`{column}`" in page


def test_every_metric_and_estimator_is_documented(registry):
    page = text("docs/metrics.md")
    for name in registry.names("metric"):
        for estimator in registry.find("metric", name).factory().better:
            assert f"`{estimator}`" in page, f"{name} {estimator}"


def test_the_plugin_of_the_readme_guide_works(tmp_path, monkeypatch):
    """The example of docs/plugins.md, loaded through an entry point, trains."""
    source = re.search(r"```python\n(.*?)```", text("docs/plugins.md"), re.DOTALL)[1]
    (tmp_path / "my_gan.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    points = [*entry_points(group=GROUP), EntryPoint("my-gan", "my_gan", GROUP)]
    registry = load_plugins(points)
    entry = registry.find("loss", "cauchy")
    assert entry.summary.startswith("Cauchy")
    assert entry.source == "an example"
    grid = make_grid(
        {
            "name": "example",
            "datasets": ["ring8"],
            "architectures": ["mlp(width=4, depth=1)"],
            "losses": ["cauchy(scale=2.0)+r1(gamma=0.1)"],
            "priors": ["normal(dim=2)"],
            "train": {"generator_steps": 3, "block": 1},
        },
        origin="test",
    )
    (cell,) = plan(grid, registry)
    *_, progress = train(cell, [0], torch.device("cpu"))
    assert progress.engine.rung == "traced"
    assert not progress.diverged


def test_the_table_of_the_readme_is_the_committed_one():
    page = text("results/reference/default/README.md")
    first = page.split("\n### ")[1].split("\n", 1)[1].strip()
    assert first in text("README.md")


@pytest.mark.parametrize(
    ("grid", "dataset", "generator", "loss", "estimator", "shown"),
    [
        ("images", "digits", "dcgan", "wgan+gp(weight=1.0)", "max", ".729"),
        ("images", "digits", "dcgan", "wgan+gp(weight=1.0)", "fid", "1.96"),
        ("images", "digits", "gaussian", "none", "max", ".956"),
        ("images", "digits", "kde", "none", "fid", "5.42"),
        ("tables", FAIR, "mlp(width=128)", "wgan+gp(weight=0.1)", "columns", ".059"),
        ("tables", FAIR, "mlp(width=128)", "wgan+gp(weight=0.1)", "max", ".652"),
        ("tables", "fair", "copula", "none", "columns", ".029"),
        ("tables", "fair", "copula", "none", "max", ".613"),
        ("text", MARKOV, "gru(hidden=48, relaxation='st_gumbel')", NS, "jsd2", "9.8e-4"),
        ("text", MARKOV, "gru(hidden=48, relaxation='st_gumbel')", NS, "jsd_law", ".215"),
        ("text", MARKOV, "ngram", "none", "jsd2", "-1.9e-5"),
        ("text", MARKOV, "ngram", "none", "jsd_law", ".199"),
    ],
)  # fmt: skip
def test_figures_of_the_readme_are_those_of_the_quick_grids(
    grid, dataset, generator, loss, estimator, shown
):
    scores = pd.read_parquet(ROOT / f"results/reference/{grid}-quick/scores.parquet")
    names = {"dataset": dataset, "generator": generator, "loss": loss, "estimator": estimator}
    mine = scores[(scores[list(names)] == pd.Series(names)).all(axis=1)]
    assert len(mine) == 2
    assert abs(mine["value"].mean() - float(shown)) <= 0.5 * _last_place(shown)
    assert f"| {shown} " in text("README.md")


def test_figures_of_the_questions_are_those_of_the_default_grid():
    scores = pd.read_parquet(ROOT / "results/reference/default/scores.parquet")
    mine = scores[(scores["metric"] == "jsd") & (scores["estimator"] == "lower_bound")]
    found = compare(mine.assign(headline=True), by="loss").aggregate.set_index("variant")
    page = text("docs/faq.md")
    losses = ("wgan+gp(weight=0.1)", "rp+r1(gamma=0.1)+r2(gamma=0.1)", "ns+r1(gamma=0.1)", "ns")
    first, *others = (f"{found.loc[loss, 'iqm']:.3f}"[1:] for loss in (*losses, "hinge"))
    low, high = (f"{found.loc[losses[0], end]:.3f}"[1:] for end in ("iqm_low", "iqm_high"))
    assert f"{first} ({low} to {high})" in page
    assert f"{', '.join(others[:-1])} and {others[-1]}" in page


def _last_place(shown):
    """Return what one in the last digit of a number stands for."""
    mantissa, _, power = shown.partition("e")
    return 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))


def test_the_catalogue_lists_what_is_registered():
    """Regenerate it with `ganbench list --markdown > docs/catalogue.md`."""
    assert text("docs/catalogue.md") == markdown(load_plugins())
