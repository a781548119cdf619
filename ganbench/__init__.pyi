from .errors import GanbenchError
from .library import ResultSet, load, run

__all__ = ["GanbenchError", "ResultSet", "load", "run"]

__version__: str
