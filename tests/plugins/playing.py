"""Critics made of plain functions, and the whole objectives that losses give them."""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from ganbench_losses import ebgan, fgan, ganbench_losses, mmd, ra, sinkhorn, sliced

FGANS = ("kl", "reverse_kl", "pearson", "neyman", "hellinger", "js", "gan", "tv", "alpha")
VARIANTS = {
    **{f"fgan-{name}": partial(fgan, divergence=name) for name in FGANS},
    **{
        f"fgan-{name}-heuristic": partial(fgan, divergence=name, generator="heuristic")
        for name in FGANS
    },
    "ra-ls": partial(ra, kind="ls"),
    "ra-hinge": partial(ra, kind="hinge"),
    "ebgan-pt": partial(ebgan, pulling_away=True),
    "mmd-rbf": partial(mmd, kernel="rbf", penalised=False),
    "sinkhorn-embedding": partial(sinkhorn, embedding=4),
    "sliced-embedding": partial(sliced, embedding=4, projections=7),
}
LOSSES = {**ganbench_losses(), **VARIANTS}
SCORED = {
    name: factory
    for name, factory in LOSSES.items()
    if factory().output is not None and factory().output.kind == "score"
}


class Plain:
    """A critic made of two functions."""

    def __init__(self, score=lambda x: x[:, 0], features=lambda x: x):
        self.score, self.features = score, features

    def __call__(self, x: Tensor) -> Tensor:
        return self.score(x)


def column(*values: float) -> Tensor:
    """Return samples of one coordinate, (B, 1), which `Plain()` scores by it."""
    return torch.tensor(values, dtype=torch.float64)[:, None]


def drawn(component, x: Tensor, seed: int = 0) -> dict[str, Tensor]:
    """Draw what a loss or regularizer declares, for batches like `x`."""
    rng = np.random.default_rng(seed)  # torch's own is barred under vmap
    draws = {}
    for name, draw in component.draws.items():
        shapes = {"sample": (len(x), *[1] * (x.ndim - 1)), "element": tuple(x.shape)}
        shape = draw.per if isinstance(draw.per, tuple) else shapes[draw.per]
        law = rng.random if draw.law == "uniform" else rng.standard_normal
        draws[name] = torch.from_numpy(law(shape)).to(x.dtype)
    return draws


def critic_loss(loss, critic, real: Tensor, fake: Tensor, state=None) -> Tensor:
    """Return the critic's objective, without what regularizers add."""
    state = loss.initial_state() if state is None else state
    return loss.critic_loss(critic, real, fake, drawn(loss, real), state)[0]


def generator_loss(loss, critic, real: Tensor, fake: Tensor, state=None) -> Tensor:
    """Return the generator's objective."""
    state = loss.initial_state() if state is None else state
    return loss.generator_loss(critic, real, fake, drawn(loss, real), state)


def penalties(loss, critic, real: Tensor, fake: Tensor) -> Tensor:
    """Return what the regularizers that are a part of a loss add to the critic's objective."""
    parts = [part for part in loss.regularizers if part.penalty is not None]
    values = [part.penalty(critic, real, fake, drawn(part, real)) for part in parts]
    return torch.stack([torch.zeros((), dtype=real.dtype), *values]).sum()


def network(output, inputs: int, seed: int = 0) -> list[Tensor]:
    """Return the weights of a small smooth critic for `bound`."""
    rng = torch.Generator().manual_seed(seed)
    size = output.size if output is not None else 1
    shapes = (inputs, 5), (5,), (5, size)
    return [torch.randn(*shape, generator=rng, dtype=torch.float64) for shape in shapes]


def bound(output, weights) -> Plain:
    """Give a small smooth critic its weights."""
    first, shift, last = weights

    def features(x: Tensor) -> Tensor:
        return (x.flatten(1) @ first + shift).tanh()

    heads = {
        "score": lambda x: (features(x) @ last)[:, 0],
        "embedding": lambda x: features(x) @ last,
        "energy": lambda x: (features(x) @ last)[:, 0].square(),
    }
    return Plain(heads[output.kind if output is not None else "score"], features)
