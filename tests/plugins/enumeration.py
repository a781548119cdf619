"""The law of a small Boltzmann machine, by enumeration of its hidden units."""

import itertools
import math

import torch
from torch import nn

from ganbench.api import Column, DataSpec
from ganbench_players.boltzmann import Machine

PLANE = DataSpec("vector", (2,))
MIXED = DataSpec(
    "table", (4,), (Column("x", "numeric"), Column("level", "categorical", ("a", "b", "c")))
)
HIDDEN = 4
STATES = torch.tensor(list(itertools.product((0.0, 1.0), repeat=HIDDEN)), dtype=torch.float64)


def random_machine(spec=PLANE, std=0.6):
    """Make a machine whose modes overlap, so that its chain mixes soon."""
    machine = Machine(spec, HIDDEN, std, spread=1.5).double()
    for bias in (machine.visible_bias, machine.hidden_bias):
        nn.init.normal_(bias, std=0.5)
    return machine


def energy(machine, v, h):
    """Return E(v, h) for all pairs, (B, d) and (K, H) -> (B, K)."""
    distance = (v - machine.visible_bias).square().sum(dim=1, keepdim=True) / 2
    coupling = v @ machine.weight @ h.T
    return (distance - coupling) / machine.variance - h @ machine.hidden_bias


def exact_law(machine):
    """Return log p(h) (K,), the centres (K, d) and the std of the mixture of Gaussians p(v)."""
    centres = machine.visible_bias + STATES @ machine.weight.T
    gain = (centres.square().sum(dim=1) - machine.visible_bias.square().sum()) / 2
    logits = STATES @ machine.hidden_bias + gain / machine.variance
    return logits.log_softmax(dim=0), centres, machine.variance.sqrt()


def exact_log_density(machine, v):
    log_p, centres, std = exact_law(machine)
    normal = torch.distributions.Normal(centres, std).log_prob(v[:, None]).sum(dim=2)
    return (log_p + normal).logsumexp(dim=1)


def exact_sample(machine, n):
    log_p, centres, std = exact_law(machine)
    with torch.no_grad():
        picks = torch.multinomial(log_p.exp(), n, replacement=True)
        return centres[picks] + std * torch.randn(n, centres.shape[1], dtype=torch.float64)


def within_four_errors(sample, expected):
    """Whether the mean of independent rows is what is expected."""
    error = sample.std(dim=0) / math.sqrt(len(sample))
    return ((sample.mean(dim=0) - expected).abs() <= 4 * error).all()


def parameters(module):
    return {name: value.detach() for name, value in module.named_parameters()}
