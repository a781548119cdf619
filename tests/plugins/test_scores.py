"""The built-in scores keep the contract of `Metric`, and see what they are there to see."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import ganbench_scores
from ganbench.api import Dataset, DataSpec, MetricContext, Modes

FACTORIES = ganbench_scores.ganbench_metrics()
CENTERS = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])


class FourModes(Dataset):
    spec = DataSpec("vector", (2,))
    modes = Modes(CENTERS, 0.5, np.full(4, 0.25))

    def __init__(self):
        self.log_prob = self._log_density

    def sample(self, n, split, rng):
        picks = torch.randint(4, (n,), generator=rng)
        noise = torch.randn(n, 2, generator=rng)
        return torch.tensor(CENTERS, dtype=torch.float32)[picks] + 0.5 * noise

    def _log_density(self, x):
        squares = ((x[:, None] - torch.tensor(CENTERS).to(x)) / 0.5).square().sum(2)
        return (-squares / 2).logsumexp(1) - math.log(4 * 2 * math.pi * 0.25)


class Plain(Dataset):
    spec = DataSpec("vector", (2,))


def draw(n, seed, dataset=None):
    rng = torch.Generator().manual_seed(seed)
    return (dataset or FourModes()).sample(n, "test", rng).double().numpy()


def score_with(metric, real, fake, dataset=None, reference=None, tests=True):
    context = MetricContext(
        dataset or FourModes(),
        draw(300, 9) if reference is None else reference,
        np.random.default_rng(0),
        tests,
    )
    return {score.estimator: score for score in metric(real, fake, context)}


FITTING = [name for name, factory in FACTORIES.items() if factory().misfit(FourModes()) is None]


@pytest.fixture(params=FITTING)
def metric(request):
    return FACTORIES[request.param]()


def test_names():
    assert set(FACTORIES) == {
        *("jsd", "mmd", "kid", "energy", "c2st", "modes", "nll"),
        *("prdc", "fid", "sw", "w2", "authenticity", "memorisation"),
        *("ngrams", "jsd_law", "bleu", "novelty"),
        *("fidelity", "utility"),
    }


def test_docstrings_name_a_summary_and_a_source():
    for factory in FACTORIES.values():
        assert factory.__doc__.splitlines()[0].endswith(".")
        assert any(line.strip().startswith("Source: ") for line in factory.__doc__.splitlines())


def test_floors_have_every_estimator_that_scores_have(metric):
    real, fake = draw(150, 0), draw(150, 1)
    scores = score_with(metric, real, fake)
    floors = score_with(metric, real, fake, tests=False)
    of_sequences = {"distinct"} if type(metric) is FACTORIES["nll"] else set()
    assert set(scores) == set(floors) == set(metric.better) - of_sequences
    assert metric.headline in scores
    assert {name: score.value for name, score in scores.items()} == pytest.approx(
        {name: score.value for name, score in floors.items()}, abs=1e-12
    )


def test_misfit_is_none_or_a_sentence(metric):
    assert metric.misfit(FourModes()) is None
    reason = metric.misfit(Plain())
    assert reason is None or reason.endswith(".")
    knows_the_law = type(metric) in {FACTORIES["modes"], FACTORIES["nll"]}
    assert (reason is None) == (not knows_the_law)


def test_headline_sees_a_dropped_mode(metric):
    if type(metric) is FACTORIES["nll"]:
        pytest.skip("it is one-sided")
    real, good, fake = draw(400, 0), draw(400, 1), draw(800, 2)
    bad = fake[np.hypot(*fake.T) > 2][:400]
    values = [score_with(metric, real, each)[metric.headline].value for each in (good, bad)]
    worse = values[1] > values[0]
    assert worse == (metric.better[metric.headline] == "lower")
    assert values[0] != values[1]


def test_tests_detect_a_dropped_mode_and_only_when_wanted():
    real, fake = draw(400, 0), draw(800, 2)
    bad = fake[np.hypot(*fake.T) > 2][:400]
    for name in ("mmd", "c2st"):
        metric = FACTORIES[name]()
        assert score_with(metric, real, bad)[metric.headline].p_value < 0.01
    assert score_with(FACTORIES["mmd"](), real, bad, tests=False)["multi_rbf"].p_value is None
    assert score_with(FACTORIES["jsd"](), real, bad, tests=False)["knn"].low is None


def test_units_of_a_column_do_not_matter():
    units = np.array([1000.0, 0.001])
    real, fake, reference = draw(200, 0), draw(200, 1) + 0.5, draw(300, 9)
    for name in ("jsd", "mmd", "c2st", "prdc", "sw"):
        metric = FACTORIES[name]()
        plain = score_with(metric, real, fake, Plain(), reference)
        scaled = score_with(metric, real * units, fake * units, Plain(), reference * units)
        assert scaled[metric.headline].value == pytest.approx(
            plain[metric.headline].value, abs=1e-9
        )


def test_constant_columns_are_no_trouble(metric):
    dataset = SimpleNamespace(
        spec=DataSpec("vector", (3,)),
        modes=Modes(np.pad(CENTERS, ((0, 0), (0, 1))), 0.5, np.full(4, 0.25)),
    )
    dataset.log_prob = None
    if metric.misfit(dataset) is not None:
        pytest.skip("it needs the density")
    real, fake, reference = (np.pad(draw(100, s), ((0, 0), (0, 1))) for s in (0, 1, 9))
    scores = score_with(metric, real, fake, dataset, reference)
    assert all(math.isfinite(score.value) for score in scores.values())


def test_known_density_is_used_only_where_there_is_one():
    real, fake = draw(100, 0), draw(100, 1)
    assert "known" in score_with(FACTORIES["jsd"](), real, fake)
    assert "known" not in score_with(FACTORIES["jsd"](), real, fake, Plain())


def test_what_is_followed_during_training():
    assert {name for name, factory in FACTORIES.items() if factory.running} == {"mmd", "modes"}
