"""The scores of ganbench, one module for each question that they ask of a sample."""

from collections.abc import Callable, Mapping

from ganbench.api import Metric, hookimpl
from ganbench_scores.c2st import C2ST
from ganbench_scores.frechet import FID
from ganbench_scores.jsd import JSD
from ganbench_scores.kernels import KID, MMD, Energy
from ganbench_scores.likelihood import NLL
from ganbench_scores.memorisation import Authenticity, Memorisation
from ganbench_scores.modes import ModeCoverage
from ganbench_scores.prdc import PRDC
from ganbench_scores.sequences import Bleu, ExactLaw, Ngrams, Novelty
from ganbench_scores.tables import Fidelity, Utility
from ganbench_scores.transport import SlicedWasserstein, Wasserstein2


@hookimpl
def ganbench_metrics() -> Mapping[str, Callable[..., Metric]]:
    """Name the scores."""
    return {
        "jsd": JSD,
        "mmd": MMD,
        "c2st": C2ST,
        "modes": ModeCoverage,
        "kid": KID,
        "energy": Energy,
        "prdc": PRDC,
        "fid": FID,
        "sw": SlicedWasserstein,
        "w2": Wasserstein2,
        "authenticity": Authenticity,
        "memorisation": Memorisation,
        "nll": NLL,
        "ngrams": Ngrams,
        "jsd_law": ExactLaw,
        "bleu": Bleu,
        "novelty": Novelty,
        "fidelity": Fidelity,
        "utility": Utility,
    }
