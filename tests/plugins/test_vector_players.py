"""What every player for samples of any shape must do."""

import pytest
import torch

import ganbench_players
from ganbench.api import Output
from ganbench_images import Digits
from ganbench_sequences import Markov
from ganbench_tabular import Fair
from ganbench_vectors import ring8

DATASETS = {"vector": ring8, "table": Fair, "image": Digits, "sequence": Markov}
PLAYERS = {
    name: factory
    for name, factory in ganbench_players.ganbench_architectures().items()
    if not name.startswith("rbm")
}
FITS = [(name, kind) for name, factory in PLAYERS.items() for kind in sorted(factory().kinds)]
OUTPUTS = {"score": Output(), "energy": Output("energy"), "embedding": Output("embedding", 5)}


def draw(kind, n, seed=0):
    return DATASETS[kind]().sample(n, "train", torch.Generator().manual_seed(seed))


def ready(critic, rows):
    """Do to a critic what ganbench does to it when it builds it."""
    for module in critic.modules():
        if hasattr(module, "prepare"):
            module.prepare(rows)
    return critic


def refit(critic, real, fake):
    """Keep what the first module with a closed-form fit makes of two batches."""
    for module in critic.modules():
        if hasattr(module, "refit"):
            for name, value in module.refit(real, fake).items():
                assert value.shape == getattr(module, name).shape
                assert value.dtype == getattr(module, name).dtype
                setattr(module, name, value)
            return critic
    return critic


def all_learn(network):
    return all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize(("name", "kind"), FITS)
def test_every_discriminator_gives_what_it_promises(name, kind):
    players, spec = PLAYERS[name](), DATASETS[kind]().spec
    assert players.misfit(spec) is None
    real, fake = draw(kind, 6), torch.randn(6, *spec.shape)
    for trait in players.gives & set(OUTPUTS):
        critic = refit(ready(players.discriminator(spec, OUTPUTS[trait]), 6), real, fake)
        x = fake.clone().requires_grad_()
        output = critic(x)
        assert output.shape == ((6, 5) if trait == "embedding" else (6,))
        assert torch.isfinite(output).all()
        output.square().sum().backward()
        assert torch.isfinite(x.grad).all()
        assert all_learn(critic)
        assert ("weights" in players.gives) == bool(list(critic.parameters()))
        if "features" in players.gives:
            assert critic.features(real).shape[0] == 6
            assert critic.features(real).ndim == 2


@pytest.mark.parametrize(
    ("name", "kind"), [(n, k) for n, k in FITS if hasattr(PLAYERS[n](), "generator")]
)
def test_every_generator_makes_samples_that_learn_from_every_value(name, kind):
    spec = DATASETS[kind]().spec
    generator = PLAYERS[name]().generator(spec, 7)
    fake = generator(torch.randn(6, 7))
    assert fake.shape == (6, *spec.shape)
    (fake * torch.randn(fake.shape)).sum().backward()
    assert all_learn(generator)


@pytest.mark.parametrize("name", PLAYERS)
def test_a_fitted_critic_prefers_real_samples_and_shows_the_way(name):
    """After 200 batches of a narrow law against a wide one, and against its gradient."""
    critic = ready(PLAYERS[name]().discriminator(ring8().spec), 64)
    parameters = list(critic.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-2) if parameters else None

    def batches():
        return 0.2 * torch.randn(64, 2) + torch.tensor([0.5, 0]), torch.randn(64, 2)

    for _ in range(200 if parameters else 4):
        real, fake = batches()
        if optimizer:
            optimizer.zero_grad()
            softplus = torch.nn.functional.softplus
            (softplus(-critic(real)).mean() + softplus(critic(fake)).mean()).backward()
            optimizer.step()
        with torch.no_grad():
            refit(critic, real, fake)
    real, fake = batches()
    x = fake.requires_grad_()
    scores = critic(x)
    scores.sum().backward()
    assert critic(real).mean() > scores.mean() + 1e-3
    towards = torch.tensor([0.5, 0]) - fake.detach()
    near = towards.norm(dim=1) < 1.5  # kernels see nothing far away
    assert (x.grad * towards).sum(dim=1)[near].mean() > 0
