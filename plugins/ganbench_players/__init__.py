"""Players for samples of any shape: networks, machines, kernels and forests."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, hookimpl
from ganbench_players.autoencoder import Autoencoder
from ganbench_players.elm import Elm, ElmRidge
from ganbench_players.fourier import RandomFeatures
from ganbench_players.kernels import KernelLogistic, MmdWitness
from ganbench_players.maxout import Maxout
from ganbench_players.minibatch import Minibatch
from ganbench_players.mlp import Mlp
from ganbench_players.neighbours import Neighbours
from ganbench_players.polynomial import Linear, Quadratic
from ganbench_players.rbm import Rbm
from ganbench_players.residual import ResMlp
from ganbench_players.selfnormalising import Snn
from ganbench_players.trees import ExtraTrees


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
