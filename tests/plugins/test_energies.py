import pytest
import torch
from playing import Plain, column, critic_loss, generator_loss

from ganbench_losses import began, ebgan
from ganbench_losses.energies import likeness

REAL, FAKE = column(0.2, 0.6), column(0.0, 2.0)
"""Samples whose energy is their coordinate."""


def test_fake_samples_are_cut_off_at_the_margin_one_by_one():
    """Were the mean of the energies cut off, 0 and twice the margin would cost nothing."""
    assert critic_loss(ebgan(margin=1.0), Plain(), REAL, FAKE).item() == pytest.approx(0.4 + 0.5)
    assert generator_loss(ebgan(margin=1.0), Plain(), REAL, FAKE) == 1


def test_likeness_is_the_mean_squared_cosine_of_different_rows():
    codes = torch.randn(5, 3, dtype=torch.float64)
    total = 0.0
    for i in range(5):
        for j in range(5):
            if i != j:
                cosine = codes[i] @ codes[j] / (codes[i].norm() * codes[j].norm())
                total += cosine.item() ** 2
    assert likeness(codes).item() == pytest.approx(total / 20)


def test_likeness_leaves_a_row_with_itself_out_and_takes_opposite_rows_for_alike():
    assert likeness(3 * torch.eye(4)).item() == 0
    assert likeness(torch.tensor([[1.0, 2.0], [-2.0, -4.0]])).item() == pytest.approx(1)
    assert likeness(torch.ones(1, 3)).item() == 0
    assert likeness(torch.zeros(3, 2)).item() == 0


def test_pulling_away_reads_the_features_of_fake_samples():
    critic = Plain(features=lambda x: torch.cat([x, 1 - x], dim=1))
    loss = ebgan(pulling_away=True, weight=0.3)
    expected = 1 + 0.3 * likeness(critic.features(FAKE))
    assert generator_loss(loss, critic, REAL, FAKE).item() == pytest.approx(expected.item())
    assert loss.needs == {"features"}
    assert ebgan().needs == frozenset()
    assert critic_loss(loss, critic, REAL, FAKE) == critic_loss(ebgan(), critic, REAL, FAKE)


def test_energies_are_asked_for():
    for loss in (ebgan(), began()):
        assert loss.output.kind == "energy"


def state(balance):
    return {"balance": torch.tensor(balance), "convergence": torch.tensor(0.0)}


def test_without_balance_the_critic_only_learns_real_samples():
    loss = began()
    assert loss.initial_state()["balance"] == 0
    assert critic_loss(loss, Plain(), REAL, FAKE).item() == pytest.approx(0.4)
    assert critic_loss(loss, Plain(), REAL, FAKE, state(0.3)).item() == pytest.approx(0.4 - 0.3)
    assert generator_loss(loss, Plain(), REAL, FAKE, state(0.3)) == 1


def step(loss, balance, real=REAL, fake=FAKE):
    return loss.critic_loss(Plain(), real, fake, {}, state(balance))[1]


def test_the_balance_follows_the_ratio_of_the_energies():
    after = step(began(gamma=0.5, rate=0.01), 0.3)
    assert after["balance"].item() == pytest.approx(0.3 + 0.01 * (0.5 * 0.4 - 1.0))
    assert after["convergence"].item() == pytest.approx(0.4 + abs(0.5 * 0.4 - 1.0))


def test_the_balance_stays_between_zero_and_one():
    eager = began(rate=100.0)
    assert step(eager, 0.3)["balance"] == 0
    assert step(eager, 0.3, real=FAKE, fake=column(0.0, 0.0))["balance"] == 1


def test_the_balance_rests_where_the_energies_have_the_ratio_gamma():
    assert step(began(gamma=0.5), 0.3, real=column(2.0), fake=column(1.0))["balance"] == (
        pytest.approx(0.3)
    )


def test_what_is_carried_passes_no_gradient():
    real = REAL.clone().requires_grad_()
    assert not any(value.requires_grad for value in step(began(), 0.3, real=real).values())
