from .library import ResultSet, load, run

__all__ = ["ResultSet", "load", "run"]

__version__: str
