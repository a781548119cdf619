"""Sequences of symbols, from known laws and from texts, and players for them."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, hookimpl
from ganbench_sequences.convolutional import TextCnn
from ganbench_sequences.grammar import Grammar
from ganbench_sequences.markov import HiddenMarkov, Markov
from ganbench_sequences.oracle import LstmOracle
from ganbench_sequences.recurrent import gru, lstm
from ganbench_sequences.texts import Pydoc, TextFile


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {
        "markov": Markov,
        "hmm": HiddenMarkov,
        "pcfg": Grammar,
        "lstm_oracle": LstmOracle,
        "pydoc": Pydoc,
        "text": TextFile,
    }


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architectures."""
    return {"lstm": lstm, "gru": gru, "textcnn": TextCnn}
