"""Images, small or large, and convolutional players for them."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, hookimpl
from ganbench_images.autoencoder import ConvAutoencoder
from ganbench_images.celeba import CelebA
from ganbench_images.cifar import Cifar10
from ganbench_images.dcgan import Dcgan
from ganbench_images.digits import Digits
from ganbench_images.folder import ImageFolder
from ganbench_images.mnist import FashionMnist, Kmnist, Mnist
from ganbench_images.patch import Patch
from ganbench_images.patches import Patches
from ganbench_images.r3net import R3Net
from ganbench_images.resnet import ResNet
from ganbench_images.stacked import StackedMnist


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {
        "celeba": CelebA,
        "cifar10": Cifar10,
        "digits": Digits,
        "fashion_mnist": FashionMnist,
        "image_folder": ImageFolder,
        "kmnist": Kmnist,
        "mnist": Mnist,
        "patches": Patches,
        "stacked_mnist": StackedMnist,
    }


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architectures."""
    return {
        "conv_autoencoder": ConvAutoencoder,
        "dcgan": Dcgan,
        "patch": Patch,
        "r3net": R3Net,
        "resnet": ResNet,
    }
