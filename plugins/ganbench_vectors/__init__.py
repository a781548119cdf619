"""Vectors with a known law, and noise."""

from collections.abc import Callable, Mapping

from ganbench.api import Dataset, Prior, hookimpl
from ganbench_vectors.curves import Manifold, Moons
from ganbench_vectors.laws import Gaussian, ParetoLaw, StudentTLaw
from ganbench_vectors.mixtures import grid25, ring8
from ganbench_vectors.pieces import LearnedMixture, Mixture, OneHot
from ganbench_vectors.priors import (
    Bernoulli,
    Hypersphere,
    Normal,
    Pareto,
    StudentT,
    TruncatedNormal,
    Uniform,
)


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {
        "ring8": ring8,
        "grid25": grid25,
        "gaussian": Gaussian,
        "student_t": StudentTLaw,
        "pareto": ParetoLaw,
        "moons": Moons,
        "manifold": Manifold,
    }


@hookimpl
def ganbench_priors() -> Mapping[str, Callable[..., Prior]]:
    """Name the priors."""
    return {
        "normal": Normal,
        "uniform": Uniform,
        "truncated_normal": TruncatedNormal,
        "bernoulli": Bernoulli,
        "hypersphere": Hypersphere,
        "student_t": StudentT,
        "pareto": Pareto,
        "onehot": OneHot,
        "mixture": Mixture,
        "learned_mixture": LearnedMixture,
    }
