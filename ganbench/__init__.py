"""ganbench: which GAN, with which loss, on which data, from which noise, and how sure are we?"""

from importlib.metadata import version

import lazy_loader

# `ganbench --help` needs no torch, and neither does whoever imports a part of the package.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = version("ganbench")
