"""From samples to scores: the real sample, its features and every choice are fixed by dataset."""

import functools
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ganbench import seeding
from ganbench.api import Dataset, MetricContext, Split
from ganbench.cells import digest
from ganbench.components import parse_single
from ganbench.errors import PluginError, SpecError
from ganbench.grid import Evaluation
from ganbench.metrics.floors import Floor
from ganbench.plugins import Built, Registry

_RUNNING_SAMPLES = 500
_COLUMNS = (
    "metric", "estimator", "value", "low", "high", "p_value", "n_real", "n_fake", "better",
    "headline", "score_id", "details", "seconds", "owner",
)  # fmt: skip


def build_metrics(expressions: Sequence[str], registry: Registry) -> list[Built]:
    """Build the metrics of a grid, or those that are scored by default where it names none.

    Raises:
        SpecError: for an unknown metric, or one that is named twice.
    """
    if not expressions:
        return _default_metrics(registry)
    metrics = [registry.build("metric", parse_single(text)) for text in expressions]
    labels = [metric.label for metric in metrics]
    if len(set(labels)) < len(labels):
        raise SpecError(f"A metric is named twice in {', '.join(labels)}.")
    return metrics


def _default_metrics(registry: Registry) -> list[Built]:
    chosen = []
    for name in registry.names("metric"):
        metric = registry.build("metric", parse_single(name))
        with metric.answering():
            if metric.value.default:
                chosen.append(metric)
    return chosen


def features(x: Tensor) -> np.ndarray:
    """Flatten samples (n, *shape) to the float64 matrix (n, d) that metrics work on."""
    return x.flatten(1).double().cpu().numpy()


