"""Tidy frames whose numbers are given."""

import pandas as pd

from ganbench.comparison.pairing import labelled, lay_out, scores_to_compare
from ganbench.report.tables import TIDY_COLUMNS


def tidy(
    values, better="lower", metric="distance", estimator="", floor=0.0, floor_p95=0.001, **run
):
    """Make a tidy frame of one score.

    Args:
        values: (dataset, architecture, loss) -> a value for each seed, or a status for a run
            without one.
    """
    rows = []
    for (dataset, architecture, loss), each in values.items():
        for seed, value in enumerate(each):
            scored = not isinstance(value, str)
            row = {
                **dict.fromkeys(TIDY_COLUMNS),
                **{"run_id": f"{dataset}/{architecture}/{loss}/{seed}", "dataset": dataset},
                **{"prior": "normal", "generator": architecture, "discriminator": architecture},
                **{"loss": loss, "seed": seed, "status": "ok" if scored else value},
                **{"generator_steps": 100, "device": "cpu", "engine": "traced", "headline": False},
                **{"better": None},
                **run,
            }
            if scored:
                row |= {"metric": metric, "estimator": estimator, "better": better, "value": value}
                row |= {"headline": True, "floor": floor, "floor_p95": floor_p95}
            rows.append(row)
    return pd.DataFrame(rows)


def laid_out(values, by="loss", **facts):
    frame = labelled(tidy(values, **facts))
    (scores,) = lay_out(frame, frame[:0], by, scores_to_compare(frame, None))
    return scores
