"""What a kind of figure is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from ganbench.results import Results


@dataclass(frozen=True)
class Kind:
    """A figure that can be asked for by name.

    Attributes:
        name: as the command line names it.
        title: a heading for it.
        draw: results and a dataset -> the figure, or the pictures of a film; raises
            `GanbenchError` where it does not fit. Where it is `whole`, the second argument only
            names what is drawn.
        caption: the same arguments -> what is drawn, of how many seeds, and what intervals are.
        whole: whether it takes in all datasets at once.
        on_request: whether it is drawn only where it is named, since it takes long.
    """

    name: str
    title: str
    draw: Callable[[Results, str], Figure | Sequence[Figure]]
    caption: Callable[[Results, str], str]
    whole: bool = False
    on_request: bool = False
