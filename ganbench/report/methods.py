"""How the results came about, as a paragraph for a paper, with what it cites."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from ganbench.comparison.columns import CELL, runs
from ganbench.comparison.pairing import games_and_laws, labelled
from ganbench.components import Component, parse
from ganbench.errors import SpecError
from ganbench.plugins import NOTHING, Entry, Registry
from ganbench.report.answers import budget
from ganbench.report.citations import Citation, citations
from ganbench.results import Results

MOST_NAMED = 12
"""Components of a kind that the text names; of more it gives the number alone."""
_STATISTICS = (
    "Scores are given as means over seeds with 95% t intervals; runs that failed enter no mean, "
    "and the number of those that succeeded is given beside it. As a floor, the same score was "
    "computed between two real samples of the same size."
)
_TESTS = (
    "The unit of comparison is the training seed, and variants are paired by it. The best cell of"
    " a dataset has the least share of failed runs and, of these, the best mean (geometric where "
    "ratios are told). Its lead over each other was tested by a paired t test, of logarithms "
    "where all values were positive and at least twice the 95% point of the floor, or by "
    "Wilcoxon's signed-rank test where a run failed, with p-values multiplied by the number of "
    "rivals, so that those not told apart from it at 5% hold the truly best one of those tested "
    "with a probability of at least 95% [{gupta}]. Beside that, variants were compared with a "
    "baseline by the same tests after Holm's correction [{holm}]; equivalence within the spread "
    "of the score between real samples was judged by two one-sided tests [{schuirmann}] and the "
    "Bayesian signed-rank test [{benavoli}]. No correction was made across scores."
)
_SPANNING = (
    "Over datasets, scores were normalised between the worst baseline or variant (0) and real "
    "data (1) and summarised by interquartile means, from five seeds on with percentile intervals "
    "of a bootstrap that resamples seeds within each task [{agarwal}]; ranks were averaged over "
    "datasets, and tested from six datasets on [{demsar}]."
)
_TESTED, _SPANNED = ("gupta", "holm", "schuirmann", "benavoli"), ("agarwal", "demsar")
_WORKS = {
    "gupta": "Gupta 1965, Technometrics 7",
    "holm": "Holm 1979, Scandinavian Journal of Statistics 6",
    "schuirmann": "Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15",
    "benavoli": "Benavoli et al. 2017, arXiv:1606.04316",
    "agarwal": "Agarwal et al. 2021, arXiv:2108.13264",
    "demsar": "Demsar 2006, JMLR 7",
}
_SIDES = {
    "lower": "lower is better",
    "higher": "higher is better",
    "neither": "perfect in between",
}


class Methods(NamedTuple):
    """What a paper says of how results came about.

    Attributes:
        text: a paragraph of plain text.
        works: the sources of all that was used, each once.
    """

    text: str
    works: list[Citation]


def methods(results: Results, registry: Registry) -> Methods:
    """Describe in one paragraph what was trained, how it was scored and what is reported."""
    cited = _Cited(registry)
    told = (
        *_trained(results.frame, cited),
        _scored(results.frame, cited),
        _STATISTICS,
        *_compared(results.frame, cited),
        _made_with(results.experiment.get("environment", {})),
    )
    return Methods(" ".join(filter(None, told)), list(cited.works))


class _Cited:
    """Names components with their sources, and collects these.

    Args:
        registry: where components name their sources.
    """

    def __init__(self, registry: Registry) -> None:
        self.works: dict[Citation, None] = {}
        self._registry = registry

    def counted(self, noun: str, labels: "pd.Series[Any]", *kinds: str) -> str:
        """Say how many different labels there are, and name them if they are few.

        Args:
            noun: what one of them is.
            labels: component expressions.
            kinds: of the first component of an expression, and of those that follow.
        """
        distinct = [str(label) for label in labels.unique() if label != NOTHING.label]
        named = [f"{label}{self.sources(_parts(label), *kinds)}" for label in distinct]
        plural = noun if len(named) == 1 else f"{noun}{'es' if noun.endswith('s') else 's'}"
        listing = f" ({', '.join(named)})" if len(named) <= MOST_NAMED else ""
        return f"{len(named)} {plural}{listing}"

    def work(self, source: str) -> str:
        """Cite one work by its source, as a component would name it."""
        works = citations(source)
        self.works |= dict.fromkeys(works)
        return "; ".join(work.short for work in works)

    def sources(self, parts: Sequence[Component], *kinds: str) -> str:
        """Cite the sources of components in brackets, nothing where they name none."""
        works: dict[Citation, None] = {}
        for place, part in enumerate(parts):
            entry = entry_of(self._registry, kinds[min(place, len(kinds) - 1)], part.name)
            works |= dict.fromkeys(citations(entry.source) if entry else ())
        self.works |= works
        return f" [{'; '.join(work.short for work in works)}]" if works else ""


def entry_of(registry: Registry, kind: str, name: str) -> Entry | None:
    """Look a component up, None if nobody owns the name."""
    return next(iter(registry.entries.get(kind, {}).get(name, ())), None)


def _parts(label: str) -> Sequence[Component]:
    """Read an expression behind which may stand what tells its cell from others."""
    try:
        return parse(label.partition(" [")[0])
    except SpecError:
        return ()


def _trained(frame: pd.DataFrame, cited: _Cited) -> tuple[str, str]:
    """Say what was trained and fitted, on which data."""
    every = runs(frame)
    every = every[every["status"].ne("incompatible")]
    seeds = f"{_span(every.groupby(CELL)['seed'].nunique())} seeds"
    data = cited.counted("dataset", every["dataset"], "dataset")
    fitted = every["loss"].str.split(" [", n=1, regex=False).str[0].eq(NOTHING.label)
    games, laws = every[~fitted], every[fitted]
    played = beside = ""
    if len(games):
        players = pd.concat([games["generator"], games["discriminator"]])
        losses = cited.counted("loss", games["loss"], "loss", "regularizer")
        architectures = cited.counted("architecture", players, "architecture")
        priors = cited.counted("noise prior", games["prior"], "prior")
        steps = _span(games["generator_steps"])
        played = (
            f"Generative adversarial networks with {losses}, {architectures} and {priors} were "
            f"trained on {data}, each compatible combination with {seeds} and {steps} generator "
            "steps."
        )
    if len(laws):
        baselines = cited.counted("baseline", laws["generator"], "baseline")
        where = "the same data" if len(games) else f"{data} with {seeds}"
        beside = f"For comparison, {baselines} fitted {where} without a game."
    return played, beside


def _scored(frame: pd.DataFrame, cited: _Cited) -> str:
    """Say which scores compare what with what."""
    scored = frame[frame["metric"].notna()]
    if scored.empty:
        return ""
    names = [
        f"{name}{cited.sources([Component(str(name))], 'metric')}"
        for name in scored["metric"].unique()
    ]
    fake, real = (_span(scored[size][scored[size] > 0]) for size in ("n_fake", "n_real"))
    return (
        f"{fake} samples of each generator were compared with {real} held-out real samples by "
        f"{', '.join(names)}."
    )


def _compared(frame: pd.DataFrame, cited: _Cited) -> Iterator[str]:
    """Say how the best was found, and what spans datasets, where there is something to compare."""
    games, _ = games_and_laws(labelled(runs(frame)))
    yield budget(frame)
    cells = games.drop_duplicates(CELL)["dataset"].value_counts()
    if (cells > 1).any():
        yield _TESTS.format(**{name: cited.work(_WORKS[name]) for name in _TESTED})
    if len(cells) > 1 and (cells > 1).any():
        yield _SPANNING.format(**{name: cited.work(_WORKS[name]) for name in _SPANNED})


def _made_with(environment: Mapping[str, Any]) -> str:
    """Name the software and the device."""
    versions = environment.get("distributions", {})
    named = [f"{name} {versions[name]}" for name in ("ganbench", "torch") if name in versions]
    if not named:
        return ""
    device = f" on {environment['device']}" if "device" in environment else ""
    return f"Training and scoring used {' and '.join(named)}{device}."


def _span(numbers: "pd.Series[Any]") -> str:
    if numbers.empty:
        return "no"
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def scores(frame: pd.DataFrame, registry: Registry) -> list[dict[str, str]]:
    """Say of every metric what it measures, its source, and its estimators with their sides."""
    scored = frame[frame["metric"].notna()]
    rows = []
    for metric, part in scored.groupby("metric", sort=False):
        entry = entry_of(registry, "metric", str(metric))
        estimators = part[["estimator", "better"]].drop_duplicates()
        rows.append(
            {
                "metric": str(metric),
                "meaning": entry.summary if entry else "",
                "source": entry.source if entry else "",
                "estimators": "; ".join(f"{e}: {_SIDES[b]}" for e, b in estimators.to_numpy()),
                "sizes": f"{_span(part['n_real'].dropna())} / {_span(part['n_fake'].dropna())}",
            }
        )
    return rows
