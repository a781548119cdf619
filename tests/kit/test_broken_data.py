"""Datasets, priors, metrics and baselines that break a rule are caught by it."""

import itertools
import math
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from ganbench.api import (
    Baseline,
    Column,
    Dataset,
    DataSpec,
    Metric,
    MetricError,
    Prior,
    Score,
    training_rows,
)


class Normal(Dataset):
    """A normal law.

    Source: an example
    """

    spec = DataSpec("vector", (2,))

    def sample(self, n, split, rng):
        return torch.randn(n, 2, generator=rng, device=rng.device)

    def log_prob(self, x):
        return -x.square().sum(dim=1) / 2 - math.log(2 * math.pi)


class Finite(Dataset):
    """A hundred points.

    Source: an example
    """

    spec = DataSpec("vector", (1,))

    def rows(self, split):
        return torch.arange(100.0)[split == "test" :: 2, None]


def but(base, **members):
    """Return the class with some other members."""
    return type("Mine", (base,), {"__doc__": base.__doc__, **members})


class Gaussian(Prior):
    """Normal noise.

    Source: an example
    """

    dim = 3

    def sample(self, shape, rng):
        return torch.randn(*shape, 3, generator=rng, device=rng.device)


class Means(Metric):
    """Distance of the means.

    Source: an example
    """

    better = MappingProxyType({"gap": "lower"})
    headline = "gap"
    symmetric = frozenset({"gap"})

    def value(self, real, fake, context):
        return float(np.square(real.mean(axis=0) - fake.mean(axis=0)).sum())

    def __call__(self, real, fake, context):
        return [Score(self.value(real, fake, context), estimator="gap")]


class Memory(Baseline):
    """Training rows.

    Source: an example
    """

    kinds = frozenset({"vector"})

    def fit(self, dataset, rng):
        rows = training_rows(dataset, 100, rng).clone()
        return lambda n, rng: rows[torch.randint(len(rows), (n,), generator=rng)]


@pytest.mark.parametrize(
    ("kind", "factory"),
    [
        ("dataset", Normal),
        ("dataset", Finite),
        ("prior", Gaussian),
        ("metric", Means),
        ("baseline", Memory),
    ],
)
def test_sound_ones_pass(verdicts, kind, factory):
    found = verdicts(kind, factory)
    wrong = {name: each for name, each in found.items() if each.status == "failed"}
    assert not wrong
    if factory is Normal:
        assert found["has-a-density-that-integrates-to-one"].found.startswith("it integrates to")


def shaped(n, split, rng):
    return torch.randn(n, 3, generator=rng)


def wide(n, split, rng):
    return torch.randn(n, 2, generator=rng, dtype=torch.float64)


def nothing(n, split, rng):
    return torch.full((n, 2), torch.nan)


CALLS = itertools.count()
BOUNDED = DataSpec("vector", (2,), low=-1.0, high=1.0)
TEXT = DataSpec("sequence", (2, 3))


