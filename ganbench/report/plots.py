"""Figures of a results folder, one dataset at a time; every function returns a `Figure`."""

import io
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import cycle, islice
from typing import Any, Literal

import matplotlib
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from PIL import Image

from ganbench.comparison.columns import ARROWS, Column
from ganbench.comparison.wording import number
from ganbench.errors import GanbenchError
from ganbench.report.tables import REAL, Row, Section, summary, wrapped
from ganbench.results import Results

STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.hashsalt": "ganbench",
    "text.parse_math": False,
}
REAL_COLOUR = "0.6"
TITLE_LETTER = 0.092
"""Inches that a letter of a title takes."""
_WIDTH: ContextVar[float] = ContextVar("_WIDTH", default=11.0)
_LEAST = 5.0
LOSSES = ("critic_loss", "generator_loss")
WIDEST_LINEAR = 30


@contextmanager
def laid_out(width: float) -> Iterator[None]:
    """Lay out figures for this many inches, as far as panels and names allow."""
    token = _WIDTH.set(width)
    try:
        yield
    finally:
        _WIDTH.reset(token)


def least() -> float:
    """Return the inches below which no figure is made narrower."""
    return min(_LEAST, _WIDTH.get())


def encode(figure: Figure, format: str) -> bytes:
    """Return the file of a figure as "png", "svg" or "pdf": the same bytes for the same figure."""
    buffer = io.BytesIO()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format, {})
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # A letter that no font has becomes a box, which the reader sees.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format=format, dpi=150, metadata=metadata)
    return buffer.getvalue()


