"""Gulrajani et al. 2017 (arXiv:1704.00028): characters, by convolutions and a critic."""

import pandas as pd
from matplotlib.figure import Figure

from benchmarks.studies.reading import Claim, by_seed, claims, difference, table
from benchmarks.studies.study import Finding, Study

PLAIN, PENALTY = "ns", "wgan+gp"
ORDERS = ("jsd1", "jsd2", "jsd3", "jsd4")
PUBLISHED = {PLAIN: "no comparable results", PENALTY: "samples that resemble text"}


def analyse(rows: pd.DataFrame) -> Finding:
    """Compare the n-grams of both losses, of real text and of a model of n-grams."""
    rows = rows.assign(writer=rows["loss"].where(rows["loss"].ne("none"), rows["generator"]))
    grams = {order: by_seed(rows, order, ["writer"]) for order in ORDERS}
    novel = by_seed(rows, "distinct4", ["writer"])
    effects = {n: difference(f.loc[PENALTY], f.loc[PLAIN]) for n, f in grams.items()}
    found = [
        Claim(
            f"the penalty teaches {order[-1]}-grams better", "no comparable results without", each
        )
        for order, each in effects.items()
    ]
    lines = [
        (
            f"`{writer}`",
            PUBLISHED.get(writer, "-"),
            *(f"{f.loc[writer].mean():.3f} ± {f.loc[writer].sem():.1g}" for f in grams.values()),
            f"{novel.loc[writer].mean():.2f}",
        )
        for writer in novel.index
    ]
    return Finding(
        "Published: convolutions that write all characters at once learn with the penalty, and "
        "with the usual objective gave nothing comparable. Here the penalty changes the "
        "divergence of n-grams of one to four characters from that of the usual loss by "
        + ", ".join(map(str, effects.values()))
        + " nats (below 0 is better). A model of n-grams has a divergence of 4-grams of "
        f"{grams['jsd4'].loc['ngram'].mean():.2f} where the penalty has "
        f"{grams['jsd4'].loc[PENALTY].mean():.2f}. Of the 4-grams, {novel.loc[PLAIN].mean():.3f} "
        "are "
        f"distinct with the usual loss, {novel.loc[PENALTY].mean():.3f} with the penalty and "
        f"{novel.loc['real'].mean():.3f} in real text.",
        "Divergence of n-grams from real text in nats, beyond what chance gives, means and "
        "standard errors over three seeds, and the share of distinct 4-grams.\n\n"
        + table(("writer", "published", "1", "2", "3", "4", "distinct"), lines)
        + "\n\n"
        + claims(found),
        {"paper-text": _drawn(grams)},
        "300 steps of five critic updates, 48 channels and two blocks, where the paper has "
        "200,000 of ten, 512 and five, and five times its rate; Python's documentation in place "
        "of Billion Word; three "
        "seeds. The authors do not claim that the usual objective cannot work, nor does this.",
    )


def _drawn(grams: dict) -> Figure:
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axis = figure.subplots()
    for writer in grams["jsd1"].index:
        means = [each.loc[writer].mean() for each in grams.values()]
        axis.plot(range(1, 5), means, "o-", label=writer)
    axis.set(xlabel="characters in an n-gram", ylabel="divergence, nats", xticks=range(1, 5))
    axis.legend(fontsize=8)
    return figure


STUDY = Study(
    "paper-text",
    "Which critic teaches characters (Gulrajani et al. 2017)?",
    analyse,
)
