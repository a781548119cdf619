"""Results that travel: bundles, pinned plugins, and the commands that make a run again."""

import json
import os
import shlex
import shutil
from pathlib import Path

import pytest

from ganbench.report.requirements import frozen, pin
from ganbench.store import RunFiles, Store


def test_a_bundle_gives_the_same_tables_and_report_elsewhere(ganbench, results):
    done = ganbench("store", "export", results, "--bundle", "mine.tar.gz")
    assert (done.exit_code, done.stderr) == (0, "4 runs: mine.tar.gz\n")
    merged = ganbench("store", "merge", "all", "mine.tar.gz")
    assert merged.exit_code == 0, merged.output
    assert merged.stdout == "mine.tar.gz: 4 runs added, 0 known before.\n"
    assert ganbench("store", "verify", "all").stdout == "4 runs, 0 damaged.\n"
    for options in (["--tidy", "--json"], ["--format", "md"]):
        there = ganbench("table", results, *options).stdout
        assert ganbench("table", "all", *options).stdout == there != ""
    here, there = (Store(Path(folder)) for folder in (results, "all"))
    assert there.experiment() == here.experiment()
    again = ganbench("store", "merge", "all", "mine.tar.gz", results)
    assert again.stdout.count("0 runs added, 4 known before.") == 2


def test_a_bundle_without_networks_says_what_it_lacks(ganbench, results):
    slim = ("--without", "generators", "--without", "critics")
    assert ganbench("store", "export", results, "--bundle", "slim.tgz", *slim).exit_code == 0
    assert ganbench("store", "merge", "slim", "slim.tgz").exit_code == 0
    assert ganbench("store", "verify", "slim").exit_code == 0
    assert not list(Path("slim").glob("runs/*/*r.safetensors"))
    assert ganbench("table", "slim").stdout == ganbench("table", results).stdout
    figure = ganbench("figure", "slim", "--kind", "interpolation", "-d", "ring8")
    assert "holds no generator.safetensors" in figure.stderr
    run = Store(Path("slim")).ids()[0]
    refused = ganbench("sample", run, "--results", "slim")
    assert refused.exit_code == 4
    assert "holds no generator.safetensors: it failed, or the bundle" in refused.stderr


def test_requests_that_make_no_bundle_are_one_sentence(ganbench, results):
    with open("bad.tar.gz", "wb") as file:
        file.write(b"nothing of the kind")
    for arguments, code, sentence in (
        (("merge", "all", "bad.tar.gz"), 4, "'bad.tar.gz' is no bundle of results, or a damaged"),
        (("export", results, "--bundle", "no/x.tar.gz"), 4, "Cannot write 'no/x.tar.gz'"),
        (("export", results, "--bundle", "x", "-o", "y"), 2, "--bundle names its file itself"),
        (("export", results, "--without", "critics"), 2, "--without is for --bundle"),
    ):
        refused = ganbench("store", *arguments)
        assert refused.exit_code == code
        assert sentence in refused.stderr
    assert not os.path.exists("all")


# ------------------------------------------------------------------------------ requirements


@pytest.mark.parametrize(
    ("owner", "source", "line"),
    [
        ("my-gan 0.2", {}, "my-gan==0.2"),
        ("my_gan 0.2", {"url": "https://x.org/g", "vcs_info": {"vcs": "git", "commit_id": "ab1"}},
         "my_gan @ git+https://x.org/g@ab1"),
        ("g 1", {"url": "https://x.org/g.whl", "archive_info": {"hashes": {"sha256": "ff"}}},
         "g @ https://x.org/g.whl#sha256=ff"),
        ("g 1", {"url": "file:///home/me/g", "dir_info": {"editable": True}},
         "# g==1 was installed from file:///home/me/g (editable, on the machine"),
        ("g 1", {"url": "https://x.org/g\n--index-url https://evil", "archive_info": {}},
         "# g==1 was installed from https://x.org/g --index-url https://evil"),
        ("g 1\n--index-url https://evil", {}, "# g 1 --index-url https://evil: no distribution"),
        ("--index-url=https://evil 1", {}, "# --index-url=https://evil 1: no distribution"),
        ("g 1", {"url": "https://x.org/g", "vcs_info": {"vcs": "git", "commit_id": "a"},
                 "subdirectory": "sub"}, "g @ git+https://x.org/g@a#subdirectory=sub"),
        ("g 1", {"url": 3, "vcs_info": "git", "dir_info": []}, "# g==1 was installed from 3 (on"),
        ("my_gan.py 0a1b2c3d", {}, "# my_gan.py, a single file with sha256 0a1b2c3d…: name it"),
    ],
)  # fmt: skip
def test_what_pip_cannot_install_is_a_comment(owner, source, line):
    written = pin(owner, {"direct_url": source} if source else {})
    assert written == line if not line.startswith("#") else written.startswith(line)
    assert "\n" not in written


@pytest.fixture
def told(results, tmp_path):
    """A copy of results whose runs say that they used plugins of all kinds."""
    shutil.copytree(results, tmp_path / "told")
    store = Store(tmp_path / "told")
    experiment = store.experiment()
    cells = [cell for cell in experiment["cells"].values() if cell["misfit"] is None]
    for cell, owners in zip(cells, ("ganbench 0.1.0, my-gan 0.2", "my-gan 0.3"), strict=True):
        cell["origin"] = f"{owners}; data 00; engine 2"
    store.write_experiment(experiment)
    return store, [list(cell["runs"].values()) for cell in cells]


