"""Low-dimensional mixtures with a known density, players for samples of any shape, and priors."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, Prior, hookimpl
from ganbench_vectors.autoencoder import Autoencoder
from ganbench_vectors.elm import Elm, ElmRidge
from ganbench_vectors.fourier import RandomFeatures
from ganbench_vectors.kernels import KernelLogistic, MmdWitness
from ganbench_vectors.maxout import Maxout
from ganbench_vectors.minibatch import Minibatch
from ganbench_vectors.mixtures import grid25, ring8
from ganbench_vectors.mlp import Mlp
from ganbench_vectors.neighbours import Neighbours
from ganbench_vectors.polynomial import Linear, Quadratic
from ganbench_vectors.priors import Normal, Uniform
from ganbench_vectors.residual import ResMlp
from ganbench_vectors.selfnormalising import Snn
from ganbench_vectors.trees import ExtraTrees


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {"ring8": ring8, "grid25": grid25}


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
        "elm-ridge": ElmRidge,
        "random-features": RandomFeatures,
        "mmd-witness": MmdWitness,
        "kernel-logistic": KernelLogistic,
        "linear": Linear,
        "quadratic": Quadratic,
        "trees": ExtraTrees,
        "neighbours": Neighbours,
    }


@hookimpl
def ganbench_priors() -> Mapping[str, Callable[..., Prior]]:
    """Name the priors."""
    return {"normal": Normal, "uniform": Uniform}
