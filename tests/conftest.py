"""What all tests share."""

import gc
import os
from collections.abc import Callable, Iterator
from typing import Any

# Read when numerical libraries load: threads of several test processes wait for each other.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# Read at the first matrix product: as `make_deterministic` sets it.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

import pytest
import torch
from hypothesis import settings

from ganbench.grid import Grid, make_grid
from ganbench.plugins import Registry, load_plugins

settings.register_profile("ganbench", deadline=None)
settings.load_profile("ganbench")


def pytest_xdist_auto_num_workers() -> int:
    """Return one more than there are cores, since tests of execution wait for other processes."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests, so that no core is idle in the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what stays: half of a second at each collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _own_torch_state() -> Iterator[None]:
    """Let no test disturb the global state of torch for another."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
    torch.set_deterministic_debug_mode("default")
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session", autouse=True)
def _own_data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep trained feature extractors away from the user's, here and in worker processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANBENCH_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The installed plugins."""
    return load_plugins()


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Grid]:
    """Make a grid of one small cell with two seeds; keywords replace its fields."""

    def grid(**fields: Any) -> Grid:
        settings = {
            "name": "tiny",
            "seeds": 2,
            "metrics": ["mmd(permutations=19)"],
            "datasets": ["ring8"],
            "priors": ["normal(dim=2)"],
            "architectures": ["mlp(width=4, depth=1)"],
            "losses": ["ns"],
            "train": {"generator_steps": 5, "batch_size": 8, "block": 2},
            "evaluation": {"samples": 50, "floor_splits": 2},
        }
        return make_grid({**settings, **fields}, origin="test")

    return grid
