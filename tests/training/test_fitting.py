"""Baselines: one law for each seed, from streams of its own."""

from dataclasses import replace

import torch

from ganbench.api import Baseline, Dataset, DataSpec
from ganbench.plugins import Built, Entry
from ganbench.training.fitting import fit


class Coins(Dataset):
    spec = DataSpec("vector", (1,))

    def sample(self, n, split, rng):
        return torch.randint(2, (n, 1), generator=rng).float()

    def project(self, x):
        return x.round()


class Around(Baseline):
    """Some training rows, with noise; chosen from every source of random numbers there is."""

    kinds = frozenset({"vector"})

    def fit(self, dataset, rng):
        rows = dataset.sample(5, "train", rng) + torch.randn(1)

        def draw(n, rng):
            picks = torch.randint(5, (n,), generator=rng)
            return rows[picks] + 0.1 * torch.randn(n, 1)

        return draw


def built(value):
    return Built("x", Entry("x", "x", lambda: value, "tests", "tests"), {}, value)


def laws(make_cell, seeds):
    cell = replace(make_cell(), dataset=built(Coins()), generator=built(Around()))
    return fit(cell, seeds)


def test_each_seed_has_a_law_of_its_own_whichever_seeds_it_is_fitted_beside(make_cell):
    before = torch.get_rng_state()
    many, one = laws(make_cell, (0, 1, 2)), laws(make_cell, (2,))
    samples = many.ensemble.generate(40, "look")
    assert samples.shape == (3, 40, 1)
    assert torch.equal(samples[2], one.ensemble.generate(40, "look")[0])
    assert not torch.equal(samples[0], samples[1])
    assert not torch.equal(samples, many.ensemble.generate(40, "other"))
    assert torch.equal(before, torch.get_rng_state())


def test_samples_are_data_and_there_is_no_network_to_keep(make_cell):
    progress = laws(make_cell, (0,))
    samples = progress.ensemble.generate(40, "look")
    assert torch.equal(samples, samples.round())
    assert progress.ensemble.generator(0) is None
    assert (progress.step, progress.history, progress.diverged) == (0, [], {})
    assert progress.seconds > 0
