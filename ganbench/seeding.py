"""Independent, named random streams: (seed, role) -> generator.

Nothing in ganbench touches the global random state of torch or numpy. Every draw comes from a
stream that is named by its seed and its role, so that adding a consumer never shifts another.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def derive(seed: int, *role: str | int) -> int:
    """Hash a seed and a role to 63 bits: equal names give equal streams, others unrelated ones."""
    text = "/".join(str(part) for part in (seed, *role))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def torch_stream(
    seed: int, *role: str | int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Return the torch generator named (seed, role) on `device`."""
    return torch.Generator(device=device).manual_seed(derive(seed, *role))


def numpy_stream(seed: int, *role: str | int) -> np.random.Generator:
    """Return the numpy generator named (seed, role)."""
    return np.random.default_rng(derive(seed, *role))


@contextmanager
def global_torch_seed(seed: int, *role: str | int) -> Iterator[None]:
    """Seed torch's global generator inside the block only.

    For code that cannot take a generator, such as the initialisation of stock modules.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derive(seed, *role))  # and no GPU's
        yield
