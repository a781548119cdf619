"""Estimators give the same on every device, and keep arithmetic there."""

import numpy as np
import pytest
import torch

from benchmarks.calibration.pairs import PAIRS
from ganbench.metrics import (
    c2st,
    energy_distance,
    frechet_distance,
    jsd_knn,
    jsd_lower_bound,
    kid,
    mmd2,
    mmd2_block,
    mmd2_incomplete,
    mmd_test,
    prdc,
    sliced_wasserstein,
)

ESTIMATORS = {
    "mmd2": lambda x, y, rng: [mmd2(x, y, "multi_rbf+laplace+rq+poly+distance", interval=True)],
    "mmd_test": lambda x, y, rng: [mmd_test(x, y, rng=rng, permutations=99)],
    "mmd2_block": lambda x, y, rng: [mmd2_block(x, y, rng=rng)],
    "mmd2_incomplete": lambda x, y, rng: [mmd2_incomplete(x, y, rng=rng, permutations=99)],
    "kid": lambda x, y, rng: [kid(x, y)],
    "energy_distance": lambda x, y, rng: [energy_distance(x, y)],
    "jsd_knn": lambda x, y, rng: [jsd_knn(x, y, rng=rng)],
    "jsd_lower_bound": lambda x, y, rng: [jsd_lower_bound(x, y, rng=rng)],
    "c2st": lambda x, y, rng: c2st(x, y, rng=rng),
    "frechet_distance": lambda x, y, rng: [frechet_distance(x, y)],
    "sliced_wasserstein": lambda x, y, rng: [sliced_wasserstein(x, y, rng=rng)],
    "prdc": lambda x, y, rng: prdc(x, y),
}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("pair", ["corr0.8", "shift1_d10"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_gpu_gives_what_the_cpu_gives(name, pair):
    x, y = (torch.from_numpy(sample) for sample in PAIRS[pair].sample(300, 0))
    on_cpu = ESTIMATORS[name](x, y, np.random.default_rng(0))
    on_gpu = ESTIMATORS[name](x.cuda(), y.cuda(), np.random.default_rng(0))
    for expected, seen in zip(on_cpu, on_gpu, strict=True):
        # The neighbour estimate breaks ties by another amount on a GPU, which moves no order here.
        assert seen.value == pytest.approx(expected.value, rel=1e-9, abs=1e-11)
        if expected.p_value is not None:  # of 100 partitions one may change sides by rounding
            assert seen.p_value == pytest.approx(expected.p_value, abs=0.01 + 1e-9)


def test_samples_on_two_devices_are_compared_on_that_of_the_first():
    x, y = PAIRS["corr0.8"].sample(50, 0)
    assert mmd2(torch.from_numpy(x), y) == mmd2(x, torch.from_numpy(y)) == mmd2(x, y)
