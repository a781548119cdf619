"""Components of the tests' own in the place of registered ones."""

from ganbench.components import Component
from ganbench.plugins import Built, Entry


def built(kind, factory, **params):
    entry = Entry(kind, factory.__name__, factory, "tests", "tests")
    return Built(str(Component(factory.__name__)), entry, params, factory(**params))
