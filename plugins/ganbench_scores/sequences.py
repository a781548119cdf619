"""The estimators of `ganbench.metrics` for text, on the tokens of one-hot sequences."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ganbench.api import Dataset, Metric, MetricContext, MetricError, PositiveInt, Score
from ganbench.metrics import (
    bleu,
    distinct_ngrams,
    jsd_discrete,
    jsd_known_law,
    novel_ngrams,
    self_bleu,
)
from ganbench_scores.density import log_density

_ORDERS = (1, 2, 3, 4)


def _tokens(rows: np.ndarray, dataset: Dataset) -> np.ndarray:
    tokens: np.ndarray = rows.reshape(-1, *dataset.spec.shape).argmax(axis=2)
    return tokens


def _misfit(dataset: Dataset, least: int) -> str | None:
    if dataset.spec.kind != "sequence":
        return "It counts runs of symbols, and these data are no sequences."
    length, _ = dataset.spec.shape
    if length < least:
        return f"It counts runs of {least} symbols, and these sequences have {length}."
    return None


def _orders(dataset: Dataset) -> list[int]:
    return [order for order in _ORDERS if order <= dataset.spec.shape[0]]


class Ngrams(Metric):
    """Excess Jensen-Shannon divergence in nats of the laws of one to four symbols in a row.

    Args:
        permutations: of whole sequences, above 0.

    Source: Lin 1991, IEEE Transactions on Information Theory 37(1)
    """

    better = MappingProxyType({f"jsd{order}": "lower" for order in _ORDERS})
    headline = "jsd2"

    def __init__(self, permutations: PositiveInt = 499) -> None:
        self.permutations = permutations

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs sequences of two symbols or more."""
        return _misfit(dataset, 2)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "jsd1" to "jsd4", as far as sequences are long enough."""
        x, y = _tokens(real, context.dataset), _tokens(fake, context.dataset)
        orders = _orders(context.dataset)
        return [
            jsd_discrete(x, y, rng=stream, order=order, permutations=self.permutations)
            for order, stream in zip(orders, context.rng.spawn(len(orders)), strict=True)
        ]


class ExactLaw(Metric):
    """Jensen-Shannon divergence in nats of generated whole sequences and their known law.

    The law is that of every sequence that there is, so that only the generated sample is random.
    Its frequencies are plugged in: the value is above zero for samples of the law as well, and
    only its ratio to the floor, at the same sample size, says how far off a generator is.

    Args:
        draws: samples of the law behind the p-value and `details["drawn"]`, above 0.

    Source: Lin 1991, IEEE Transactions on Information Theory 37(1)
    """

    better = MappingProxyType({"jsd_law": "lower"})
    headline = "jsd_law"

    def __init__(self, draws: PositiveInt = 499) -> None:
        self.draws = draws

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs a known law and a list of all sequences."""
        if dataset.spec.kind != "sequence":
            return "It compares laws of whole sequences, and these data are no sequences."
        if dataset.log_prob is None or dataset.support() is None:
            return (
                "It needs a known law of few sequences, and this one is unknown or has too many."
            )
        return None

    def __call__(
        self,
        real: np.ndarray,  # noqa: ARG002
        fake: np.ndarray,
        context: MetricContext,
    ) -> Sequence[Score]:
        """Return "jsd_law"."""
        dataset = context.dataset
        support = dataset.support()
        if support is None:
            raise MetricError("The sequences of this dataset cannot be listed.")
        rows = support.flatten(1).double().numpy()
        score = jsd_known_law(
            _tokens(fake, dataset),
            _tokens(rows, dataset),
            np.exp(log_density(dataset, rows)),
            rng=context.rng,
            draws=self.draws if context.tests else 0,
        )
        return [replace(score, estimator="jsd_law")]


class Bleu(Metric):
    """BLEU of generated sequences against real ones, and against each other (self-BLEU).

    Args:
        order: the longest runs that are counted, above 0.
        references: how many sequences others are compared with, above 0; at most half of a
            sample.

    Source: Papineni et al. 2002, doi:10.3115/1073083.1073135; Zhu et al. 2018, arXiv:1802.01886
    """

    better = MappingProxyType({"bleu": "higher", "self_bleu": "lower"})
    headline = "bleu"

    def __init__(self, order: PositiveInt = 4, references: PositiveInt = 500) -> None:
        self.order = order
        self.references = references

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs sequences that are as long as its runs."""
        return _misfit(dataset, self.order)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "bleu" and "self_bleu", with that of the real sample in its `details`."""
        x, y = _tokens(real, context.dataset), _tokens(fake, context.dataset)
        streams = context.rng.spawn(3)
        # One number for all three, since BLEU grows with it.
        references = max(1, min(self.references, len(x) // 2, len(y) // 2))
        options = {"order": self.order, "references": references}
        against_real = bleu(x, y, rng=streams[0], **options)
        of_fake, of_real = (
            self_bleu(sample, rng=stream, **options)
            for sample, stream in zip((y, x), streams[1:], strict=True)
        )
        return [against_real, replace(of_fake, details={**of_fake.details, "real": of_real.value})]


class Novelty(Metric):
    """Runs of symbols that are distinct, and those that the training split has not.

    Args:
        order: of the runs that are novel, above 0.

    Source: Li et al. 2016, arXiv:1510.03055
    """

    better = MappingProxyType(
        {"novel": "neither", **{f"distinct{order}": "neither" for order in _ORDERS}}
    )
    headline = "novel"
    uses_train = True

    def __init__(self, order: PositiveInt = 4) -> None:
        self.order = order

    def misfit(self, dataset: Dataset) -> str | None:
        """It needs sequences that are as long as its runs."""
        return _misfit(dataset, self.order)

    def __call__(
        self, real: np.ndarray, fake: np.ndarray, context: MetricContext
    ) -> Sequence[Score]:
        """Return "novel" and "distinct1" to "distinct4", each with that of real rows."""
        dataset = context.dataset
        x, y = _tokens(real, dataset), _tokens(fake, dataset)
        rows = dataset.rows("train")
        # All that a finite set has was seen in training; else a sample has to do.
        seen = context.reference if rows is None else rows.flatten(1).double().numpy()
        train = _tokens(seen, dataset)
        pairs = [[novel_ngrams(train, sample, self.order) for sample in (y, x)]]
        pairs += [[distinct_ngrams(each, order) for each in (y, x)] for order in _orders(dataset)]
        names = ["novel", *(score.estimator for score, _ in pairs[1:])]
        return [
            replace(score, estimator=name, details={**score.details, "real": real_score.value})
            for name, (score, real_score) in zip(names, pairs, strict=True)
        ]