@pytest.mark.parametrize(
    ("rule", "base", "members", "words"),
    [
        (
            "draws-what-it-promises",
            Normal,
            {"sample": lambda s, n, p, r: shaped(n, p, r)},
            "(1, 3)",
        ),
        (
            "draws-what-it-promises",
            Normal,
            {"sample": lambda s, n, p, r: wide(n, p, r)},
            "float64",
        ),
        (
            "draws-what-it-promises",
            Normal,
            {"sample": lambda s, n, p, r: nothing(n, p, r)},
            "finite",
        ),
        ("draws-what-it-promises", Normal, {"spec": BOUNDED}, "reaches from"),
        (
            "draws-from-its-stream-alone",
            Normal,
            {"sample": lambda s, n, p, r: torch.randn(n, 2)},
            "Samples differ",
        ),
        (
            "draws-from-its-stream-alone",
            Normal,
            {"sample": lambda s, n, p, r: torch.ones(n, 2)},
            "the same samples",
        ),
        (
            "keeps-train-and-test-apart",
            Finite,
            {"rows": lambda s, split: torch.arange(100.0)[:, None]},
            "100% of the test rows",
        ),
        (
            "keeps-train-and-test-apart",
            Finite,
            {"rows": lambda s, split: torch.arange(0.0 if split == "test" else 9.0)[:, None]},
            "empty",
        ),
        ("labels-each-row", Finite, {"labels": lambda s, split: torch.zeros(50)}, "float32"),
        (
            "labels-each-row",
            Finite,
            {"labels": lambda s, split: torch.zeros(9, dtype=torch.long)},
            "(9,)",
        ),
        (
            "leaves-real-samples-as-they-are",
            Normal,
            {"project": lambda s, x: x.round()},
            "changes",
        ),
        (
            "has-a-fingerprint",
            Normal,
            {"fingerprint": lambda s: str(next(CALLS))},
            "from one build to the next",
        ),
        (
            "gives-a-density-to-each-row",
            Normal,
            {"log_prob": lambda s, x: Normal.log_prob(s, x).mean()},
            "shape ()",
        ),
        (
            "gives-a-density-to-each-row",
            Normal,
            {"log_prob": lambda s, x: Normal.log_prob(s, x.float())},
            "torch.float32",
        ),
        (
            "gives-a-density-to-each-row",
            Normal,
            {"log_prob": lambda s, x: -Normal.log_prob(s, x)},
            "and moved ones",
        ),
        (
            "has-a-density-that-integrates-to-one",
            Normal,
            {"log_prob": lambda s, x: Normal.log_prob(s, x) + 0.3},
            "integrates to 1.3",
        ),
        (
            "has-a-density-that-integrates-to-one",
            Normal,
            {"log_prob": lambda s, x: Normal.log_prob(s, x / 2) - math.log(4)},
            "integrates to",
        ),
        (
            "decodes-its-samples",
            Normal,
            {"to_text": lambda s, x: ["a"]},
            "`to_text` of 7 rows has 1",
        ),
        (
            "decodes-its-samples",
            Normal,
            {
                "spec": DataSpec("table", (2,), (Column("a", "numeric"), Column("b", "numeric"))),
                "to_frame": lambda s, x: pd.DataFrame(x.numpy(), columns=["a", "c"]),
            },
            "['a', 'c']",
        ),
    ],
)
def test_broken_datasets(caught, made, rule, base, members, words):
    assert words in caught(rule, "dataset", but(base, **members))


def test_a_split_seed_that_changes_nothing(caught):
    class Still(Finite):
        def __init__(self, split_seed: int = 0) -> None:
            pass

    assert "split_seed does not show" in caught("has-a-fingerprint", "dataset", Still)


def test_rows_that_chance_has_made_alike_are_no_leak(verdicts):
    coins = but(
        Finite, rows=lambda s, split: (torch.arange(100.0)[split == "test" :: 2] % 5)[:, None]
    )
    assert verdicts("dataset", coins)["keeps-train-and-test-apart"].status == "ok"


class Idle(nn.Module):
    def __init__(self):
        super().__init__()
        self.used, self.idle = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return self.used(x)


@pytest.mark.parametrize(
    ("rule", "members", "words"),
    [
        ("draws-noise-of-its-dimension", {"dim": 2}, "3 numbers, not 2"),
        (
            "draws-noise-of-its-dimension",
            {"sample": lambda s, shape, r: torch.ones(*shape, 3, dtype=torch.float64)},
            "float64",
        ),
        (
            "draws-noise-from-its-stream-alone",
            {"sample": lambda s, shape, r: torch.randn(*shape, 3)},
            "Noise differs",
        ),
        (
            "says-what-its-noise-is-like",
            {"sample": lambda s, shape, r: 1 / torch.randn(*shape, 3, generator=r)},
            "tails are heavy",
        ),
        ("says-what-its-noise-is-like", {"intrinsic_dim": 4}, "4 of 3"),
        ("learns-with-all-its-parameters", {"network": lambda s: Idle()}, "reaches idle.weight"),
    ],
)
def test_broken_priors(caught, rule, members, words):
    assert words in caught(rule, "prior", but(Gaussian, **members))


def ordered(self, real, fake, context):
    return float(np.square(real - fake).sum() * np.linspace(0, 1, real.size).max())


def pushy(self, real, fake, context):
    real.sort(axis=0)
    return 1.0 + float(fake.sum())


def sorting(self, real, fake, context):
    """Sorts the real sample: a second time that changes nothing."""
    real.sort(axis=0)
    return Means.value(self, real, fake, context)


def scaling(self, real, fake, context):
    np.clip(context.reference, -1, 1, out=context.reference)
    return Means.value(self, real, fake, context)


def sure(self, real, fake, context):
    return [Score(Means.value(self, real, fake, context), p_value=1e-9, estimator="gap")]


def lazy(self, real, fake, context):
    return float(np.random.rand())


def backwards(self, real, fake, context):
    return -Means.value(self, real, fake, context)


def first_rows(self, real, fake, context):
    return float(np.square(real[:3].mean(axis=0) - fake[:3].mean(axis=0)).sum())


