"""Streams: named, independent, and without a trace in the global state."""

import itertools

import numpy as np
import torch

from ganbench import seeding


def test_equal_names_give_equal_streams_and_others_do_not():
    names = [(0, "real"), (1, "real"), (0, "noise"), (0, "real", 1), (-1, "real")]
    draws = {name: torch.rand(5, generator=seeding.torch_stream(*name)) for name in names}
    for name, draw in draws.items():
        assert torch.equal(draw, torch.rand(5, generator=seeding.torch_stream(*name)))
    assert not any(torch.equal(a, b) for a, b in itertools.combinations(draws.values(), 2))
    assert len({seeding.numpy_stream(*name).random() for name in names}) == len(names)


def test_a_derived_seed_is_the_same_on_every_machine():
    assert seeding.derive(3, "noise") == 8885044627806015075
    assert 0 <= seeding.derive(2**40, "a", 7) < 2**63


def test_streams_of_neighbouring_seeds_are_uncorrelated():
    draws = np.stack([seeding.numpy_stream(seed, "real").normal(size=4000) for seed in range(8)])
    off_diagonal = np.corrcoef(draws)[~np.eye(8, dtype=bool)]
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(4000)


def test_the_global_seed_holds_inside_the_block_only():
    before = torch.get_rng_state()
    with seeding.global_torch_seed(4, "init"):
        first = torch.rand(3)
    assert torch.equal(before, torch.get_rng_state())
    with seeding.global_torch_seed(4, "init"):
        assert torch.equal(first, torch.rand(3))
