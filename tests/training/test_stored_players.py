"""Players that a run has stored do what they did when it ended."""

from dataclasses import replace

import pytest
import torch

from ganbench.cells import plan
from ganbench.errors import SpecError
from ganbench.training.loop import train
from ganbench.training.sampling import Stored

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def ended(tiny, registry):
    """Train cells of these fields to the end, and store the second seed."""

    def run(**fields):
        (cell,) = plan(tiny(**fields), registry)
        *_, progress = train(cell, [0, 1], CPU)
        ensemble = progress.ensemble
        return ensemble, Stored(cell, 1, ensemble.generator(1), ensemble.critic(1))

    return run


CELLS = {
    "plain": {},
    "packed": {
        "train": {"generator_steps": 5, "batch_size": 8, "block": 2, "packing": 2},
    },
    "spectral norm": {"losses": ["hinge+spectral_norm"]},
    "energy": {
        "architectures": ["generator=mlp(width=4, depth=1) discriminator=autoencoder(width=4)"],
        "losses": ["ebgan"],
    },
}


@pytest.mark.parametrize("fields", CELLS.values(), ids=CELLS)
def test_critics_score_as_they_did(ended, fields):
    ensemble, stored = ended(**fields)
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    scores = stored.scores(x)
    assert scores.shape == (20,)
    torch.testing.assert_close(scores, ensemble.scores(1, x))
    assert not torch.allclose(scores, ensemble.scores(0, x))


def test_noise_becomes_what_is_drawn(ended):
    _, stored = ended()
    assert torch.equal(stored.samples(stored.noise(30, 0)), stored.drawn(30, 0))
    assert not torch.equal(stored.noise(30, 0), stored.noise(30, 1))


def test_what_is_not_there_is_said(ended):
    _, stored = ended()
    x = torch.zeros(3, 2)
    with pytest.raises(SpecError, match="holds no critic"):
        replace(stored, critic=None).scores(x)
    with pytest.raises(SpecError, match="neither noise nor players"):
        replace(stored, generator=None).noise(3, 0)
    other = {name: value[:1] for name, value in stored.critic.items()}
    with pytest.raises(SpecError, match="The stored critic is not one of mlp"):
        replace(stored, critic=other).scores(x)


def test_critics_that_embed_make_no_map(ended):
    _, stored = ended(losses=["mmd"])
    with pytest.raises(SpecError, match="numbers for each sample"):
        stored.scores(torch.zeros(3, 2))


def test_pauses_change_no_result(tiny, registry):
    (cell,) = plan(tiny(), registry)
    often, seldom = (list(train(cell, [0, 1], CPU, pauses=count)) for count in (5, 1))
    assert [len(often), len(seldom)] == [6, 2]
    first, second = (runs[-1].ensemble.generator(0) for runs in (often, seldom))
    assert all(torch.equal(first[name], second[name]) for name in first)
