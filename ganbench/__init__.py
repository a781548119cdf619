"""ganbench: which GAN, with which loss, on which data, from which noise, and how sure are we?"""

from importlib.metadata import version

__version__ = version("ganbench")
