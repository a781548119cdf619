"""Figures as files."""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from ganbench.report.figures.style import STYLE

_DPI = 150


def encode(figure: Figure, format: str) -> bytes:
    """Return the file of a figure as "png", "svg" or "pdf": the same bytes for the same figure."""
    return encode_all(figure, [format])[format]


def encode_all(figure: Figure, formats: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a figure by format, all of one layout."""
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        # A letter that no font has becomes a box, which the reader sees.
        warnings.filterwarnings("ignore", r"Glyph .* missing from font", UserWarning)
        with _settled(figure):
            return {format: _saved(figure, format) for format in formats}


@contextmanager
def _settled(figure: Figure) -> Iterator[None]:
    """Lay a figure out once instead of twice for each file, which is most of the drawing.

    It is laid out at the resolution of its files: letters of another are not as wide.
    """
    engine, dpi = figure.get_layout_engine(), figure.dpi
    figure.set_dpi(_DPI)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    try:
        yield
    finally:
        figure.set_layout_engine(engine)
        figure.set_dpi(dpi)


def _saved(figure: Figure, format: str) -> bytes:
    buffer = io.BytesIO()
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(format, {})
    dpi = 2 * _DPI if format == "pdf" else _DPI
    figure.savefig(buffer, format=format, dpi=dpi, metadata=metadata)
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