@dataclass(frozen=True, eq=False)
class Evaluator:
    """Scores samples of one dataset against its test split; one may serve many cells.

    Attributes:
        dataset: the dataset.
        fingerprint: of its rows.
        settings: sample size, seed and number of floor splits.
    """

    dataset: Built
    fingerprint: str
    settings: Evaluation

    @property
    def law(self) -> Dataset:
        """The dataset in whose rows samples are scored."""
        judged: Dataset = self.dataset.value.judged
        return judged

    def score_id(self, metric: Built) -> str:
        """Hash what decides a score besides the generated sample."""
        return digest(
            {
                "dataset": [self.dataset.identity, self.fingerprint],
                "metric": [metric.identity, metric.value.version],
                "settings": self.settings.model_dump(),
            }
        )

    def score_ids(self, metrics: Sequence[Built]) -> Mapping[str, str]:
        """Return the score id of each metric that fits, by label; hashed once."""
        asked = tuple(metrics)
        if asked not in self._score_ids:
            fitting = self.applicable(asked)
            self._score_ids[asked] = {each.label: self.score_id(each) for each in fitting}
        return self._score_ids[asked]

    @functools.cached_property
    def _score_ids(self) -> dict[tuple[Built, ...], dict[str, str]]:
        return {}

    @functools.cached_property
    def record(self) -> dict[str, Any]:
        """Its settings as plain data; all who ask share them, so leave them as they are."""
        return self.settings.model_dump()

    def misfits(self, metrics: Sequence[Built]) -> dict[str, str]:
        """Say why metrics, by label, do not fit the dataset."""
        reasons = {}
        for metric in metrics:
            with metric.answering():
                reason = metric.value.misfit(self.law)
            if reason is not None:
                reasons[metric.label] = reason
        return reasons

    def applicable(self, metrics: Sequence[Built]) -> list[Built]:
        """Select the metrics that fit the dataset."""
        unfit = self.misfits(metrics)
        return [metric for metric in metrics if metric.label not in unfit]

    @functools.cached_property
    def real(self) -> Tensor:
        """The real sample (n, *shape) of the test split that every variant is scored against."""
        return self._draw("test", "real")

    @property
    def real_running(self) -> Tensor:
        """The part of the real sample that running scores use."""
        return self.real[:_RUNNING_SAMPLES]

    @functools.cached_property
    def _real(self) -> np.ndarray:
        return features(self.real)

    @functools.cached_property
    def _reference(self) -> np.ndarray:
        return features(self._draw("train", "reference"))

    def score(self, fake: Tensor, metrics: Sequence[Built]) -> pd.DataFrame:
        """Score a generated sample (n, *shape); one row for each metric and estimator.

        Raises:
            PluginError: if a metric breaks its contract.
        """
        rows = []
        for metric in metrics:
            started = time.perf_counter()
            scores = self._rows(metric, self._real, features(fake), tests=True)
            seconds = (time.perf_counter() - started) / len(scores)
            rows += [{**row, "seconds": seconds} for row in scores]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def running(self, fake: Tensor, metrics: Sequence[Built]) -> dict[str, float]:
        """Score a generated sample in the cheap way, by `metric/estimator`."""
        real = self._real[: len(self.real_running)]
        return {
            f"{row['metric']}/{row['estimator']}": row["value"]
            for metric in metrics
            if metric.value.running
            for row in self._rows(metric, real, features(fake), tests=False)
        }

    def floor(self, metric: Built) -> dict[str, Any]:
        """Score real samples against real samples of the same size, split after split.

        Returns:
            For each estimator the mean, and the 95th percentile towards the worse.
        """
        values: dict[str, list[float]] = {}
        for split in range(self.settings.floor_splits):
            first, second = self._real_pair(split, metric.value.uses_train)
            for row in self._rows(metric, features(first), features(second), tests=False):
                values.setdefault(row["estimator"], []).append(row["value"])
        floors = {estimator: Floor.of(each) for estimator, each in values.items()}
        return {
            "dataset": self.dataset.label,
            "metric": metric.label,
            "floors": {
                name: {
                    "mean": each.mean,
                    "p95": each.p05 if metric.value.better[name] == "higher" else each.p95,
                }
                for name, each in floors.items()
            },
        }

    def _rows(
        self, metric: Built, real: np.ndarray, fake: np.ndarray, tests: bool
    ) -> list[dict[str, Any]]:
        rng = seeding.numpy_stream(self.settings.seed, "metric", metric.label)
        context = MetricContext(self.law, self._reference, rng, tests)
        rows = []
        for score in metric.value(real, fake, context):
            if score.estimator not in metric.value.better:
                raise PluginError(
                    f"The metric '{metric.label}' reports '{score.estimator}', for which it does "
                    "not say whether lower, higher or neither is better."
                )
            rows.append(
                {
                    "metric": metric.label,
                    "estimator": score.estimator,
                    "value": score.value,
                    "low": score.low,
                    "high": score.high,
                    "p_value": score.p_value,
                    "n_real": score.n_real,
                    "n_fake": score.n_fake,
                    "better": metric.value.better[score.estimator],
                    "headline": score.estimator == metric.value.headline,
                    "score_id": self.score_id(metric),
                    "details": json.dumps(dict(score.details), default=float),
                    "owner": metric.entry.owner,
                }
            )
        if metric.value.headline not in [row["estimator"] for row in rows]:
            raise PluginError(
                f"The metric '{metric.label}' does not report its headline "
                f"'{metric.value.headline}'."
            )
        return rows

    def _draw(self, split: Split, role: str) -> Tensor:
        """Draw a sample of one split: without replacement from a finite set."""
        dataset = self.law
        rng = seeding.torch_stream(self.settings.seed, "evaluation", role)
        rows = dataset.rows(split)
        if rows is None:
            return dataset.sample(self.settings.samples, split, rng)
        return rows[torch.randperm(len(rows), generator=rng)[: self.settings.samples]]

    def _real_pair(self, split: int, unseen: bool) -> tuple[Tensor, Tensor]:
        """Draw two real samples that do not overlap, each as large as the real sample.

        In a finite set training rows help out, unless the rows must be `unseen`; then the
        samples are half as large.
        """
        dataset = self.law
        rng = seeding.torch_stream(self.settings.seed, "floor", split)
        size = len(self.real)
        train, test = dataset.rows("train"), dataset.rows("test")
        if train is None or test is None:
            both = dataset.sample(2 * size, "test", rng)
        else:
            pool = test if unseen else torch.cat([train, test])
            size = min(size, len(pool) // 2)
            both = pool[torch.randperm(len(pool), generator=rng)[: 2 * size]]
        return both[:size], both[size:]
