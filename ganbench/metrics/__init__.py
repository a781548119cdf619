"""Estimators of how far a generated sample is from a real one, as functions of two arrays."""

import lazy_loader

# Some need scikit-learn and scipy, which take a second to import: each begins when it is used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
