"""What all tests share."""

from collections.abc import Iterator

import pytest
import torch

from ganbench.plugins import Registry, load_plugins


@pytest.fixture(autouse=True)
def _own_random_state() -> Iterator[None]:
    """Let no test disturb the global random state of another."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The installed plugins."""
    return load_plugins()
