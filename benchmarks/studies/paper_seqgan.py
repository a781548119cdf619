"""Yu et al. 2017 (arXiv:1609.05473), table 1: likelihood and the score function on an oracle."""

import pandas as pd
from matplotlib.figure import Figure

from benchmarks.studies.reading import Claim, by_seed, claims, difference, table
from benchmarks.studies.study import Finding, Study

LENGTH = 20
VARIANTS = {
    "untrained": {"generator_steps": 1, "pretraining_steps": 1, "generator_rate": 1e-9},
    "MLE, 1500 steps": {"generator_steps": 1500, "pretraining_steps": 1500},
    "MLE, 3000 steps": {"generator_steps": 3000, "pretraining_steps": 3000},
    "MLE 1500, then score function 1500": {"generator_steps": 3000, "pretraining_steps": 1500},
    "score function alone, 3000": {"generator_steps": 3000},
}
MLE, LONG, SEQGAN = list(VARIANTS)[1:4]
PUBLISHED = {"untrained": 10.310, LONG: 9.038, SEQGAN: 8.736}
"""Table 1: random, MLE and SeqGAN; negative log-likelihood per symbol, of 5000 symbols."""


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare likelihoods under the oracle with what is told by n-grams."""
    player = rows["generator"].str.startswith("lstm")
    first = rows["variant"].eq(MLE)
    rows = rows[player | first].assign(
        writer=rows["variant"].where(player, rows["generator"].replace("real", "the oracle"))
    )
    nll, jsd, distinct = (by_seed(rows, each, ["writer"]) for each in ("nll", "jsd2", "distinct"))
    nll = nll / LENGTH
    lines = [
        (
            writer,
            f"{PUBLISHED[writer]:.3f}" if writer in PUBLISHED else "-",
            f"{nll.loc[writer].mean():.3f} ± {nll.loc[writer].sem():.3f}",
            f"{jsd.loc[writer].mean():.4f}",
            f"{distinct.loc[writer].mean():.3f}",
        )
        for writer in nll.index
    ]
    learnt = difference(nll.loc[LONG], nll.loc["untrained"])
    further = difference(nll.loc[SEQGAN], nll.loc[MLE])
    against = difference(nll.loc[SEQGAN], nll.loc[LONG])
    found = [
        Claim("likelihood beats no training", "9.038 against 10.310", learnt),
        Claim("SeqGAN beats the likelihood that it starts from", "8.736 against 9.038", further),
    ]
    grams = difference(jsd.loc[SEQGAN], jsd.loc[LONG])
    return Finding(
        "Published, in nats per symbol: likelihood gains 1.27 on no training, and SeqGAN .30 on "
        f"likelihood. Here likelihood changes it by {learnt}; playing on by the score function "
        f"changes it by {further} against where likelihood stopped and by {against} against "
        "likelihood for as many steps, which nobody published. The divergence of 2-grams from "
        "the real ones, which "
        f"samples of few kinds cannot please, changes by {grams} nats (below 0 is better). The "
        f"oracle's own sequences have {nll.loc['the oracle'].mean():.3f}, a model of n-grams "
        f"{nll.loc['ngram'].mean():.3f}, likelihood {nll.loc[LONG].mean():.3f}.",
        "Negative log-likelihood under the oracle, in nats per symbol, means and standard errors "
        "over five seeds; Jensen-Shannon divergence of 2-grams in nats; share of distinct "
        "sequences.\n\n"
        + table(("writer", "published", "ours", "2-grams", "distinct"), lines)
        + "\n\n"
        + claims(found),
        {"paper-seqgan": _drawn(nll, jsd)},
        "100 symbols where the paper has 5000 (log 4.61 and 8.52), "
        "so that levels do not compare, only their order; sequences are drawn without end where "
        "it has 10,000; our critic is a memory and not a convolution, and the reward is that of "
        "the whole sequence, without rollouts. Scheduled sampling and PG-BLEU are not here.",
    )


def _drawn(nll: pd.DataFrame, jsd: pd.DataFrame) -> Figure:
    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axis = figure.subplots()
    for number, writer in enumerate(nll.index):
        axis.plot(nll.loc[writer], jsd.loc[writer], "osD^vP*"[number % 7], label=writer)
    axis.set(
        xlabel="negative log-likelihood, nats per symbol", ylabel="divergence of 2-grams, nats"
    )
    axis.legend(fontsize=7)
    return figure


STUDY = Study(
    "paper-seqgan",
    "Does the score function improve on likelihood (SeqGAN, Yu et al. 2017, table 1)?",
    analyse,
    {name: {"settings": settings} for name, settings in VARIANTS.items()},
)
