"""The tables of the study, in Markdown."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.calibration.pairs import PAIRS

Row = Mapping[str, Any]

HEAD = """# Calibration of the scores

Written by `python -m benchmarks.calibration`. [The README](../README.md#calibration-of-the-scores)
says what is measured; [results.json](results.json) has more digits, versions and repeats.
"""


def write_tables(results: Mapping[str, Any], path: Path) -> None:
    """Write one table for each target, floors, type I errors and power."""
    parts = [HEAD, _laws()]
    for section, tables in _TABLES.items():
        if section in results:
            rows = results[section]["rows"]
            parts += [text for table in tables if (text := table(rows))]
    parts += [_failures(results)]
    path.write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _laws() -> str:
    lines = [
        [f"`{name}`", f"{pair.jsd:.6f}", f"{pair.accuracy:.4f}", f"{pair.mmd2:.4g}", pair.kernel]
        for name, pair in PAIRS.items()
    ]
    head = ["pair", "JSD in nats", "Bayes accuracy", "MMD²", "kernel"]
    return _table("Pairs and their true divergences", head, lines)


def _biases(prefix: str, title: str, digits: int) -> Callable[[Sequence[Row]], str]:
    def table(rows: Sequence[Row]) -> str:
        chosen = [row for row in rows if row["estimator"].startswith(prefix) and "bias" in row]
        names = sorted({row["estimator"] for row in chosen})
        cells = {
            (row["pair"], row["n"], row["estimator"]): f"{row['bias']:+.{digits}f} / "
            f"{row['sd']:.{digits}f}"
            for row in chosen
        }
        return _crossed(f"{title}: bias / standard deviation", names, cells)

    return table


def _coverage(rows: Sequence[Row]) -> str:
    lines = []
    frame = pd.DataFrame([row for row in rows if "below" in row and not PAIRS[row["pair"]].null])
    if frame.empty:
        return ""
    wanted = ["error_ratio", "covered", "below"]
    for (name, n), group in frame.reindex(columns=[*dict.fromkeys([*frame, *wanted])]).groupby(
        ["estimator", "n"]
    ):
        ratio, covered, below = (group[column].dropna() for column in wanted)
        one_sided = covered.empty
        shown = below if one_sided else covered
        lines.append(
            [
                f"`{name}`",
                str(n),
                _number(ratio.median(), 2),
                "low end" if one_sided else "interval",
                _number(shown.mean(), 2),
                f"{_number(shown.min(), 2)} ({group.loc[shown.idxmin(), 'pair']})",
            ]
        )
    head = ["estimator", "n", "stated error / sd, median", "which", "right, mean", "worst pair"]
    return _table("Intervals and lower bounds that hold, over the pairs that differ", head, lines)


def _floors(rows: Sequence[Row]) -> str:
    names = sorted({row["estimator"] for row in rows})
    cells = {
        (row["pair"], row["n"], row["estimator"]): f"{row['mean']:.4f} / {row['p95']:.4f}"
        for row in rows
    }
    return _crossed("Floors, the real law against itself: mean / 95th percentile", names, cells)


def _nulls(rows: Sequence[Row]) -> str:
    lines = [
        [
            f"`{row['pair']}`",
            str(row["n"]),
            f"`{row['estimator']}`",
            *(f"{rate:.3f}" for rate in row["rejected"].values()),
            f"{row['ks']:.3f}",
            f"{row['excess']:.3f}",
            str(row["repeats"]),
        ]
        for row in rows
        if "rejected" in row
    ]
    head = ["null", "n", "test", ".01", ".05", ".10", "KS distance", "excess", "nulls"]
    return _table("Rejections of true nulls by level", head, lines)


def _power(rows: Sequence[Row]) -> str:
    chosen = [row for row in rows if "power" in row]
    sizes = sorted({row["n"] for row in chosen})
    cells: dict[tuple[str, str], dict[int, str]] = {}
    for row in chosen:
        cells.setdefault((row["pair"], row["estimator"]), {})[row["n"]] = f"{row['power']:.2f}"
    lines = [
        [f"`{pair}`", f"`{name}`", *(by_size.get(n, "") for n in sizes)]
        for (pair, name), by_size in cells.items()
    ]
    return _table("Power at level .05, by n", ["pair", "test", *map(str, sizes)], lines)


def _failures(results: Mapping[str, Any]) -> str:
    lines = [
        [name, f"`{row['pair']}`", str(row["n"]), f"`{row['estimator']}`", row["failed"]]
        for name, section in results.items()
        if isinstance(section, dict)
        for row in section.get("failed", [])
    ]
    return _table("Calls that were refused", ["section", "pair", "n", "call", "why"], lines)


_TABLES: dict[str, list[Callable[[Sequence[Row]], str]]] = {
    "bias": [
        _biases("jsd", "Jensen-Shannon divergence", 4),
        _biases("mmd2", "MMD²", 5),
        _biases("c2st", "Accuracy", 3),
        _coverage,
    ],
    "floors": [_floors],
    "null": [_nulls],
    "power": [_power],
}


def _crossed(title: str, names: Sequence[str], cells: Mapping[tuple[str, int, str], str]) -> str:
    """Put estimators into columns, pairs and sample sizes into rows."""
    places = list(dict.fromkeys((pair, n) for pair, n, _ in cells))
    lines = [
        [f"`{pair}`", str(n), *(cells.get((pair, n, name), "") for name in names)]
        for pair, n in places
    ]
    return _table(title, ["pair", "n", *(f"`{name}`" for name in names)], lines)


def _table(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    if not lines:
        return ""
    rule = ["---"] * len(head)
    body = "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines])
    return f"## {title}\n\n{body}\n"


def _number(value: float, digits: int) -> str:
    return "" if pd.isna(value) else f"{value:.{digits}f}"
