"""Low-dimensional mixtures with a known density, the multilayer perceptron and noise priors."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, Prior, hookimpl
from ganbench_vectors.mixtures import grid25, ring8
from ganbench_vectors.mlp import Mlp
from ganbench_vectors.priors import Normal, Uniform


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {"ring8": ring8, "grid25": grid25}


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architecture."""
    return {"mlp": Mlp}


@hookimpl
def ganbench_priors() -> Mapping[str, Callable[..., Prior]]:
    """Name the priors."""
    return {"normal": Normal, "uniform": Uniform}
