"""One suite over everything that is registered: what every component must do."""

import functools
import inspect
import math
import os
import re

import numpy as np
import pytest
import torch

from ganbench import seeding
from ganbench.api import Dataset, MetricContext
from ganbench.cells import plan
from ganbench.components import Component
from ganbench.errors import NotCachedError
from ganbench.evaluation import features
from ganbench.grid import load_grid
from ganbench.plugins import KINDS, load_plugins

REGISTRY = load_plugins()
ENTRIES = [
    REGISTRY.find(kind, name) for kind in KINDS for name in REGISTRY.names(kind) if kind != "grid"
]


SHORT = {"pydoc": (("length", 8), ("max_symbols", 16))}
"""Parameters of datasets whose rows are long by default."""


def built_anew(kind, name, *params):
    return REGISTRY.build(kind, Component(name, (*SHORT.get(name, ()), *params))).value


@functools.cache
def build(kind, name):
    """Build a component for all tests, which leave it as it is; reading a dataset takes long."""
    return built_anew(kind, name)


def needs_nothing(entry):
    """Whether it can be built as it is, without a file of the user's and without the network."""
    if any(parameter.required for parameter in entry.parameters):
        return False
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANBENCH_DATA", os.devnull)
        try:
            REGISTRY.build(entry.kind, Component(entry.name))
        except NotCachedError:
            return False
    return True


AS_THEY_ARE = [entry for entry in ENTRIES if entry.kind != "dataset" or needs_nothing(entry)]
DATASETS = [entry.name for entry in AS_THEY_ARE if entry.kind == "dataset"]


def rng(*role):
    return seeding.torch_stream(0, *role)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind}-{entry.name}")
class TestEveryComponent:
    def test_says_what_it_is_and_where_it_comes_from(self, entry):
        assert entry.summary.endswith(".")
        assert entry.source

    def test_has_typed_documented_parameters_with_defaults(self, entry):
        for parameter in entry.parameters:
            assert parameter.annotation is not inspect.Parameter.empty
            assert not parameter.required or entry.kind == "dataset"
            assert parameter.name in entry.doc


