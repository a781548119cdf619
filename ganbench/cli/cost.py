"""The command cost: what cells cost, and what they give for it."""

import click

from ganbench.cli.common import (
    json_option,
    open_results,
    print_json,
    print_table,
    results_argument,
    shown,
)
from ganbench.escaping import echo

_TITLES = {
    "n": "ok", "train_seconds": "seconds", "generator_parameters": "G weights",
    "critic_parameters": "D weights", "generator_passes": "G passes", "critic_passes": "D passes",
    "reach_seconds": "seconds to it",
}  # fmt: skip


@click.command()
@results_argument
@click.option(
    "--reach",
    metavar="SCORE<=VALUE",
    help="Also tell how long runs took to a running score, such as mmd/multi_rbf<=0.01.",
)
@json_option
def cost(results: str, reach: str | None, as_json: bool) -> None:
    """Show seconds, energy, parameters and passes of each cell beside its first score.

    A star marks the cells of the Pareto front: no other cell of the dataset is both faster to
    train and better.
    """
    from ganbench.plugins import NOTHING
    from ganbench.report.cost import Target, costs

    target = Target.parse(reach) if reach is not None else None
    frame = costs(open_results(results), target)
    if as_json:
        print_json(frame.to_dict("records"))
        return
    for dataset, part in frame.groupby("dataset", sort=False):
        echo(f"\n{dataset}")
        priors = part["prior"][part["prior"].ne(NOTHING.label)].nunique() > 1
        hidden = ["dataset", "score", "front", *([] if priors else ["prior"])]
        columns = [name for name in part.columns.drop(hidden) if part[name].notna().any()]
        titles = {**_TITLES, "value": str(part["score"].iloc[0])}
        print_table(
            ["", *(titles.get(name, name) for name in columns)],
            [
                ["*" if star else "", *(shown(value) for value in row)]
                for star, row in zip(
                    part["front"], part[columns].itertuples(index=False), strict=True
                )
            ],
            fold=False,
        )
    echo("Means over the ok seeds; G is the generator, D the critic, a pass one batch through it.")
    echo("* on the Pareto front: no cell of its dataset is both faster to train and better.")
