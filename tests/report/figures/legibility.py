"""Whether a figure can be read: what it says is large enough, whole, and apart."""

import itertools

from matplotlib.text import Text

SMALLEST = 6.0


def said(figure):
    """Return the texts that are seen, with their boxes in pixels."""
    figure.canvas.draw()
    coordinates = [each for axis in figure.axes for each in (axis.xaxis, axis.yaxis)]
    ticks = [tick for each in coordinates for tick in (*each.majorTicks, *each.minorTicks)]
    shown = [each for each in coordinates if each.axes.axison]
    drawn = {id(tick) for each in shown for tick in each._update_ticks()}
    beyond = {id(label) for tick in ticks if id(tick) not in drawn
              for label in (tick.label1, tick.label2)}  # fmt: skip
    return [
        (text, text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in beyond
    ]


def faults(figure):
    """Say what cannot be read."""
    found, page = said(figure), figure.bbox
    for text, box in found:
        if text.get_fontsize() < SMALLEST:
            yield f"{text.get_text()!r} has {text.get_fontsize()} points"
        if min(box.x0, box.y0) < 0 or box.x1 > page.x1 or box.y1 > page.y1:
            yield f"{text.get_text()!r} is cut"
    for (first, one), (second, other) in itertools.combinations(found, 2):
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        along = min(one.y1, other.y1) - max(one.y0, other.y0)
        if across > 1 and along > 1.5:
            yield f"{first.get_text()!r} runs into {second.get_text()!r}"
