"""Sequences of symbols with a known law, and recurrent players for them."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, hookimpl
from ganbench_sequences.markov import Markov
from ganbench_sequences.recurrent import gru, lstm


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the dataset."""
    return {"markov": Markov}


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architectures."""
    return {"lstm": lstm, "gru": gru}
