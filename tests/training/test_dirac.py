"""The Dirac-GAN of Mescheder et al. 2018: trajectories and eigenvalues that are known."""

import math

import pytest
import torch
from dirac import dirac_cell

SETTINGS = {
    "generator_optimizer": "sgd",
    "critic_optimizer": "sgd",
    "momentum": 0.0,
    "generator_rate": 0.2,
    "critic_rate": 0.2,
    "schedule": "constant",
    "generator_steps": 500,
    "batch_size": 2,
    "block": 1,
}
# Norm of (theta, psi) after 500 steps from (1, -1), by order of updates: simultaneous;
# generator first with one and with five critic steps; critic first with one and with five.
NORMS = {
    "mm": (3.097, 1.421, 1.845, 1.413, 1.710),
    "ns": (0.640, 0.284, 0.139, 0.271, 0.156),
    "wgan+clip(limit=1.0)": (1.002, 1.024, 0.917, 0.985, 1.003),
    "wgan+gp(weight=0.35)": (1.802, 1.221, 0.716, 1.280, 0.720),
    "mm+r1(gamma=0.3)": (0.0,) * 5,
    "mm+r1(gamma=1.0)": (0.0,) * 5,
    "ns+r1(gamma=0.3)": (0.0,) * 5,
}
ORDERS = (
    ("simultaneous", 1),
    ("generator_first", 1),
    ("generator_first", 5),
    ("alternating", 1),
    ("alternating", 5),
)


def norm(ensemble):
    return math.hypot(*(float(ensemble.state[role][0, 0]) for role in ("generator", "critic")))


@pytest.mark.parametrize("loss", NORMS)
@pytest.mark.parametrize("order", range(5), ids=[f"{name}-{k}" for name, k in ORDERS])
def test_trajectories_end_where_they_are_known_to_end(make_cell, trained, loss, order):
    updates, k = ORDERS[order]
    cell = dirac_cell(make_cell(loss=loss, **SETTINGS, updates=updates, critic_steps=k))
    assert norm(trained(cell, [0])) == pytest.approx(NORMS[loss][order], abs=6e-4)


@pytest.mark.parametrize("gamma", [0.3, 1.0, 2.5])
def test_eigenvalues_of_r1_at_the_equilibrium(make_cell, trained, gamma):
    """-gamma/2 +- sqrt(gamma^2/4 - 1/4), from the engine's own steps beside the equilibrium."""
    rate, distance = 0.1, 1e-2
    columns = []
    for theta, psi in ((distance, 0.0), (0.0, distance)):
        settings = {**SETTINGS, "generator_rate": rate, "critic_rate": rate, "generator_steps": 1}
        cell = make_cell(loss=f"mm+r1(gamma={gamma})", **settings, updates="simultaneous")
        state = trained(dirac_cell(cell, theta, psi), [0]).state
        moved = torch.tensor([state["generator"][0, 0], state["critic"][0, 0]])
        columns.append((moved - torch.tensor([theta, psi])) / (rate * distance))
    jacobian = torch.stack(columns, dim=1).double()
    root = torch.tensor(gamma**2 / 4 - 1 / 4, dtype=torch.complex128).sqrt()
    expected = torch.stack([-gamma / 2 + root, -gamma / 2 - root])
    found = torch.linalg.eigvals(jacobian)
    # Sorting by both parts leaves conjugates and real pairs in one order.
    key = lambda z: (round(z.real, 3), z.imag)  # noqa: E731
    for have, want in zip(
        sorted(found.tolist(), key=key), sorted(expected.tolist(), key=key), strict=True
    ):
        assert abs(have - want) < (0.02 if gamma == 1.0 else 1e-3)


def test_extragradient_converges_where_simultaneous_updates_spiral_out(make_cell, trained):
    """On the bilinear game of an unclipped Wasserstein critic (Gidel et al. 2019, section 2.2)."""
    norms = {}
    for updates in ("simultaneous", "extragradient"):
        cell = make_cell(loss="wgan(critic_steps=1)", **SETTINGS, updates=updates)
        norms[updates] = norm(trained(dirac_cell(cell), [0]))
    start = math.sqrt(2)
    # |eigenvalue|^2 of a step: 1 + h^2, and (1 - h^2)^2 + h^2.
    assert norms["simultaneous"] == pytest.approx(start * (1 + 0.04) ** 250, rel=1e-2)
    factor = ((1 - 0.04) ** 2 + 0.04) ** 250
    assert norms["extragradient"] == pytest.approx(start * factor, rel=1e-2)
