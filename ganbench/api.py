"""All that a plugin author imports.

A plugin is a module that is registered under the entry-point group `ganbench` and implements
some of the hooks of `ganbench.hookspecs`, each returning a mapping name -> factory. A factory is
a class or function with a typed signature; the first line of its docstring is its summary and a
line `Source: ...` its citation. Everything is written for ONE seed: ganbench stacks the seeds,
vectorises the step over them and traces it, so code here must not branch on tensor values, call
`.item()` or draw random numbers of its own (declare `Draw`s instead).

`__all__` is the public interface, with the hooks; `docs/plugins.md` says what is promised of it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pluggy

from ganbench.architecture import (
    NETWORK,
    SCORE,
    TRAITS,
    Architecture,
    FeatureCritic,
    Output,
    Recipe,
    Traits,
)
from ganbench.baselines import Baseline, Sampler, training_rows
from ganbench.cache import Remote, kept
from ganbench.data import (
    Column,
    Conditions,
    DataKind,
    Dataset,
    DataSpec,
    Modes,
    Prior,
    Span,
    Split,
    Tails,
)
from ganbench.deprecation import Leaving, find_leaving
from ganbench.errors import DeviceError, MetricError, NotCachedError, SpecError
from ganbench.files import read_limited, user_path
from ganbench.heads import OutputHead, Relaxation, one_hot_of
from ganbench.layers import (
    GRU,
    LSTM,
    BatchNorm,
    Dropout,
    GRUCell,
    LSTMCell,
    Noise,
    Progress,
    SpectralNorm,
    spectrally_normalised,
)
from ganbench.metrics.score import Score
from ganbench.objectives import (
    Critic,
    Draw,
    Draws,
    Loss,
    Regularizer,
    State,
    compose,
    from_scores,
    input_gradient,
)
from ganbench.ranges import (
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Size,
)
from ganbench.scoring import Metric, MetricContext
from ganbench.tracking import Tracker

__all__ = [
    "API_VERSION", "GRU", "LSTM", "NETWORK", "OLDEST_API_VERSION", "SCORE", "TRAITS",
    "Architecture", "Baseline", "BatchNorm", "Column", "Conditions", "Critic", "DataKind",
    "DataSpec", "Dataset", "DeviceError", "Draw", "Draws", "Dropout", "FeatureCritic", "Fraction",
    "GRUCell", "LSTMCell", "Loss", "Metric", "MetricContext", "MetricError", "Modes", "Noise",
    "NonNegativeFloat", "NonNegativeInt", "NotCachedError", "Output", "OutputHead",
    "PositiveFloat", "PositiveInt", "Prior", "Progress", "Recipe", "Regularizer", "Relaxation",
    "Remote", "Sampler", "Score", "Size", "Span", "SpecError", "SpectralNorm", "Split", "State",
    "Tails", "Tracker", "Traits", "compose", "from_scores", "hookimpl", "input_gradient", "kept",
    "one_hot_of", "read_limited", "spectrally_normalised", "training_rows", "user_path",
]  # fmt: skip

API_VERSION = 1
"""Raised in every release that adds to the interface, changes it or takes something away."""
OLDEST_API_VERSION = 1
"""Plugins that were written for this version, or any up to the present one, work."""

hookimpl = pluggy.HookimplMarker("ganbench")

LEAVING: Mapping[str, Leaving] = {}
"""Names that work for now, with a warning, and are no longer in `__all__`."""

if not TYPE_CHECKING:  # a type checker would take every name for one that is here

    def __getattr__(name: str) -> object:
        return find_leaving(__name__, name, LEAVING)
