"""A look at what components give before they are trained."""

import pytest
import torch
from torch import nn

from ganbench.cells import plan
from ganbench.errors import InvalidOutputError
from ganbench.plugins import load_plugins
from ganbench.training.trial import check_data


def cell_of(tiny, registry, prior):
    (cell,) = plan(tiny(priors=[prior]), registry)
    return cell


@pytest.mark.parametrize("name", load_plugins().names("prior"))
def test_every_prior_passes_also_one_that_a_network_makes_noise_of(tiny, registry, name):
    state = torch.get_rng_state()
    check_data(cell_of(tiny, registry, name))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        ("sample", lambda shape, rng: torch.zeros(*shape, 9), "of shape (3, 9), not a tensor"),
        ("network", lambda: nn.Linear(2, 9), "of shape (3, 9), not a tensor of float32"),
        ("sample", lambda shape, rng: torch.full((*shape, 2), torch.nan), "that are not finite"),
    ],
)
def test_noise_of_another_width_is_named(tiny, registry, monkeypatch, attribute, value, told):
    cell = cell_of(tiny, registry, "normal(dim=2)")
    monkeypatch.setattr(cell.prior.value, attribute, value)
    with pytest.raises(InvalidOutputError, match=r"prior 'normal\(dim=2\)'") as caught:
        check_data(cell)
    assert told in str(caught.value)
