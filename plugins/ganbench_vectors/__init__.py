"""Low-dimensional mixtures with a known density, players for vectors and noise priors."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, Prior, hookimpl
from ganbench_vectors.mixtures import grid25, ring8
from ganbench_vectors.mlp import Mlp
from ganbench_vectors.priors import Normal, Uniform
from ganbench_vectors.rbm import Rbm


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {"ring8": ring8, "grid25": grid25}


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architectures."""
    return {"mlp": Mlp, "rbm": Rbm}


@hookimpl
def ganbench_priors() -> Mapping[str, Callable[..., Prior]]:
    """Name the priors."""
    return {"normal": Normal, "uniform": Uniform}
