"""Sequences of symbols with a known law, and recurrent players for them."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, hookimpl
from ganbench_sequences.grammar import Grammar
from ganbench_sequences.markov import HiddenMarkov, Markov
from ganbench_sequences.oracle import LstmOracle
from ganbench_sequences.recurrent import gru, lstm


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {
        "markov": Markov,
        "hmm": HiddenMarkov,
        "pcfg": Grammar,
        "lstm_oracle": LstmOracle,
    }


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architectures."""
    return {"lstm": lstm, "gru": gru}
