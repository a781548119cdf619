import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from ganbench_losses import label_smoothing, lecam, mm, ns, top_k, wgan

REAL = torch.tensor([-1.5, 0.2, 2.5, 0.1], dtype=torch.float64)
FAKE = torch.tensor([0.4, -2.2, 1.7, 3.0], dtype=torch.float64)


def identity(x):
    return x


# ------------------------------------------------------------------------------- label smoothing


@pytest.mark.parametrize("loss", [ns(), mm()], ids=["ns", "mm"])
@pytest.mark.parametrize("target", [0.0, 0.7, 0.9, 1.0])
def test_smoothed_loss_equals_cross_entropy_with_smoothed_targets(loss, target):
    value, _ = loss.critic_loss(identity, REAL, FAKE, {}, {})
    smoothed = value + label_smoothing(real=target).penalty(identity, REAL, FAKE, {})
    expected = cross_entropy(REAL, torch.full_like(REAL, target)) + cross_entropy(
        FAKE, torch.zeros_like(FAKE)
    )
    torch.testing.assert_close(smoothed, expected)


def test_the_best_smoothed_score_of_a_real_sample_is_the_log_odds_of_the_target():
    def slope(a):
        value, _ = ns().critic_loss(identity, a, FAKE, {}, {})
        return value + label_smoothing(real=0.8).penalty(identity, a, FAKE, {})

    best = torch.logit(torch.tensor([0.8], dtype=torch.float64))
    assert torch.func.grad(slope)(best).item() == pytest.approx(0, abs=1e-12)


# ----------------------------------------------------------------------------------------- lecam


def test_lecam_draws_scores_to_the_average_of_the_other_side():
    draws = {"mean_real": torch.tensor(0.5), "mean_fake": torch.tensor(-1.0)}
    expected = sum((a + 1) ** 2 for a in REAL.tolist()) / 4
    expected += sum((b - 0.5) ** 2 for b in FAKE.tolist()) / 4
    cost = lecam(weight=0.3).penalty(identity, REAL, FAKE, draws)
    assert cost.item() == pytest.approx(0.3 * expected)


def test_lecams_averages_equal_a_loop_by_hand():
    part = lecam(decay=0.9)
    state, by_hand = dict(part.state), {"mean_real": 0.0, "mean_fake": 0.0}
    rng = torch.Generator().manual_seed(0)
    for step in range(20):
        real, fake = (torch.randn(8, 2, generator=rng) + step for _ in range(2))
        state = part.advance(lambda x: 3 * x[:, 0], real, fake, state)
        for name, x in (("mean_real", real), ("mean_fake", fake)):
            by_hand[name] = 0.9 * by_hand[name] + 0.1 * 3 * x[:, 0].mean().item()
    assert {name: value.item() for name, value in state.items()} == pytest.approx(by_hand)


def test_no_gradient_passes_through_lecams_averages():
    weight = torch.tensor(2.0, requires_grad=True)
    state = lecam().advance(lambda x: weight * x, REAL, FAKE, lecam().state)
    assert not any(value.requires_grad for value in state.values())


def test_lecam_gradients_match_finite_differences():
    draws = {"mean_real": torch.tensor(0.5), "mean_fake": torch.tensor(-1.0)}
    weight = torch.tensor([0.7, -0.3], dtype=torch.float64, requires_grad=True)

    def cost(w):
        return lecam().penalty(lambda x: torch.tanh(w[0] * x) + w[1], REAL, FAKE, draws)

    assert torch.autograd.gradcheck(cost, weight)


# ----------------------------------------------------------------------------------------- top-k


def gated_gradient(loss, scores, progress, **params):
    """Return the gradient in the scores of fakes that passed the gate, as the engine does it."""
    share = top_k(**params).gate(scores, {"progress": torch.tensor(progress)})

    def objective(b):
        passed = scores + share * (b - scores)
        return loss.generator_loss(identity, REAL, passed, {}, {})

    return torch.func.grad(objective)(scores)


@pytest.mark.parametrize("loss", [ns(), mm(), wgan()], ids=["ns", "mm", "wgan"])
@pytest.mark.parametrize("kept", [1, 2, 3, 4])
def test_gated_gradients_are_those_of_the_mean_over_the_best(loss, kept):
    def best(b):
        return loss.generator_loss(identity, REAL, b.topk(kept).values, {}, {})

    gated = gated_gradient(loss, FAKE, progress=1.0, fraction=kept / 4)
    torch.testing.assert_close(gated, torch.func.grad(best)(FAKE))


def test_the_kept_part_falls_by_a_constant_factor_and_then_stays():
    scores = torch.arange(1000.0)
    kept = [
        (top_k(fraction=0.25, until=0.5).gate(scores, {"progress": torch.tensor(t)}) > 0).sum()
        for t in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert [k.item() for k in kept] == [1000, 500, 250, 250, 250]


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
def test_factors_add_up_to_the_batch_and_one_sample_is_always_kept(progress):
    scores = torch.randn(7)
    gate = top_k(fraction=0.01).gate(scores, {"progress": torch.tensor(progress)})
    assert gate.sum().item() == pytest.approx(7)
    assert gate[scores.argmax()] > 0


def test_ties_do_not_change_how_many_are_kept():
    gate = top_k(fraction=0.5).gate(torch.zeros(8), {"progress": torch.tensor(1.0)})
    assert sorted(gate.tolist()) == [0.0] * 4 + [2.0] * 4