def film(figures: Sequence[Figure], seconds: float = 6.0) -> bytes:
    """Return a GIF that shows figures one after the other, the last for two seconds more."""
    pictures = [Image.open(io.BytesIO(encode(figure, "png"))).convert("RGB") for figure in figures]
    size = tuple(max(picture.size[side] for picture in pictures) for side in (0, 1))
    frames = [Image.new("RGB", (size[0], size[1]), "white") for _ in pictures]
    for frame, picture in zip(frames, pictures, strict=True):
        frame.paste(picture)
    each = round(1000 * seconds / len(frames))
    buffer = io.BytesIO()
    durations = [*[each] * (len(frames) - 1), each + 2000]
    frames[0].save(
        buffer, "gif", save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    return buffer.getvalue()


def section_of(results: Results, dataset: str) -> Section:
    """Summarise one dataset."""
    sections = summary(results.frame[results.frame["dataset"].eq(dataset)]).sections
    if not sections:
        raise GanbenchError(f"No cell of the dataset '{dataset}' is compatible")
    return sections[0]


def players_of(section: Section) -> list[str]:
    """Name the architectures, in the order of the rows."""
    return list(dict.fromkeys(map(section.player, section.rows)))


def losses_of(section: Section) -> list[str]:
    """Name the losses, in the order of the rows."""
    return list(dict.fromkeys(row.loss for row in section.rows))


def looks(section: Section) -> dict[str, tuple[str, str]]:
    """Give each architecture a colour and a marker."""
    players = players_of(section)
    markers = islice(cycle("osD^vPX"), len(players))
    return dict(zip(players, zip(palette(len(players)), markers, strict=True), strict=True))


def palette(count: int) -> list[str]:
    """Return so many colours that most colour-blind people tell apart, again from the tenth on."""
    return list(islice(cycle(sns.color_palette("colorblind").as_hex()), count))


def canvas(width: float, height: float) -> Figure:
    """Return an empty figure that no global state knows of."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def title(figure: Figure, text: str) -> None:
    """Put a title over all panels, in as many lines as the width asks for."""
    width = max(1, int(figure.get_figwidth() / TITLE_LETTER))
    pieces = wrapped(text, width).split("\n")
    lines = [line for piece in pieces for line in textwrap.wrap(piece, width)]
    figure.set_figheight(figure.get_figheight() + 0.17 * (len(lines) - 1))
    figure.suptitle("\n".join(lines), fontsize=10)


def label(text: str, width: int = 22, lines: int = 6) -> str:
    """Break a name to lines of about `width`; of a very long one the middle is left out."""
    parts = [
        part
        for line in wrapped(printable(text), width).split("\n")
        for part in (textwrap.wrap(line, width) if len(line) > width + 2 else [line])
    ]
    if len(parts) > lines:
        parts = [*parts[: lines // 2], "…", *parts[len(parts) - (lines - 1) // 2 :]]
    return "\n".join(parts)


def short(text: str, letters: int) -> str:
    """Return what fits into so many letters, with a sign that something was cut."""
    text = printable(text)
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def printable(text: str) -> str:
    """Show what cannot be printed, such as tabs and ends of lines, as a dot."""
    return "".join(c if c.isprintable() else "·" for c in text)


def legend(figure: Figure, handles: Sequence[Line2D | Patch]) -> None:
    """Put a legend below all panels, in as many columns as fit, and make room for its lines."""
    for handle in handles:
        handle.set_label(label(str(handle.get_label()), 44, 5))
    names = [str(handle.get_label()).split("\n") for handle in handles]
    longest = max(len(line) for name in names for line in name)
    columns = int(figure.get_figwidth() / (0.7 + 0.075 * longest))
    ncols = min(len(handles), max(1, columns))
    rows = -(-len(handles) // ncols)
    lines = rows * max(len(name) for name in names)
    figure.set_figheight(figure.get_figheight() + 0.17 * (lines - 1))
    figure.legend(handles=handles, loc="outside lower center", ncols=ncols)


def _panels(section: Section, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with one panel per score; losses share the vertical axis."""
    if not section.columns:
        raise GanbenchError(f"No run on '{section.dataset}' has a score yet")
    count = len(section.columns)
    per_row = min(count, max(1, int((_WIDTH.get() - 1) // width)))
    n_rows = -(-count // per_row)
    figure = canvas(max(least(), 1.4 + per_row * width), n_rows * height + 0.6)
    grid = figure.subplots(n_rows, per_row, sharey=True, squeeze=False).ravel()
    for spare in grid[count:]:
        spare.remove()
    return figure, list(grid[:count])


def _lines(losses: Sequence[str]) -> list[str]:
    """Write losses as the names of lines."""
    return [label(loss, lines=4) for loss in losses]


def _slot(losses: Sequence[str], least: float) -> float:
    """Return the inches of a line, which its name must fit into."""
    return max(least, *(0.15 * (name.count("\n") + 1) for name in _lines(losses)))


def log_where_wide(axis: Axes, which: Literal["x", "y"], values: np.ndarray) -> None:
    """Make an axis logarithmic where positive values span orders of magnitude; short ticks."""
    coordinate = axis.xaxis if which == "x" else axis.yaxis
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and values.max() / values.min() > WIDEST_LINEAR:
        axis.set(**{f"{which}scale": "log"})
        coordinate.set_major_locator(LogLocator(numticks=5))
        coordinate.set_minor_formatter(NullFormatter())
    else:
        axis.locator_params(axis=which, nbins=4)
    coordinate.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))


# ------------------------------------------------------------------------------------ heat maps


@matplotlib.rc_context(STYLE)
def heatmaps(results: Results, dataset: str) -> Figure:
    """Draw the mean of each score for every loss and architecture.

    Darker is better; scores without a better side are grey.
    """
    section = section_of(results, dataset)
    players, losses = players_of(section), losses_of(section)
    width = max(0.4 + 0.72 * len(players), 1.5)  # else titles run into each other
    names = [label(player, 11, 6) for player in players]
    below = 0.12 * max(name.count("\n") for name in names)
    figure, panels = _panels(section, width, 0.9 + below + _slot(losses, 0.42) * len(losses))
    for axis, column in zip(panels, section.columns, strict=True):
        _heatmap(axis, section, column)
    for axis, column in zip(panels, section.columns, strict=True):  # seaborn draws what is there
        axis.set(title=label(column.title, int(13 * width), 3), xlabel="", ylabel="")
        axis.set_xticks(np.arange(len(players)) + 0.5, names, va="top", fontsize=7)
        axis.set_yticks(np.arange(len(losses)) + 0.5, _lines(losses))
        axis.tick_params(length=0)
    sided = {column.better in ARROWS for column in section.columns}
    grey = "; grey: no better side" if False in sided else ""
    title(figure, f"{dataset}: mean over seeds, darker is better{grey}")
    return figure


def _heatmap(axis: Axes, section: Section, column: Column) -> None:
    players, losses = players_of(section), losses_of(section)
    values = pd.DataFrame(np.nan, index=losses, columns=players)
    notes = pd.DataFrame("", index=losses, columns=players)
    for row in section.rows:
        mean = row.scores[column.name].mean
        where = (row.loss, section.player(row))
        values.loc[where] = mean
        whole = len(row.runs) == row.planned
        notes.loc[where] = number(mean) if whole else f"{number(mean)}\n{row.ok} ok"
        if np.isnan(mean):
            x, y = players.index(where[1]) + 0.5, losses.index(row.loss) + 0.5
            text = row.status if row.status != "ok" else "no score"
            axis.text(x, y, text, ha="center", va="center", fontsize=7, color="0.3")
    axis.set_facecolor("0.92")
    low, high = values.to_numpy().min(), values.to_numpy().max()
    # Where all cells tie, none is best: the middle of the colours.
    tie = low == high
    sns.heatmap(
        values,
        annot=notes,
        fmt="",
        annot_kws={"fontsize": 7.5},
        cmap={"lower": "viridis", "higher": "viridis_r"}.get(column.better, "Greys"),
        cbar=False,
        linewidths=1.5,
        xticklabels=False,
        yticklabels=False,
        ax=axis,
        vmin=low - 1 if tie else None,
        vmax=high + 1 if tie else None,
    )


# ----------------------------------------------------------------------------------- seed strips


@matplotlib.rc_context(STYLE)
def seed_strips(results: Results, dataset: str) -> Figure:
    """Draw each seed, the mean with its 95% t interval, and the floor, for every score."""
    section = section_of(results, dataset)
    losses, styles = losses_of(section), looks(section)
    slot = _slot(losses, max(0.45, 0.2 * len(styles) + 0.1))
    figure, panels = _panels(section, 3.2, 0.9 + slot * len(losses))
    for axis, column in zip(panels, section.columns, strict=True):
        _strip(axis, section, column)
        axis.set_title(label(column.title, 40, 3))
        axis.set_yticks(range(len(losses)), _lines(losses))
        axis.set_ylim(len(losses) - 0.5, -0.5)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="x")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=colour, marker=marker, label=player)
        for player, (colour, marker) in styles.items()
    ]
    handles.append(Line2D([], [], color="black", linestyle=":", label=f"{REAL}, mean"))
    handles.append(Patch(color="0.88", label="to its 95% point"))
    legend(figure, handles)
    title(figure, f"{dataset}: seeds, mean and 95% interval")
    return figure


