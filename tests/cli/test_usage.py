"""Misuse: one sentence on stderr, the right exit code, and nothing written."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from ganbench.cli.execution import log_to_stderr

FLAGS = ["-d", "ring8", "-a", "mlp", "-l", "ns"]


def refused(result, code, *, words=""):
    assert result.exit_code == code, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert words in line
    assert result.stdout == ""
    assert list(Path().iterdir()) == []


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from ganbench.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'torch', 'numpy', 'pandas', 'sklearn', 'seaborn', 'matplotlib', 'pydantic'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Benchmark GANs" in done.stdout


def test_help_lists_every_command(ganbench):
    result = ganbench("--help")
    assert result.exit_code == 0
    plain = ("run", "evaluate", "status", "show", "table", "report", "compare", "list", "info")
    for command in (*plain, "doctor"):
        assert f"\n  {command} " in result.stdout
        assert ganbench(command, "--help").exit_code == 0
    for command in (("grid", "show"), ("plugin", "list")):
        assert ganbench(*command, "--help").exit_code == 0


def test_no_command_shows_the_help(ganbench):
    for arguments in ([], ["grid"], ["plugin"]):
        result = ganbench(*arguments)
        assert result.exit_code == 2
        assert "Usage: ganbench" in result.output


def test_version(ganbench):
    assert ganbench("--version").stdout.startswith("ganbench, version ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rnu"], "No command named 'rnu'. Did you mean 'run'?"),
        (["--bogus"], "No such option"),
        (["run", "--bogus"], "No such option"),
        (["run", "extra", *FLAGS], "unexpected extra argument"),
        (["run", *FLAGS, "--tracker", "mlfow"], "No tracker named 'mlfow'. Did you mean 'mlflow'"),
        (["run", *FLAGS, "--tracker", "csv(file='x')"], "csv has no parameter 'file'"),
        (["grid", "shwo"], "No such command 'shwo'"),
        (["list", "loses"], "'loses' is not one of 'architectures', 'losses'"),
        (["info"], "Missing argument 'NAME'"),
        (["info", "wgna"], "No component named 'wgna'. Did you mean 'wgan'?"),
        (["grid", "show", "smkoe"], "Did you mean 'smoke'?"),
        (["grid", "show", "no.toml"], "There is no grid file 'no.toml'"),
        (["status", "nowhere"], "'nowhere' is no results folder"),
        (["table", "a" * 300], "is no results folder"),
        (["table", "nowhere", "--format", "xml"], "'xml' is not one of 'table', 'csv'"),
        (["report", "nowhere"], "is no results folder"),
        (["show", "abc"], "No run begins with 'abc'"),
        (["show", "abc", "--results", "nowhere"], "'nowhere' is no results folder"),
    ],
)
def test_misuse_of_a_command(ganbench, arguments, words):
    refused(ganbench(*arguments), 2, words=words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Say what to run: --grid NAME"),
        (["-d", "ring8"], "Say what to run: --grid NAME"),
        (["--grid", "smkoe"], "Did you mean 'smoke'?"),
        (["--grid", "no.toml"], "There is no grid file"),
        ([*FLAGS, "-d", "rnig8"], "No dataset named 'rnig8'. Did you mean 'ring8'?"),
        ([*FLAGS, "-a", "mpl"], "No architecture named 'mpl'. Did you mean 'mlp'?"),
        ([*FLAGS, "-a", "mlp(width=0)"], "mlp(width=0): width must be int > 0 and <= 65536."),
        ([*FLAGS, "-a", "mlp(witdh=8)"], "Did you mean 'width'?"),
        ([*FLAGS, "-l", "ns+"], "Cannot read 'ns+'"),
        ([*FLAGS, "-l", "ns(("], "Cannot read 'ns(('"),
        ([*FLAGS, "-l", "ns+clp"], "No regularizer named 'clp'. Did you mean 'clip'?"),
        ([*FLAGS, "-p", "normal+uniform"], "A prior is one component"),
        ([*FLAGS, "-p", "normal(dim=1.5)"], "dim must be int > 0"),
        ([*FLAGS, "-m", "mdm"], "No metric named 'mdm'. Did you mean 'mmd'?"),
        ([*FLAGS, "-m", "mmd", "-m", "mmd"], "A metric is named twice"),
        ([*FLAGS, "--seeds", "0"], "seeds = '0' does not fit"),
        ([*FLAGS, "--seeds", "4-1"], "seeds = '4-1' does not fit"),
        ([*FLAGS, "--seeds", "many"], "seeds = 'many' does not fit"),
        ([*FLAGS, "--set", "generator_steps"], "--set takes KEY=VALUE"),
        ([*FLAGS, "--set", "generator_steps=0"], "--set: generator_steps = 0 does not fit"),
        ([*FLAGS, "--set", "steps=5"], "--set: No recipe setting named 'steps'"),
        ([*FLAGS, "--set", "critic_rate=inf"], "not finite"),
        ([*FLAGS, "--set", "ema="], "--set: ema = '' does not fit"),
        ([*FLAGS, "--evaluation", "samples"], "--evaluation takes KEY=VALUE"),
        ([*FLAGS, "--evaluation", "samples=5"], "field 'evaluation.samples' = 5 does not fit"),
        ([*FLAGS, "--evaluation", "rows=500"], "rows"),
        ([*FLAGS, "--device", "gpu"], "No device named 'gpu'"),
        ([*FLAGS, "-j", "0"], "0 is not in the range"),
        ([*FLAGS, "-j", "two"], "'two' is not a valid integer"),
        ([*FLAGS, "--executor", "cloud"], "'cloud' is not one of 'local', 'inline'"),
        ([*FLAGS, "--timeout", "0"], "not in the range"),
        ([*FLAGS, "--timeout", "nan"], "nan is not finite"),
        ([*FLAGS, "--retries", "-1"], "not in the range"),
        ([*FLAGS, "-x", "0"], "not in the range"),
        ([*FLAGS, "-a", "dcgan", "-a", "dcgan", "--dry-run", "-x"], "requires an argument"),
        (["-d", "ring8", "-a", "dcgan", "-l", "ns"], "no compatible cell: dcgan fits image data"),
    ],
)
def test_bad_values_of_run(ganbench, arguments, words):
    refused(ganbench("run", *arguments), 2, words=words)


@pytest.mark.parametrize("arguments", [["info", "qqqqqq"], ["plugin", "check", "qqqqqq"]])
def test_a_name_that_is_like_no_other_is_no_wall_of_names(ganbench, arguments):
    result = ganbench(*arguments)
    refused(result, 2, words="named 'qqqqqq'. `ganbench list` lists all ")
    assert len(result.stderr) < 150


@pytest.mark.parametrize(("verbose", "more"), [(False, ""), (True, "Debug: It is wet.\n")])
def test_what_is_logged_reads_as_sentences(verbose, more, monkeypatch, capsys):
    root = logging.getLogger()
    before = root.level
    monkeypatch.setattr(root, "handlers", [])
    try:
        log_to_stderr(verbose)
        log = logging.getLogger("ganbench.weather")
        log.warning("It rains on %s.", "\x1b[31mthem")
        log.debug("It is wet.")
    finally:
        root.setLevel(before)
    assert capsys.readouterr().err == f"Warning: It rains on \\x1b[31mthem.\n{more}"


def test_a_device_that_is_not_there(ganbench, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    refused(ganbench("run", *FLAGS, "--device", "cuda"), 3, words="There is no device 'cuda' here")


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null", "/dev/null/below", "a" * 300])
def test_results_that_cannot_be_written(ganbench, place):
    refused(ganbench("run", *FLAGS, "--results", place), 4, words=f"'{place}'")


def test_a_broken_selection_of_plugins(ganbench, monkeypatch):
    monkeypatch.setenv("GANBENCH_PLUGINS", "lossse")
    refused(ganbench("list"), 2, words="Did you mean 'losses'?")


def test_a_loss_and_a_dataset_are_enough_and_a_baseline_needs_no_players(ganbench):
    for flags, cell in (
        (["-l", "ns"], "ring8 · mlp · ns · normal"),
        (["-b", "kde"], "ring8 · kde"),
    ):
        shown = ganbench("run", "-d", "ring8", *flags, "--dry-run")
        assert shown.exit_code == 0, shown.output
        assert f" {cell} " in shown.stdout
        assert "5 runs to do" in shown.stdout


def test_without_plugins_there_is_nothing_to_run(ganbench, monkeypatch):
    monkeypatch.setenv("GANBENCH_PLUGINS", "")
    assert ganbench("list", "--json").stdout.strip() == "[]"
    assert ganbench("plugin", "list").exit_code == 0
    refused(ganbench("run", *FLAGS), 2, words="Say from which noise with -p. Available: none.")
    refused(ganbench("run", *FLAGS, "-p", "normal"), 2, words="Available: none.")


def test_the_program_itself_leaves_no_traceback(tmp_path):
    program = [sys.executable, "-c", "from ganbench.cli import main; main()"]
    command = [*program, "run", "--grid", "smkoe"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
