"""The ten examples of docs/plugins: each runs by the command that it names, and has scores."""

import shlex

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from examples import FOLDER, ORDER, command, page

from ganbench.api import MetricContext
from ganbench.cli import main
from ganbench.components import parse_single
from ganbench.plugins import load_plugins, plugin_files
from ganbench.results import load_results
from ganbench.store import Store
from ganbench.testing.rules import judge
from ganbench.testing.subject import Subject
from ganbench.testing.suite import rules_of

SMALL = "--seeds 2 --set generator_steps=4 --set batch_size=8 --set block=2 --no-report"
SMALL += " --evaluation samples=60 --evaluation floor_splits=2 --executor inline"


@pytest.fixture(scope="module", autouse=True)
def examples():
    """All examples, loaded once, here and where tasks run."""
    with plugin_files(FOLDER / f"{name}.py" for name in ORDER):
        yield load_plugins()


@pytest.fixture(scope="module")
def built(examples):
    return lambda kind, expression: examples.build(kind, parse_single(expression)).value


def test_the_page_shows_every_example_as_it_is():
    """Regenerate it with `python tests/examples.py > docs/plugins/README.md`."""
    assert sorted(ORDER) == sorted(path.stem for path in FOLDER.glob("*.py"))
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("name", ORDER)
def test_an_example_runs_by_its_command_and_has_scores(name, examples, tmp_path, monkeypatch):
    monkeypatch.chdir(FOLDER.parent.parent)
    line = command(name) + f" {SMALL} --results {tmp_path / 'results'}"
    line += "" if " -m " in line else " -m 'mmd(permutations=19)'"
    result = CliRunner().invoke(main, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    results = load_results(Store(tmp_path / "results"), examples)
    frame = results.frame
    assert set(frame["status"]) == {"ok"}
    assert set(frame["seed"]) == {0, 1}
    assert np.isfinite(frame["value"]).all()
    assert set(frame["engine"]) == {"traced"}
    assert "docs/plugins" in line


@pytest.mark.parametrize("name", ORDER)
def test_what_an_example_provides_passes_the_kit(name, examples):
    (plugin,) = [each for each in examples.plugins if each.name == f"{name}.py"]
    kind, component = plugin.provides[0].split()
    if name == "csv_dataset":
        component += f"(path='{FOLDER / 'iris.csv'}')"
    subject = Subject(kind, parse_single(component), examples)
    verdicts = [judge(rule, subject) for rule in rules_of(kind)]
    assert "ok" in {each.status for each in verdicts}
    assert [each for each in verdicts if each.status == "failed"] == []


def test_the_loss_in_six_lines_has_six():
    source = (FOLDER / "six_lines.py").read_text(encoding="utf-8")
    factory = source[source.index("def cauchy") : source.index("@hookimpl")]
    head, _, body = factory.split('"""')
    assert len([line for line in (head + body).splitlines() if line.strip()]) == 6


def test_the_margin_sinks_towards_the_energy_of_real_samples_and_never_rises(built):
    loss = built("loss", "adaptive_margin(start=2.0, rate=0.5)")
    real, fake = torch.ones(4), torch.full((4,), 5.0)
    _, state = loss.critic_loss(lambda x: x, real, fake, {}, loss.initial_state())
    assert state["margin"] == 1.5
    _, state = loss.critic_loss(lambda x: x, fake, fake, {}, state)
    assert state["margin"] == 1.5


def test_the_secant_of_a_linear_critic_is_its_slope_in_that_direction(built):
    penalty = built("regularizer", "secant(weight=2.0)").penalty
    draws = {"mix": torch.rand(5, 1), "direction": torch.tensor([[3.0, 0.0]]).repeat(5, 1)}
    real, fake = torch.randn(2, 5, 2)
    value = penalty(lambda x: x @ torch.tensor([4.0, 100.0]), real, fake, draws)
    torch.testing.assert_close(value, torch.tensor(2.0 * 3**2), rtol=1e-3, atol=0)


def test_slash_noise_has_the_tails_that_it_promises(built):
    prior = built("prior", "slash(dim=1, q=1.0)")
    z = prior.sample((200_000,), torch.Generator().manual_seed(0)).abs()
    assert ((z > 100).double().mean() * 100).item() == pytest.approx((2 / torch.pi) ** 0.5, 0.1)


def test_the_metric_measures_the_gap_of_means_and_its_test_keeps_its_level(built):
    metric, rng = built("metric", "hotelling"), np.random.default_rng(0)
    context = MetricContext(None, np.empty((0, 2)), rng)
    x = rng.standard_normal((20_000, 2))
    (score,) = metric(x, rng.normal([0.6, 0.8], size=(20_000, 2)), context)
    assert score.value == pytest.approx(1.0, rel=0.05)
    assert score.p_value < 1e-12
    pairs = (rng.standard_normal((2, 30, 2)) for _ in range(400))
    p_values = [metric(*pair, context)[0].p_value for pair in pairs]
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.09


def test_the_csv_file_is_read_standardised_and_divided(built, monkeypatch):
    monkeypatch.chdir(FOLDER)
    data = built("dataset", "columns(path='iris.csv')")
    train, test = data.rows("train"), data.rows("test")
    assert (train.shape, test.shape) == ((75, 4), (75, 4))
    torch.testing.assert_close(train.mean(dim=0), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(train.std(dim=0, correction=0), torch.ones(4))