def _strip(axis: Axes, section: Section, column: Column) -> None:
    losses, styles = losses_of(section), looks(section)
    floor = section.floors[column.name]
    axis.axvspan(*sorted(floor), color="0.88", linewidth=0)
    axis.axvline(floor.mean, color="black", linestyle=":", linewidth=1)
    for line in range(1, len(losses)):
        axis.axhline(line - 0.5, color="0.9", linewidth=0.8)
    for row in section.rows:
        score = row.scores[column.name]
        colour, marker = styles[section.player(row)]
        share = 0.8 / len(styles)
        y = losses.index(row.loss) + (list(styles).index(section.player(row)) + 0.5) * share - 0.4
        if not score.n:
            text = row.status if row.status != "ok" else "no score"
            where = axis.get_yaxis_transform()
            axis.text(0.02, y, text, color=colour, fontsize=7, va="center", transform=where)
            continue
        points, below = list(score.values.values()), y + share / 5
        axis.scatter(points, [y - share / 5] * score.n, s=13, color=colour, alpha=0.45, lw=0)
        axis.errorbar(score.mean, below, xerr=score.half, color=colour, capsize=2, lw=1.3)
        axis.scatter(score.mean, below, s=22, color=colour, marker=marker, lw=0, zorder=3)
    every = [v for row in section.rows for v in row.scores[column.name].values.values()]
    log_where_wide(axis, "x", np.array([*every, floor.mean]))


