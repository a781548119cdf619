"""The loops that the engine's speed is compared with train the games that they say they do."""

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector

from benchmarks.speed import hand, torch_players
from benchmarks.speed.cases import CASES, LOSSES, NOISE, RATE, Case, Dcgan, Lstm, Mlp, bank

PLAYERS = {
    "ring8": Mlp(8, depth=2),
    "digits": Dcgan(2, start=4),
    "images": Dcgan(2, start=7),
    "sequences": Lstm(4),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.loss}")
def test_the_hand_written_loop_trains_both_players(case, monkeypatch):
    built = []

    def build(*call):
        built.extend(torch_players.build(*call))
        return built

    def weights():
        return [parameters_to_vector(player.parameters()).detach() for player in built]

    monkeypatch.setattr(hand, "build", build)
    train = hand.hand_written(case)
    before = weights()
    train(2)
    assert all(value.isfinite().all() for value in weights())
    assert not any(map(torch.equal, before, weights()))


@pytest.mark.slow
@pytest.mark.parametrize(("data", "loss"), [("ring8", "wgan+gp"), ("digits", "ns")])
def test_jax_trains_a_seed_alone_as_in_company(data, loss):
    jax = pytest.importorskip("jax")
    from benchmarks.speed.jax_peer import compiled

    case, ends = Case("tiny", data, PLAYERS[data], loss, batch=8), []
    for seeds in (1, 2):
        state, run = compiled(case, seeds)
        before = jax.tree.leaves(jax.tree.map(np.array, state["average"]))
        state = run(run(state, 0, count=2), 2, count=2)
        after = jax.tree.leaves(state["average"])
        assert not any(map(np.array_equal, before, after))
        ends.append(jax.tree.leaves({name: state[name] for name in state if name != "key"}))
    for alone, company in zip(*ends, strict=True):
        assert np.isfinite(company).all()
        np.testing.assert_allclose(alone[0], company[0], rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("data", PLAYERS)
def test_the_players_of_both_peers_have_the_same_scores_and_gradients(data):
    jax = pytest.importorskip("jax")
    from benchmarks.speed import jax_players

    shape = bank(data)[0].shape[1:]
    theirs = torch_players.build(PLAYERS[data], shape)
    ours = jax_players.build(PLAYERS[data], shape)
    likes = [new(jax.random.key(0)) for new in (ours.new_generator, ours.new_critic)]
    noise = torch.randn(3, NOISE)
    scores = theirs[1](theirs[0](noise))
    scores.square().sum().backward()
    weights, gradients = (
        [
            translated([getattr(value, name).numpy() for value in player.parameters()], like)
            for player, like in zip(theirs, likes, strict=True)
        ]
        for name in ("data", "grad")
    )

    def loss(weights):
        scores = ours.score(weights[1], ours.generate(weights[0], noise.numpy()))
        return (scores**2).sum(), scores

    found, our_scores = jax.grad(loss, has_aux=True)(weights)
    np.testing.assert_allclose(our_scores, scores.detach(), rtol=1e-4, atol=1e-5)
    for ours, theirs in zip(*map(jax.tree.leaves, (found, gradients)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_both_peers_give_the_critic_the_same_gradient(loss):
    jax = pytest.importorskip("jax")
    from benchmarks.speed import jax_peer, jax_players

    case = Case("tiny", "ring8", PLAYERS["ring8"], loss, batch=4)
    real, fake = torch.randn(2, 4, 2)
    if loss == "wgan+gp":  # where between them the slope is taken is drawn by each
        fake = real.clone()
    _, critic = torch_players.build(case.players, (2,))
    weights = translated([value.detach().numpy() for value in critic.parameters()])
    critic_loss, _ = jax_peer.losses(case, jax_players.build(case.players, (2,)))
    ours = jax.grad(critic_loss)(weights, real.numpy(), fake.numpy(), jax.random.key(0))
    hand.critic_loss(loss, critic, real, fake, torch.Generator()).backward()
    theirs = translated([value.grad.numpy() for value in critic.parameters()])
    for a, b in zip(*map(jax.tree.leaves, (ours, theirs)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("betas", [(0.5, 0.999), (0.0, 0.9)])
def test_adam_is_that_of_torch(betas):
    pytest.importorskip("jax")
    from benchmarks.speed import jax_peer

    weights = torch.randn(5, requires_grad=True)
    ours, moments = weights.detach().clone().numpy(), (np.zeros(5), np.zeros(5))
    optimizer = torch.optim.Adam([weights], RATE, betas)
    for step in range(3):
        weights.grad = torch.randn(5)
        ours, moments = jax_peer.adam(betas)(ours, moments, weights.grad.numpy(), step)
        optimizer.step()
    np.testing.assert_allclose(ours, weights.detach(), rtol=1e-5)


def translated(values, like=()):
    """Lay out what belongs to the parameters of a module as the other's weights are."""
    if isinstance(like, dict):
        inputs, hidden, *biases, head, head_bias = (value.T for value in values)
        noise = len(inputs) - len(like["input"])
        parts = {
            "noise": inputs[:noise],
            "input": inputs[noise:],
            "hidden": hidden,
            "biases": np.stack(biases),
            "head": head,
            "head_bias": head_bias,
        }
        return {name: parts[name] for name in like}
    pairs = list(zip(values[::2], values[1::2], strict=True))
    if all(kernel.ndim == 2 for kernel, _ in pairs):
        return [(kernel.T, bias) for kernel, bias in pairs]
    channels = max(kernel.shape[3] for kernel, _ in like if kernel.ndim == 4)
    row = max(max(kernel.shape) for kernel, _ in like if kernel.ndim == 2)

    def channels_last(value):  # a row is a map: (channels, side, side) or (side, side, channels)
        if len(value) != row:
            return value
        return value.reshape(channels, -1, value.size // row).swapaxes(0, 1).reshape(value.shape)

    def lay_out(kernel, like):
        if kernel.ndim == 2:
            return channels_last(channels_last(kernel).T)
        if len(kernel) == 1:  # the last of the generator: here a transposed convolution
            kernel = kernel[..., ::-1, ::-1]
        return kernel.transpose(2, 3, 1, 0).reshape(like.shape)

    return [
        (lay_out(kernel, a), channels_last(bias))
        for (kernel, bias), (a, _) in zip(pairs, like, strict=True)
    ]
