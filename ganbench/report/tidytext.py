"""The tidy table of a results folder as text."""

import json

import pandas as pd

from ganbench.escaping import defused, plain
from ganbench.report.formats import Format
from ganbench.report.tables import tidy


def tidy_text(frame: pd.DataFrame, format: Format) -> str:
    """Write one row for each run and score.

    Args:
        frame: of the results.
        format: "csv", "json", "md", "latex" or "html".
    """
    data = tidy(frame)
    if format == "csv":
        return data.map(defused).to_csv(index=False)
    if format == "json":
        return json.dumps(
            data.astype(object).where(data.notna(), None).to_dict("records"), indent=2
        )
    shown = data.map(_shown)
    if format == "latex":
        return shown.to_latex(index=False, escape=True)
    if format == "html":
        return shown.to_html(index=False, border=0)
    lines = [list(shown.columns), ["---"] * len(shown.columns), *shown.to_numpy().tolist()]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _shown(value: object) -> str:
    if value is None or value != value:  # NaN alone differs from itself
        return ""
    return f"{value:.4g}" if isinstance(value, float) else plain(str(value))