# ------------------------------------------------------------------------------- learning curves


@matplotlib.rc_context(STYLE)
def learning_curves(results: Results, dataset: str) -> Figure:
    """Draw both objectives and the running scores against the step: mean and range of seeds."""
    section = section_of(results, dataset)
    curves = {
        (row.loss, section.player(row)): _curves(results, row) for row in section.rows if row.runs
    }
    found = {name for curve in curves.values() for name in curve.index.get_level_values(0)}
    names = [*(name for name in LOSSES if name in found), *sorted(found.difference(LOSSES))]
    if not names:
        raise GanbenchError(f"No run on '{dataset}' has a history yet")
    losses = losses_of(section)
    width = max(1.8, min(2.6, (_WIDTH.get() - 1) / len(names)))
    figure = canvas(1.0 + width * len(names), 1.0 + 1.35 * len(losses))
    grid = figure.subplots(len(losses), len(names), sharex=True, squeeze=False)
    for axes, loss in zip(grid, losses, strict=True):
        for axis, name in zip(axes, names, strict=True):
            for player, (colour, _) in looks(section).items():
                _curve(axis, curves.get((loss, player)), name, colour)
        axes[0].set_ylabel(label(loss), rotation=0, ha="right", va="center")
    for axes, name in zip(grid.T, names, strict=True):
        axes[0].set_title(label(name.replace("_", " "), int(11 * width), 3))
        axes[-1].set_xlabel("generator step")
        _share(axes, joint=name not in LOSSES)
    handles = [Line2D([], [], color=c, label=player) for player, (c, _) in looks(section).items()]
    legend(figure, handles)
    title(figure, f"{dataset}: mean and range over the ok seeds")
    return figure


def _curves(results: Results, row: Row, points: int = 200) -> pd.DataFrame:
    """Return mean, min and max over seeds, by quantity and (thinned) step."""
    histories = {seed: results.history(run_id) for seed, run_id in row.runs.items()}
    history = pd.concat(histories, names=["seed"])
    last = int(history["step"].max()) if len(history) else 0
    thinning = max(1, last // points)
    history["step"] = history["step"] // thinning * thinning
    by_seed = history.groupby(["seed", "quantity", "step"])["value"].mean()
    return by_seed.groupby(["quantity", "step"]).agg(["mean", "min", "max"])


def _curve(axis: Axes, curves: pd.DataFrame | None, name: str, colour: str) -> None:
    if curves is None or name not in curves.index.get_level_values(0):
        return
    curve = curves.loc[name]
    axis.fill_between(curve.index, curve["min"], curve["max"], color=colour, alpha=0.2, lw=0)
    axis.plot(curve.index, curve["mean"], color=colour, lw=1.2)


def _share(axes: Sequence[Axes], joint: bool) -> None:
    """Scale a column of panels; scores are comparable across losses, objectives are not."""
    for axis in axes:
        lines = [line for each in (axes if joint else [axis]) for line in each.get_lines()]
        values = [np.asarray(line.get_ydata(), dtype=float) for line in lines]
        log_where_wide(axis, "y", np.concatenate([np.empty(0), *values]))
        axis.grid(axis="y")
        axis.locator_params(axis="x", nbins=4)
        if joint and axis is not axes[0]:
            axis.sharey(axes[0])
    axes[0].autoscale_view()
