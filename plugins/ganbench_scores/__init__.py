"""The scores: Jensen-Shannon divergence, MMD, classifier two-sample test and mode coverage."""

from collections.abc import Callable, Mapping

from ganbench.api import Metric, hookimpl
from ganbench_scores.scores import C2ST, JSD, MMD, ModeCoverage


@hookimpl
def ganbench_metrics() -> Mapping[str, Callable[..., Metric]]:
    """Name the scores."""
    return {"jsd": JSD, "mmd": MMD, "c2st": C2ST, "modes": ModeCoverage}
