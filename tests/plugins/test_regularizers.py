import pytest
import torch
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.fx.experimental.proxy_tensor import make_fx

import ganbench_losses
from ganbench.api import TRAITS, Output
from ganbench.cells import plan
from ganbench.grid import make_grid
from ganbench_images import Dcgan, Digits
from ganbench_losses import ema, gp, grad_cap, ns, r1
from ganbench_players import Mlp
from ganbench_tabular import BreastCancer
from ganbench_vectors import ring8

REGULARIZERS = ganbench_losses.ganbench_regularizers()
NEEDS = {
    "slope": ["gp", "lp", "zero_gp", "dragan", "r1", "r2"],
    "weights": ["clip", "orthogonal", "weight_decay", "consistency"],
    "anything": ["instance_noise", "grad_cap", "ema"],
}


@pytest.mark.parametrize("name", REGULARIZERS)
def test_needs_are_known_traits_and_what_acts_on_the_critic_needs_weights(name):
    part = REGULARIZERS[name]()
    assert part.needs <= set(TRAITS)
    acts = part.penalty or part.weight_penalty or part.constrain or part.network
    assert ("weights" in part.needs) == (acts is not None)


def test_needs_are_what_the_formulas_ask_for():
    needs = {name: make().needs for name, make in REGULARIZERS.items()}
    assert all(needs[name] == {"scalar", "weights"} for name in NEEDS["slope"])
    assert needs["lecam"] == {"score", "weights"}
    assert needs.pop("spectral_norm") == {"weights", "layers"}
    assert all(needs[name] == {"weights"} for name in NEEDS["weights"])
    assert all(needs[name] == set() for name in NEEDS["anything"])
    assert needs["diffaug"] == {"image"}
    assert needs["label_smoothing"] == {"logistic", "weights"}
    assert needs["top_k"] == {"score"}


@pytest.mark.parametrize(
    ("dataset", "loss", "reason"),
    [
        ("ring8", "ns+diffaug", "diffaug needs images, and ring8 is vector data"),
        ("digits", "ns+diffaug", None),
        ("ring8", "ns+top_k+lecam+gp", None),
        (
            "ring8",
            "hinge+label_smoothing",
            "label_smoothing needs a loss that classifies by the logistic function, "
            "and hinge is none",
        ),
    ],
)
def test_misfits_are_refused_with_the_reason(registry, dataset, loss, reason):
    grid = {"name": "one", "datasets": [dataset], "architectures": ["mlp"], "losses": [loss]}
    (cell,) = plan(make_grid({**grid, "priors": ["normal"]}, origin="test"), registry)
    assert cell.misfit == reason


def test_settings_by_name():
    assert grad_cap(norm=0.5).recipe == {"clip_norm": 0.5}
    assert ema(decay=0.9).recipe == {"ema": 0.9}


@pytest.mark.parametrize("name", REGULARIZERS)
def test_every_regularizer_takes_its_numbers_as_tensors(name):
    """As the engine hands them in, so that cells that differ in them share a trace."""
    defaults = REGULARIZERS[name].__defaults__ or ()
    names = REGULARIZERS[name].__code__.co_varnames[: len(defaults)]
    floats = {
        key: torch.tensor(value, dtype=torch.float64)
        for key, value in zip(names, defaults, strict=True)
        if isinstance(value, float)
    }
    part, usual = REGULARIZERS[name](**floats), REGULARIZERS[name]()
    x = torch.randn(6, 2, dtype=torch.float64)
    draws = {key: torch.full_like(x, 0.3) for key in part.draws} | dict(part.state)
    draws["progress"] = torch.tensor(0.25, dtype=torch.float64)
    weights = {"w": x}

    def critic(x):
        return x.square().sum(dim=1)

    calls = {
        "penalty": (critic, x, x + 1, draws),
        "weight_penalty": (weights,),
        "constrain": (weights,),
        "augment": (x.reshape(6, 1, 1, 2) if name == "diffaug" else x, draws),
        "gate": (critic(x), draws),
        "advance": (critic, x, x + 1, draws),
    }
    if name == "diffaug":
        draws |= {key: torch.full((6, 1, 1, 1), 0.3, dtype=torch.float64) for key in part.draws}
    for method, inputs in calls.items():
        if getattr(part, method) is not None:
            values = getattr(part, method)(*inputs), getattr(usual, method)(*inputs)
            torch.testing.assert_close(*values)


PLAYERS = {
    "mlp-vector": (Mlp(width=16), ring8),
    "mlp-table": (Mlp(width=16), BreastCancer),
    "mlp-image": (Mlp(width=16), Digits),
    "dcgan-image": (Dcgan(width=2), Digits),
}


def critic_step(generator, discriminator, regularizer):
    """Return the step of one seed: parameters and data to the gradient of the critic."""

    def objective(d, fake, real, draws):
        def critic(x):
            return functional_call(discriminator, d, (x,))

        value, _ = ns().critic_loss(critic, real, fake, {}, {})
        return value + regularizer.penalty(critic, real, fake, draws)

    def step(g, d, noise, real, mix):
        fake = functional_call(generator, g, (noise,))
        return grad(objective)(d, fake, real, {"mix": mix})

    return step


def stacked(nets):
    return {name: value.detach() for name, value in stack_module_state(nets)[0].items()}


@pytest.mark.parametrize("regularizer", [r1(gamma=1.0), gp()], ids=["r1", "gp"])
@pytest.mark.parametrize("players", PLAYERS)
def test_traced_ensemble_equals_the_loop_over_seeds(players, regularizer):
    architecture, make_dataset = PLAYERS[players]
    dataset = make_dataset()
    seeds, batch, noise_dim = 3, 4, 5
    generators = [architecture.generator(dataset.spec, noise_dim) for _ in range(seeds)]
    discriminators = [architecture.discriminator(dataset.spec, Output()) for _ in range(seeds)]
    real = torch.stack(
        [dataset.sample(batch, "train", torch.Generator().manual_seed(i)) for i in range(seeds)]
    )
    g, d = stacked(generators), stacked(discriminators)
    mix = torch.rand(seeds, batch, *[1] * len(dataset.spec.shape))
    inputs = (g, d, torch.randn(seeds, batch, noise_dim), real, mix)

    step = critic_step(generators[0], discriminators[0], regularizer)
    traced = make_fx(vmap(step, randomness="error"))(*inputs)(*inputs)
    for seed in range(seeds):
        alone = step(*torch.utils._pytree.tree_map(lambda x: x[seed], inputs))  # noqa: B023
        for name, gradient in alone.items():
            torch.testing.assert_close(traced[name][seed], gradient, rtol=1e-3, atol=1e-5)
