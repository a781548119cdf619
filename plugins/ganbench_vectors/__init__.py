"""Vectors with a known law, players for samples of any shape, and noise priors."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, Prior, hookimpl
from ganbench_vectors.autoencoder import Autoencoder
from ganbench_vectors.curves import Manifold, Moons
from ganbench_vectors.elm import Elm, ElmRidge
from ganbench_vectors.fourier import RandomFeatures
from ganbench_vectors.kernels import KernelLogistic, MmdWitness
from ganbench_vectors.laws import Gaussian, ParetoLaw, StudentTLaw
from ganbench_vectors.maxout import Maxout
from ganbench_vectors.minibatch import Minibatch
from ganbench_vectors.mixtures import grid25, ring8
from ganbench_vectors.mlp import Mlp
from ganbench_vectors.neighbours import Neighbours
from ganbench_vectors.pieces import LearnedMixture, Mixture, OneHot
from ganbench_vectors.polynomial import Linear, Quadratic
from ganbench_vectors.priors import (
    Bernoulli,
    Hypersphere,
    Normal,
    Pareto,
    StudentT,
    TruncatedNormal,
    Uniform,
)
from ganbench_vectors.rbm import Rbm
from ganbench_vectors.residual import ResMlp
from ganbench_vectors.selfnormalising import Snn
from ganbench_vectors.trees import ExtraTrees


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
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architectures."""
    return {
        "mlp": Mlp,
        "resmlp": ResMlp,
        "maxout": Maxout,
        "minibatch": Minibatch,
        "snn": Snn,
        "autoencoder": Autoencoder,
        "elm": Elm,
        "elm_ridge": ElmRidge,
        "random_features": RandomFeatures,
        "mmd_witness": MmdWitness,
        "kernel_logistic": KernelLogistic,
        "linear": Linear,
        "quadratic": Quadratic,
        "trees": ExtraTrees,
        "neighbours": Neighbours,
        "rbm": Rbm,
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
