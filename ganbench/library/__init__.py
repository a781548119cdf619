"""ganbench in a script or notebook: the same engine, store and reports as the command line."""

from ganbench.library.notebook import show_figures
from ganbench.library.resultset import ResultSet, load
from ganbench.library.running import run

__all__ = ["ResultSet", "load", "run"]

show_figures()
