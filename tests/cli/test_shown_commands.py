"""What the documentation tells to type works: README and quick start run, all else parses."""

import re
import shlex
import shutil
import tomllib
from contextlib import nullcontext, suppress
from pathlib import Path

import click
import pytest

from ganbench.cli import main

ROOT = Path(__file__).parent.parent.parent
OTHER = {ROOT / "CHANGELOG.md", ROOT / "docs/cli.md"}
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")} - OTHER)
RUN = [ROOT / "README.md", ROOT / "docs/quick-start.md"]
PYTHON = [*RUN, *(ROOT / f"docs/{name}.md" for name in ("metrics", "figures", "comparison"))]
CELL = ["-a", "mlp(width=4, depth=1)", "-l", "ns", "-l", "hinge", "-d", "ring8", "--seeds", "2"]
CHEAP = [
    *("--executor", "inline", "--no-report", "-q", "-m", "mmd"),
    *("--set", "generator_steps=20", "--set", "batch_size=8", "--set", "block=2"),
    *("--evaluation", "samples=50", "--evaluation", "floor_splits=2"),
]


def blocks(page):
    """Return the lines of a page's blocks of commands, without comments."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)
    lines = "".join(text for language, text in found if language in ("", "bash")).splitlines()
    return [re.sub(r"(^|\s+)#\s.*", "", line) for line in lines]


def words(line):
    """Return the arguments of the call of ganbench in a line, without redirections."""
    called = re.search(r"(?:^|/|\s)ganbench (.*)", line)
    split = shlex.split(called[1]) if called else []
    return split[: next((i for i, word in enumerate(split) if word in (">", "|", "&")), None)]


def joined(span):
    return " ".join(span.split())


def shown(page):
    """Return every complete call of ganbench that a page shows."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    spans = re.findall(r"`((?:\w+=\S* )?ganbench [^`]+)`", prose)
    lines = [line.replace("\\|", "|") for line in [*blocks(page), *map(joined, spans)]]
    return [words(line) for line in lines if words(line) and not re.search(r"…|\.\.\.", line)]


def parse(arguments):
    """Read arguments as the command line does, and do nothing; prose may leave some out."""
    command = context = None
    for index, word in enumerate([None, *arguments]):
        if word is not None:
            command = command.get_command(context, word)
            assert command, f"no command {word}"
        command = command or main
        context = click.Context(command, context)
        if not isinstance(command, click.Group):
            with suppress(click.MissingParameter):
                command.make_context(word, arguments[index:], context)
            return


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_parse(page, monkeypatch):
    monkeypatch.setattr("ganbench.plugins.plugin_files", lambda paths: nullcontext())
    for arguments in shown(page):
        if not arguments[0].startswith("-"):
            try:
                parse(arguments)
            except click.UsageError as error:
                pytest.fail(f"{shlex.join(arguments)}: {error.format_message()}")


def test_what_pip_is_told_to_install_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for page in PAGES:
        for asked in re.findall(r"(?:ganbench|-e [\"']?\.)\[([\w,]+)\]", page.read_text("utf-8")):
            assert set(asked.split(",")) <= {*project["optional-dependencies"]}, page.name


def calls(run):
    """Return the calls of the pages in RUN, each once, of one folder and one run."""
    same = {"RUN": run, "first": "default", "results/first": "results/default"}
    found = [words(line) for page in RUN for line in blocks(page) if words(line)]
    assert len(found) > 20
    return dict.fromkeys(tuple(same.get(word, word) for word in call) for call in found)


@pytest.mark.slow
def test_commands_of_readme_and_quick_start_run(ganbench, registry, monkeypatch):
    """All but training, fetching and drawing the page is done, on a small folder; so is Python."""
    monkeypatch.setattr("ganbench.report.page.write_report", lambda results, out, registry: out)
    monkeypatch.setattr("ganbench.report.paper.write_paper", lambda *arguments: [])
    assert ganbench("run", *CELL, *CHEAP, "--results", "results/default").exit_code == 0
    for name in ("before", "after"):
        shutil.copytree("results/default", f"results/{name}")
    Path("mine.csv").write_text("age,city\n" + "31,Rome\n42,Oslo\n53,Rome\n" * 20)
    readme = (ROOT / "README.md").read_text("utf-8")
    Path("my_gan.py").write_text(re.search(r"```python\n(.*?)```", readme, re.S)[1])
    extra = {"run": ["--dry-run"], "evaluate": ["--executor", "inline", "--no-report"]}
    (run, *_) = sorted(path.name for path in Path("results/default/runs").iterdir())
    for name, *rest in calls(run):
        if name == "fetch":
            assert all(registry.find("dataset", each) for each in rest)
        else:
            done = ganbench(name, *rest, *extra.get(name, []))
            assert done.exit_code == 0, f"{name} {shlex.join(rest)}: {done.output}"
    for page in PYTHON:
        names = {"__name__": "shown"}  # what one block defines, the next may use
        for code in re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S):
            exec(compile(code, page.name, "exec"), names)
