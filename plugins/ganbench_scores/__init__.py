"""The scores: for all data, for mixtures, for sequences and for tables."""

from collections.abc import Callable, Mapping

from ganbench.api import Metric, hookimpl
from ganbench_scores.scores import C2ST, JSD, MMD, ModeCoverage
from ganbench_scores.sequences import Bleu, Ngrams, Novelty
from ganbench_scores.tables import Fidelity, Utility


@hookimpl
def ganbench_metrics() -> Mapping[str, Callable[..., Metric]]:
    """Name the scores."""
    return {
        "jsd": JSD,
        "mmd": MMD,
        "c2st": C2ST,
        "modes": ModeCoverage,
        "ngrams": Ngrams,
        "bleu": Bleu,
        "novelty": Novelty,
        "fidelity": Fidelity,
        "utility": Utility,
    }
