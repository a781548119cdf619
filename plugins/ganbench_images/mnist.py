"""MNIST and the sets that took its form: four IDX files, read from the cache."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np

from ganbench.api import Remote, SpecError, Split, kept
from ganbench_images.idx import read_pair
from ganbench_images.mending import mended_by_fetching
from ganbench_images.scaling import padded, shrunk
from ganbench_images.sets import SPLITS, ImageSet

_SIDE = 28
_PARTS: Mapping[Split, str] = {"train": "train", "test": "t10k"}

Size = Literal[8, 16, 28, 32]


class MnistLike(ImageSet):
    """Grey images of 28 x 28 with ten classes in four IDX files: name the files to make a set.

    Attributes:
        folder: of the files in the cache, which has the name of the dataset.
        mirrors: where the files can be had, the first choice first.
        files: name of each file -> its SHA-256 and its number of bytes.
    """

    folder: str
    mirrors: tuple[str, ...]
    files: ClassVar[Mapping[str, tuple[str, int]]]

    def __init__(self, size: Size = 28) -> None:
        images, labels = {}, {}
        for split in SPLITS:
            images[split], labels[split] = self.load(split, size)
        super().__init__(images, labels)

    @classmethod
    def load(cls, split: Split, size: Size) -> tuple[np.ndarray, np.ndarray]:
        """Read the images (n, 1, size, size) and their labels (n,) from the cache.

        Raises:
            SpecError: if a file there is not what it should be.
        """
        part = _PARTS[split]
        paths = [
            kept(f"{cls.folder}/{name}", cls._remote(name).download)
            for name in (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz")
        ]
        with mended_by_fetching(cls.folder):
            images, labels = read_pair(*paths)
            if images.shape[1:] != (_SIDE, _SIDE):
                found = " x ".join(map(str, images.shape[1:]))
                raise SpecError(
                    f"{paths[0]} holds images of {found} pixels, not {_SIDE} x {_SIDE}."
                )
        return _resized(images[:, None], size), labels

    @classmethod
    def _remote(cls, name: str) -> Remote:
        checksum, size = cls.files[name]
        urls = tuple(mirror + name for mirror in cls.mirrors)
        return Remote(urls, f"sha256:{checksum}", size)


def _resized(images: np.ndarray, size: Size) -> np.ndarray:
    return images if size == _SIDE else shrunk(padded(images, 32), size)


class Mnist(MnistLike):
    """MNIST: handwritten digits, 60,000 for training and 10,000 for tests.

    Args:
        size: side of the images, 28, 32 with a black border, or 16 or 8 by averaging those.

    Source: LeCun, Bottou, Bengio & Haffner 1998, Proceedings of the IEEE 86(11):2278-2324

    Kind: image
    Size: 70000 images of 28 x 28, grey
    Licence: not stated
    """

    folder = "mnist"
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    files: ClassVar = {
        "train-images-idx3-ubyte.gz": (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            9912422,
        ),
        "train-labels-idx1-ubyte.gz": (
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            28881,
        ),
        "t10k-images-idx3-ubyte.gz": (
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            1648877,
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            4542,
        ),
    }


class FashionMnist(MnistLike):
    """Fashion-MNIST: pictures of clothes from a shop, 60,000 for training and 10,000 for tests.

    The classes are, from 0: T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag,
    ankle boot.

    Args:
        size: side of the images, 28, 32 with a black border, or 16 or 8 by averaging those.

    Source: Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747

    Kind: image
    Size: 70000 images of 28 x 28, grey
    Licence: MIT
    """

    folder = "fashion_mnist"
    mirrors = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    )
    files: ClassVar = {
        "train-images-idx3-ubyte.gz": (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            26421880,
        ),
        "train-labels-idx1-ubyte.gz": (
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            29515,
        ),
        "t10k-images-idx3-ubyte.gz": (
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            4422102,
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            5148,
        ),
    }


class Kmnist(MnistLike):
    """Kuzushiji-MNIST: handwritten Japanese characters, 60,000 for training, 10,000 for tests.

    The classes are, from 0: o, ki, su, tsu, na, ha, ma, ya, re, wo, each 7,000 times.

    Args:
        size: side of the images, 28, 32 with a black border, or 16 or 8 by averaging those.

    Source: Clanuwat et al. 2018, arXiv:1812.01718, doi:10.20676/00000341

    Kind: image
    Size: 70000 images of 28 x 28, grey
    Licence: CC BY-SA 4.0
    """

    folder = "kmnist"
    mirrors = (
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    )
    files: ClassVar = {
        "train-images-idx3-ubyte.gz": (
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            18165135,
        ),
        "train-labels-idx1-ubyte.gz": (
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            29497,
        ),
        "t10k-images-idx3-ubyte.gz": (
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            3041136,
        ),
        "t10k-labels-idx1-ubyte.gz": (
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
            5120,
        ),
    }