@pytest.mark.parametrize("entry", AS_THEY_ARE, ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_builds_alike_twice_and_leaves_the_global_random_state_alone(entry):
    before = torch.get_rng_state()
    first, second = (REGISTRY.build(entry.kind, Component(entry.name)) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert first.identity == second.identity
    assert first.label == entry.name, "defaults are not part of the label"


@pytest.mark.parametrize("name", DATASETS)
class TestEveryDataset:
    def test_samples_have_the_promised_shape_type_and_range(self, name):
        data: Dataset = build("dataset", name)
        for split in ("train", "test"):
            x = data.sample(50, split, rng(split))
            assert x.shape == (50, *data.spec.shape)
            assert x.dtype == torch.float32
            assert torch.isfinite(x).all()
            if data.spec.low is not None:
                assert x.min() >= data.spec.low
                assert x.max() <= data.spec.high

    def test_the_same_stream_gives_the_same_samples_and_another_gives_others(self, name):
        data = build("dataset", name)
        first = data.sample(20, "train", rng("a"))
        assert torch.equal(first, data.sample(20, "train", rng("a")))
        assert not torch.equal(first, data.sample(20, "train", rng("b")))

    def test_real_samples_are_fixed_points_of_project(self, name):
        data = build("dataset", name)
        x = data.sample(200, "test", rng("project"))
        assert torch.equal(data.project(x), x)
        noisy = data.project(x + 0.3 * torch.randn(x.shape, generator=rng("noise")))
        assert torch.equal(data.project(noisy), noisy)

    def test_a_finite_set_is_divided_into_halves(self, name):
        data = build("dataset", name)
        train, test = data.rows("train"), data.rows("test")
        if train is None:
            pytest.skip("drawn, not divided")
        assert abs(len(train) - len(test)) <= 1

    def test_labels_are_one_for_each_row(self, name):
        data = build("dataset", name)
        for split in ("train", "test"):
            labels, rows = data.labels(split), data.rows(split)
            if labels is None:
                pytest.skip("it has no labels")
            assert labels.dtype == torch.int64
            assert labels.shape == (len(rows),)

    def test_the_fingerprint_is_stable_and_differs_between_splits(self, name):
        data, entry = build("dataset", name), REGISTRY.find("dataset", name)
        assert data.fingerprint() == built_anew("dataset", name).fingerprint()
        if any(parameter.name == "split_seed" for parameter in entry.parameters):
            other = built_anew("dataset", name, ("split_seed", 1))
            assert data.fingerprint() != other.fingerprint()

    def test_a_known_density_favours_its_own_samples(self, name):
        data = build("dataset", name)
        if data.log_prob is None:
            pytest.skip("the density is not known")
        x = data.sample(500, "test", rng("density"))
        shifted = x + x.std() / 4
        assert data.log_prob(x).shape == (500,)
        assert data.log_prob(x).mean() > data.log_prob(shifted).mean()


PAIRS = [
    (architecture, dataset)
    for architecture in REGISTRY.names("architecture")
    for dataset in DATASETS
    if build("dataset", dataset).spec.kind in build("architecture", architecture).kinds
    and build("architecture", architecture).misfit(build("dataset", dataset).spec) is None
]


def offering(role):
    return [pair for pair in PAIRS if hasattr(build("architecture", pair[0]), role)]


def every_parameter_learns(network):
    return all(
        torch.isfinite(parameter.grad).all() and parameter.grad.abs().max() > 0
        for parameter in network.parameters()
    )


@pytest.mark.parametrize(("architecture", "dataset"), offering("generator"))
def test_generators_map_noise_to_data_and_every_parameter_learns(architecture, dataset):
    spec = build("dataset", dataset).spec
    generator = build("architecture", architecture).generator(spec, 5)
    fake = generator(torch.randn(6, 5))
    assert fake.shape == (6, *spec.shape)
    (fake * torch.randn(fake.shape)).sum().backward()
    assert every_parameter_learns(generator)


@pytest.mark.parametrize(("architecture", "dataset"), offering("discriminator"))
def test_discriminators_score_samples_show_the_way_and_every_parameter_learns(
    architecture, dataset
):
    data = build("dataset", dataset)
    critic = build("architecture", architecture).discriminator(data.spec)
    real, fake = data.sample(6, "train", rng("real")), torch.randn(6, *data.spec.shape)
    for module in critic.modules():
        if hasattr(module, "prepare"):
            module.prepare(6)
    for module in critic.modules():
        for name, value in module.refit(real, fake).items() if hasattr(module, "refit") else ():
            setattr(module, name, value)
    x = fake.requires_grad_()
    scores = critic(x)
    assert scores.shape == (6,)
    scores.square().sum().backward()
    assert torch.isfinite(x.grad).all()
    assert every_parameter_learns(critic)


@pytest.mark.parametrize("name", REGISTRY.names("prior"))
def test_priors_draw_their_dimension_from_the_given_stream(name):
    prior = build("prior", name)
    drawn = prior.sample((4, 3), rng("prior"))
    assert torch.equal(drawn, prior.sample((4, 3), rng("prior")))
    network = prior.network()
    noise = drawn if network is None else network(drawn.flatten(0, 1)).unflatten(0, (4, 3))
    assert noise.shape == (4, 3, prior.dim)


FITTED = [
    (baseline, dataset)
    for baseline in REGISTRY.names("baseline")
    for dataset in DATASETS
    if build("dataset", dataset).spec.kind in build("baseline", baseline).kinds
    and build("baseline", baseline).misfit(build("dataset", dataset)) is None
]


@functools.cache
def fitted(name, dataset, time=1):
    """Fit a small one; that takes no more than a moment."""
    least = {"rows": 200, "steps": 10, "components": 3}
    known = {parameter.name for parameter in REGISTRY.find("baseline", name).parameters}
    chosen = tuple((key, value) for key, value in least.items() if key in known)
    baseline = REGISTRY.build("baseline", Component(name, chosen)).value
    data = build("dataset", dataset)
    before = data.fingerprint()
    with seeding.global_torch_seed(0):
        law = baseline.fit(data, rng("fit"))
    assert data.fingerprint() == before, "fitting leaves the data as they are"
    return law


@pytest.mark.parametrize(("name", "dataset"), FITTED)
class TestEveryBaseline:
    def test_samples_are_what_players_could_generate(self, name, dataset):
        data = build("dataset", dataset)
        x = fitted(name, dataset)(60, rng("samples"))
        assert x.shape == (60, *data.spec.shape)
        assert x.dtype == torch.float32
        assert torch.isfinite(x).all()
        if data.spec.low is not None:
            assert x.min() >= data.spec.low
            assert x.max() <= data.spec.high
        start = 0
        for column in data.spec.columns:
            block = x[:, start : start + column.width]
            start += column.width
            if column.kind == "categorical":
                assert torch.equal(block.sort(dim=1).values[:, -1], torch.ones(60))
                assert torch.equal(block.square().sum(dim=1), torch.ones(60))
        if data.spec.kind == "sequence":
            assert torch.equal(data.project(x), x)

    def test_the_streams_decide_all_and_the_data_stay_as_they_are(self, name, dataset):
        data = build("dataset", dataset)
        before, state = data.fingerprint(), torch.get_rng_state()
        first, second = fitted(name, dataset), fitted(name, dataset, time=2)
        x = first(30, rng("a"))
        assert torch.equal(x, second(30, rng("a")))
        assert not torch.equal(x, first(30, rng("b")))
        assert torch.equal(x, first(30, rng("a"))), "drawing leaves it as it was"
        assert torch.equal(state, torch.get_rng_state())
        x.fill_(torch.nan)
        assert torch.isfinite(first(30, rng("a"))).all()
        assert data.fingerprint() == before


SCORED = [
    (metric, dataset)
    for metric in REGISTRY.names("metric")
    for dataset in DATASETS
    if build("metric", metric).misfit(build("dataset", dataset)) is None
]


ON_RING8_IF_FIT = dict(sorted(SCORED, key=lambda pair: pair[1] == "ring8"))


def spoiled(metric, data, sample, reference):
    """Return what the metric is there to see: training rows, one odd row, or a shifted sample.

    A shift would not change symbols, whose one-hots are read by their largest entry.
    """
    if metric in {"authenticity", "memorisation"}:
        return features(data.rows("train")[: len(sample)])
    shift = 2 * reference.std(axis=0)
    if metric == "bleu":  # the rarest symbol alone: it does not see that others are repeated
        length, vocabulary = data.spec.shape
        counts = reference.reshape(-1, vocabulary).sum(axis=0)
        return np.tile(np.eye(vocabulary)[counts.argmin()], (len(sample), length))
    if data.spec.kind == "sequence":  # one that was seen in training
        row = reference[np.square(reference - reference.mean(axis=0)).sum(axis=1).argmax()]
    elif data.spec.kind == "table":  # far beyond the edge of every column
        row = reference.max(axis=0) + 5 * shift
    else:
        return sample + shift
    return np.tile(row, (len(sample), 1)) + shift


@pytest.mark.parametrize(("name", "dataset"), SCORED)
def test_metrics_tell_equal_laws_from_spoiled_ones_and_change_no_input(name, dataset):
    metric, data = build("metric", name), build("dataset", dataset)
    real, same, reference = (
        features(data.sample(150, split, rng(split, role)))
        for split, role in (("test", 0), ("test", 1), ("train", 2))
    )
    context = MetricContext(data, reference, np.random.default_rng(0))
    bad = spoiled(name, data, same, reference)
    copies = real.copy(), same.copy()
    null = {score.estimator: score for score in metric(real, same, context)}
    worse = {score.estimator: score for score in metric(real, bad, context)}
    assert np.array_equal(real, copies[0])
    assert np.array_equal(same, copies[1])
    assert set(null) <= set(metric.better)
    assert metric.headline in null
    assert isinstance(metric.default, bool)
    losses = {}
    for estimator, score in null.items():
        assert math.isfinite(score.value)
        gap = worse[estimator].value - score.value
        losses[estimator] = {"lower": gap, "higher": -gap, "neither": abs(gap)}[
            metric.better[estimator]
        ]
        # A law without bounds leaves no row outside, and a uniform one has rows of one density.
        seen = losses[estimator] > 0
        assert seen or (losses[estimator] == 0 and estimator in {"outside", "nll"}), estimator
    assert max(losses.values()) > 0


@pytest.mark.parametrize(("name", "dataset"), ON_RING8_IF_FIT.items())
def test_a_metric_gives_the_same_values_with_and_without_its_tests(name, dataset):
    metric, data = build("metric", name), build("dataset", dataset)
    real, fake = (features(data.sample(100, "test", rng(role))) for role in ("x", "y"))
    values = [
        {
            score.estimator: score.value
            for score in metric(
                real, fake, MetricContext(data, real, np.random.default_rng(0), tests)
            )
        }
        for tests in (True, False)
    ]
    assert values[0] == pytest.approx(values[1], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", [n for n in REGISTRY.names("grid") if n != "flags"])
def test_named_grids_have_cells_that_fit_and_reasons_for_the_others(name):
    cells = plan(load_grid(name, REGISTRY), REGISTRY)
    fitting = [cell for cell in cells if cell.misfit is None]
    assert fitting
    assert fitting == cells or name not in ("smoke", "default")
    for cell in cells:
        assert cell.misfit is None or re.search(
            " (needs|fits|does not fit|offers no) ", cell.misfit
        )
