"""Small images and convolutional players for them."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, hookimpl
from ganbench_images.dcgan import Dcgan
from ganbench_images.digits import Digits


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the dataset."""
    return {"digits": Digits}


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architecture."""
    return {"dcgan": Dcgan}
