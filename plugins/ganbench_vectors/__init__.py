"""Vectors with a known law, and noise."""

from collections.abc import Callable, Mapping

from ganbench.api import Dataset, Prior, hookimpl
from ganbench_vectors.boards import Checkerboard
from ganbench_vectors.curves import Moons, Spiral
from ganbench_vectors.laws import Gaussian, ParetoLaw, StudentTLaw
from ganbench_vectors.maps import Funnel, Pinwheel
from ganbench_vectors.mixtures import grid, grid25, random_mixture, ring, ring8
from ganbench_vectors.pieces import LearnedMixture, Mixture, OneHot
from ganbench_vectors.priors import (
    Bernoulli,
    Hypersphere,
    Normal,
    Pareto,
    StudentT,
    TruncatedNormal,
    Uniform,
    UniformSum,
)
from ganbench_vectors.sheets import Manifold, SwissRoll


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {
        "ring": ring,
        "ring8": ring8,
        "grid": grid,
        "grid25": grid25,
        "random_mixture": random_mixture,
        "gaussian": Gaussian,
        "student_t": StudentTLaw,
        "pareto": ParetoLaw,
        "moons": Moons,
        "spiral": Spiral,
        "checkerboard": Checkerboard,
        "pinwheel": Pinwheel,
        "funnel": Funnel,
        "swiss_roll": SwissRoll,
        "manifold": Manifold,
    }


@hookimpl
def ganbench_priors() -> Mapping[str, Callable[..., Prior]]:
    """Name the priors."""
    return {
        "normal": Normal,
        "uniform": Uniform,
        "uniform_sum": UniformSum,
        "truncated_normal": TruncatedNormal,
        "bernoulli": Bernoulli,
        "hypersphere": Hypersphere,
        "student_t": StudentT,
        "pareto": Pareto,
        "onehot": OneHot,
        "mixture": Mixture,
        "learned_mixture": LearnedMixture,
    }
