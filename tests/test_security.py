"""What the source never calls, and which names, paths and texts are let through."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ganbench.api import SpecError, read_limited, user_path
from ganbench.escaping import plain
from ganbench.naming import file_name, is_file_name, is_name

ROOT = Path(__file__).parent.parent
SOURCES = sorted(
    path for folder in ("ganbench", "plugins") for path in (ROOT / folder).rglob("*.py")
)
FORBIDDEN = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "marshal.loads"),
    *("pickle.load", "pickle.loads", "cPickle.load", "dill.load", "dill.loads", "shelve.open"),
    *("cloudpickle.load", "cloudpickle.loads", "joblib.load", "pd.read_pickle", "pd.eval"),
    *("yaml.load", "yaml.unsafe_load", "torch.jit.load", "torch.hub.load", "np.fromfile"),
    *("tarfile.TarFile.extractall", "zipfile.ZipFile.extractall", "shutil.unpack_archive"),
}
METHODS = {"extractall", "to_pickle", "to_hdf"}
IMPORTS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
ALLOWED = {
    "plugins/ganbench_images/batches.py": {
        "pickle": "CIFAR comes pickled: a restricted reader that gives stand-ins for five names"
    }
}
"""File -> import -> why."""


def spelled(node):
    """Write a dotted name as in the source."""
    if isinstance(node, ast.Attribute):
        return f"{spelled(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def unsafe(call):
    """Say what is wrong with a call, nothing if all is well."""
    name = spelled(call.func)
    given = {keyword.arg: keyword.value for keyword in call.keywords}

    def says(option, value):
        return isinstance(given.get(option), ast.Constant) and given[option].value is value

    if name in FORBIDDEN or (name.rpartition(".")[2] in METHODS and "." in name):
        return name
    if name == "torch.load" and not says("weights_only", True):
        return "torch.load without weights_only=True"
    if name in ("np.load", "numpy.load") and not says("allow_pickle", False):
        return "np.load without allow_pickle=False"
    if name in ("np.save", "numpy.save") and says("allow_pickle", True):
        return "np.save with allow_pickle"
    if "shell" in given and not says("shell", False):
        return "a shell"
    return ""


def problems(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and unsafe(node):
            yield unsafe(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in IMPORTS)
        if isinstance(node, ast.ImportFrom) and node.module in IMPORTS:
            yield node.module


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_runs_what_it_reads(path):
    allowed = ALLOWED.get(path.relative_to(ROOT).as_posix(), {})
    found = set(problems(path.read_text(encoding="utf-8")))
    assert found - set(allowed) == set()
    assert set(allowed) <= found, "an exception that nothing needs"


@pytest.mark.parametrize(
    "line",
    [
        *("eval(x)", "exec(x)", "pickle.loads(x)", "import pickle", "from joblib import load"),
        *("torch.load(f)", "torch.load(f, weights_only=False)", "np.load(f)", "yaml.load(f)"),
        *("np.load(f, allow_pickle=True)", "subprocess.run(c, shell=True)", "os.system(c)"),
        *("archive.extractall(p)", "pd.read_pickle(p)", "subprocess.run(c, shell=s)"),
    ],
)
def test_the_scan_sees_what_it_looks_for(line):
    assert list(problems(line))


def test_the_scan_lets_what_is_safe_pass():
    safe = "torch.load(f, weights_only=True); np.load(f, allow_pickle=False); ast.literal_eval(x)"
    assert list(problems(f"{safe}; model.eval(); re.compile(x); subprocess.run(c)")) == []


# ---------------------------------------------------------------------------------- names, text


def test_file_names_hold_on_every_system():
    for name in ("a", "smoke", "mnist-8", "a.b_c-d", "64-0123.npy", "a=1+b"):
        assert is_file_name(name)
    for name in ("", ".", "a.", "..", "a..b", "a/b", "a b", "a" * 101, "nul", "NUL.txt", "com0.x"):
        assert not is_file_name(name)
    assert is_name("wgan-gp")
    assert not is_name("a" * 101)


def test_labels_make_file_names_that_differ():
    labels = ["ring8", "a/b", "a b", "../x", "é", "ü", "nul", "x" * 500, "x" * 501, "", "A", "a"]
    taken = []
    for label in labels:
        taken.append(file_name(label, "Samples", taken=taken))
    assert all(map(is_file_name, taken))
    assert len(set(taken)) == len(labels)
    assert taken[0] == "ring8-samples"
    assert file_name("fair(encoder='modes')", "Samples") == "fair-encoder=-modes--samples"


def test_text_that_steers_is_written_out():
    assert plain("plain text\n\tü 日本 \xa0 🐍") == "plain text\n\tü 日本 \xa0 🐍"
    assert plain("\x1b[2J\r\x07\x9b\u202e\u200b\ud800\0") == (
        r"\x1b[2J\r\x07\x9b\u202e\u200b\ud800\x00"
    )


# ------------------------------------------------------------------------------------- limits


def test_paths_that_no_system_has_are_refused():
    for text in ("", "a\0b", "\ud800", "a" * 256, "/".join(["a" * 200] * 30), "~nobody-here/x"):
        with pytest.raises(SpecError, match="is no path"):
            user_path(text)
    assert user_path("~/x") == Path("~/x").expanduser()
    assert user_path("../x") == Path("../x")


def test_no_more_than_the_limit_of_a_file_is_read(tmp_path):
    (tmp_path / "a").write_bytes(bytes(10))
    assert read_limited(tmp_path / "a", 10) == bytes(10)
    with pytest.raises(SpecError, match="too large: at most 9 bytes"):
        read_limited(tmp_path / "a", 9)
    with pytest.raises(SpecError, match="too large: at most 5000000 bytes"):
        read_limited(Path("/dev/zero"), 5_000_000)


def test_commands_of_ganbench_run_in_no_shell(tmp_path):
    """A grid's name and a component's text reach no shell: what would run there is only a name."""
    code = "from ganbench.cli import main; main()"
    command = [sys.executable, "-c", code, "run", "-d", "$(touch made)", "-a", "`touch made`"]
    done = subprocess.run(
        [*command, "-l", "; touch made"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert os.listdir(tmp_path) == []
