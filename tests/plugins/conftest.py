from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Give each test the same global stream, and leave no trace of it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