def test_freeze_pins_what_runs_used(ganbench, told):
    store, (first, second) = told
    lines = frozen(store, second)
    assert lines[1:] == ["my-gan==0.3"], "and ganbench, of the metrics"
    assert frozen(store, first)[1:] == ["my-gan==0.2"]
    assert "ganbench" in lines[0]
    every = ganbench("plugin", "freeze", store.folder, "-o", "requirements.txt")
    assert every.exit_code == 0
    with open("requirements.txt", encoding="utf-8") as file:
        written = file.read().splitlines()
    assert written == frozen(store)
    assert written[1:] == [
        "# The runs had several versions of my-gan; take one, or see --run.",
        "# my-gan==0.2",
        "# my-gan==0.3",
    ]
    one = ganbench("plugin", "freeze", store.folder, "--run", first[0]).stdout
    assert one.splitlines() == frozen(store, first)
    refused = ganbench("plugin", "freeze", store.folder, "-o", "no/x.txt")
    assert refused.exit_code == 4


# ------------------------------------------------------------------------------- reproduction

PLUGIN = '''"""A loss in a file."""
from ganbench.api import from_scores, hookimpl


def least(weight: float = 1.0):
    """Least squares.

    Source: an example
    """
    return from_scores(
        critic_fn=lambda real, fake: weight * ((real - 1).square().mean() + fake.square().mean()),
        generator_fn=lambda real, fake: (fake - 1).square().mean(),
    )


@hookimpl
def ganbench_losses():
    return {"least": least}
'''


def test_the_printed_command_makes_the_same_bits(ganbench, tmp_path):
    with open("mine.py", "w", encoding="utf-8") as file:
        file.write(PLUGIN)
    made = ganbench(
        "run", "-d", "ring8(std=0.05)", "-a", "mlp(width=4, depth=1)", "-l", "least(weight=2.0)",
        "-p", "normal(dim=2)", "--set", "generator_steps=5", "--set", "batch_size=8",
        "--set", "block=2", "--seeds", "2", "-m", "modes", "--evaluation", "samples=50",
        "--evaluation", "floor_splits=2", "--plugin", "mine.py", "--results", "first",
        "--executor", "inline", "--no-report", "-q",
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    first = Store(tmp_path / "here" / "first")
    run_id = next(i for i in first.ids() if first.run(i)["seed"] == 1)
    found = json.loads(
        ganbench("show", run_id, "--results", "first", "--reproduce", "--json").stdout
    )
    told = ganbench("show", run_id, "--results", "first", "--reproduce").stdout.splitlines()
    place = told.index(found["run"])
    assert told[-1] == found["compare"]
    shown = [f"# {s['metric']} {s['estimator']}: {s['value']:.4g}" for s in found["scores"]]
    assert told[place + 2 : -1] == shown != []
    assert told[0].startswith(f"# The run {run_id}, seed 1, has the same bits wherever these are")
    assert "; engine " in told[0]
    assert any(line.startswith("pip install") and "torch==" in line for line in told)
    assert any("mine.py, a single file with sha256" in line for line in told)
    program, *words = shlex.split(found["run"])
    assert program == "ganbench"
    assert words[words.index("--plugin") + 1] == "mine.py"
    again = ganbench(*words, "--executor", "inline", "--no-report", "-q")
    assert again.exit_code == 0, again.output
    second = Store(tmp_path / "here" / "reproduced")
    assert second.ids() == [run_id]
    assert second.samples(run_id).equal(first.samples(run_id))
    scores = [store.scores(run_id).drop(columns="seconds") for store in (first, second)]
    assert scores[0].equals(scores[1])
    assert len(scores[0]) > 0
    compared = ganbench(*shlex.split(found["compare"])[1:])
    assert compared.exit_code == 0
    for score in found["scores"]:
        assert f" {score['value']:.4g} " in compared.stdout
    environment = next(x for x in compared.stdout.splitlines() if x.startswith("environment: "))
    assert "sources" not in environment
    record = json.loads(ganbench(*shlex.split(found["compare"])[1:], "--json").stdout)
    assert "mine.py" in str(record["environment"]["sources"])


def test_words_of_a_stranger_are_no_commands(ganbench, told):
    store, ((run_id, *_), _) = told
    experiment = json.loads(
        json.dumps(store.experiment()).replace('"ring8"', json.dumps("x\n$(touch made) `x`"))
    )
    for cell in experiment["cells"].values():
        cell["origin"] = "g 1\ntouch made; data 0; engine 2\nrm -r ."
    store.write_experiment(experiment)
    run = store.run(run_id)
    run["environment"] |= {
        "python": "3.11\ntouch made", "platform": "a\ntouch made", "git_commit": "a\ntouch made",
        "distributions": {"torch": "2.0+cpu\ntouch made", "$(x)": "1", "numpy": "1.0"},
        "sources": {"g 1\ntouch made": {"file": "a; touch made\n.py", "sha256": "0\nx"}},
    }  # fmt: skip
    contents = store.checked(run_id)[0]
    new = RunFiles(run, samples=store.samples(run_id)).contents()
    assert set(new) < set(contents)
    store.place(run_id, new)
    arguments = ("show", run_id, "--results", store.folder, "--reproduce", "--json")
    found = json.loads(ganbench(*arguments).stdout)
    words = shlex.split(found["run"])
    assert words[:3] == ["ganbench", "run", "-d"]
    assert words[3] == "x\n$(touch made) `x`"
    install = [shlex.split(line, comments=True) for line in found["install"]]
    assert [each for each in install if each] == [
        ["python3.11", "-m", "venv", "reproduced-env"],
        [".", "reproduced-env/bin/activate"],
        ["pip", "install", "numpy==1.0"],
    ]
    assert all("\n" not in line for line in found["install"])
    told = ganbench(*arguments[:-1]).stdout.splitlines()
    first = told.index("python3.11 -m venv reproduced-env")
    assert all(line.startswith("# ") for line in told[:first])