def lopsided(self, real, fake, context):
    return Means.value(self, real, fake, context) / (1 + float(real.mean()) ** 2)


def spread(self, real, fake, context):
    return abs(float(real.std(axis=0, ddof=1).sum() - fake.std(axis=0, ddof=1).sum()))


@pytest.mark.parametrize(
    ("rule", "members", "words"),
    [
        ("reports-what-it-promises", {"headline": "other"}, "headline is not among ['gap']"),
        ("reports-what-it-promises", {"better": {"other": "lower"}}, "It reports ['gap']"),
        (
            "reports-what-it-promises",
            {"__call__": lambda s, *a: [Score(1.0, 2.0, 3.0, estimator="gap")]},
            "outside of 2.0 to 3.0",
        ),
        ("reports-what-it-promises", {"value": lambda s, *a: math.nan}, "is nan"),
        ("changes-no-sample", {"value": pushy}, "changes a sample"),
        ("changes-no-sample", {"value": sorting}, "changes a sample"),
        ("changes-no-sample", {"value": scaling}, "changes a sample"),
        (
            "is-seldom-sure-of-equal-laws",
            {"__call__": sure},
            "p-value of gap is always below 0.001",
        ),
        ("draws-from-the-stream-of-its-context", {"value": lazy}, "when it is scored again"),
        ("gets-worse-with-the-sample", {"value": backwards}, "got worse"),
        ("gets-worse-with-the-sample", {"value": lambda s, *a: 1.0}, "Nothing that is done"),
        ("does-not-see-the-order-of-rows", {"value": first_rows}, "in another order"),
        ("is-symmetric-where-it-says-so", {"value": lopsided}, "the other way round"),
        (
            "is-symmetric-where-it-says-so",
            {"symmetric": frozenset({"other"})},
            "`symmetric` names other",
        ),
        ("takes-samples-of-any-size", {"value": ordered}, "ValueError"),
    ],
)
def test_broken_metrics(caught, rule, members, words):
    assert words in caught(rule, "metric", but(Means, **members))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_too_few_rows(caught, verdicts):
    rule = "takes-samples-of-any-size"
    assert "1 rows give" in caught(rule, "metric", but(Means, value=spread))

    def refusing(self, real, fake, context):
        if len(real) < 2:
            raise MetricError("It needs two rows.")
        return spread(self, real, fake, context)

    assert verdicts("metric", but(Means, value=refusing))[rule].status == "ok"


def leaky(self, dataset, rng):
    rows = torch.zeros(1, *dataset.spec.shape)
    return lambda n, rng: rows.expand(n, -1)


def restless(self, dataset, rng):
    shift = float(np.random.rand())
    return lambda n, rng: torch.randn(n, *dataset.spec.shape, generator=rng) + shift


def greedy(self, dataset, rng):
    rows = dataset.rows("train")
    if rows is None:
        return Memory.fit(self, dataset, rng)
    rows += 1
    return lambda n, rng: rows[torch.randint(len(rows), (n,), generator=rng)]


@pytest.mark.parametrize(
    ("fit", "words"),
    [(leaky, "Another stream"), (restless, "Fitted again"), (greedy, "Fitting changes")],
)
def test_broken_baselines(caught, fit, words):
    found = caught("fits-a-law-and-draws-from-it", "baseline", but(Memory, fit=fit))
    assert words in found


def test_p_values_of_equal_laws(verdicts):
    """One tiny p-value is chance, and no p-value is no test."""
    rule, seen = "is-seldom-sure-of-equal-laws", itertools.count()

    def unlucky(self, real, fake, context):
        p_value = 1e-9 if next(seen) == 0 else 0.5
        return [Score(Means.value(self, real, fake, context), p_value=p_value, estimator="gap")]

    assert verdicts("metric", but(Means, __call__=unlucky))[rule].status == "ok"
    assert verdicts("metric", Means)[rule].found == "It has no p-values."


def test_a_metric_that_raises_is_told_by_one_rule(verdicts):
    def raising(self, real, fake, context):
        raise KeyError("bins")

    found = verdicts("metric", but(Means, value=raising))
    assert [k for k, each in found.items() if each.status == "failed"] == [
        "reports-what-it-promises"
    ]


def test_bounds_that_no_sample_shows_are_not_judged(verdicts):
    """Normal noise that is cut at six standard deviations looks as if it were not."""
    found = verdicts("prior", but(Gaussian, tails="bounded"))["says-what-its-noise-is-like"]
    assert found.status == "ok"
