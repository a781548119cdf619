"""What priors must do."""

import torch

from ganbench.data import Prior
from ganbench.testing.datasets import stream
from ganbench.testing.declared import can_be_built
from ganbench.testing.rules import NotApplicable, require, rule
from ganbench.testing.subject import Subject

_FAR = 40.0
"""Times its mean size that no number of light tails reaches in some ten thousand draws."""


@rule(
    "prior",
    after=can_be_built,
    mend="Return float32 of shape (*shape, dim); of one with a `network`, what it reads.",
)
def draws_noise_of_its_dimension(subject: Subject) -> None:
    """Noise of any shape, also of one draw, is finite float32 (*shape, dim)."""
    prior: Prior = subject.value
    network = prior.network()
    for shape in ((1,), (7,), (4, 3)):
        drawn = prior.sample(shape, stream("prior"))
        require(drawn.dtype == torch.float32, f"sample({shape}) is {drawn.dtype}.")
        require(tuple(drawn.shape[:-1]) == shape, f"sample({shape}) is {tuple(drawn.shape)}.")
        noise = drawn if network is None else network(drawn.flatten(0, -2))
        require(
            noise.shape[-1] == prior.dim, f"It has {noise.shape[-1]} numbers, not {prior.dim}."
        )
        require(torch.isfinite(noise).all(), f"sample({shape}) is not finite.")


@rule(
    "prior",
    after=draws_noise_of_its_dimension,
    mend="Draw every random number from `rng`, on `rng.device`.",
)
def draws_noise_from_its_stream_alone(subject: Subject) -> None:
    """The same stream gives the same noise, also when it is built again, another one other."""
    prior, again = subject.value, subject.anew()
    first = prior.sample((40,), stream("a"))
    for other in (prior, again):
        require(torch.equal(first, other.sample((40,), stream("a"))), "Noise differs.")
    require(
        not torch.equal(first, prior.sample((40,), stream("b"))),
        "Another stream gives the same noise.",
    )


@rule(
    "prior",
    after=draws_noise_of_its_dimension,
    mend="Set `tails` and `intrinsic_dim` to what the law is.",
)
def says_what_its_noise_is_like(subject: Subject) -> None:
    """Tails that are not said to be heavy are not, and it fills the dimensions that it says."""
    prior: Prior = subject.value
    network = prior.network()
    drawn = prior.sample((20_000,), stream("tails"))
    noise = (drawn if network is None else network(drawn).detach()).double()
    if prior.tails != "heavy" and network is None:
        typical = noise.abs().mean(dim=0).clamp(min=1e-9)
        far = float((noise.abs().amax(dim=0) / typical).max())
        require(far < _FAR, f"Its largest number is {far:.0f} times the typical: tails are heavy.")
    filled = prior.dim if prior.intrinsic_dim is None else prior.intrinsic_dim
    require(0 < filled <= prior.dim, f"It cannot fill {filled} of {prior.dim} dimensions.")


@rule(
    "prior",
    after=draws_noise_of_its_dimension,
    mend="Use every parameter of the network in `forward`.",
)
def learns_with_all_its_parameters(subject: Subject) -> None:
    """Gradients reach every parameter of a prior that is learned."""
    prior: Prior = subject.value
    network = prior.network()
    if network is None:
        raise NotApplicable("It has nothing to learn.")
    noise = network(prior.sample((32,), stream("prior")))
    (noise * torch.randn(noise.shape, generator=stream("slopes"))).sum().backward()
    for name, parameter in network.named_parameters():
        moved = parameter.grad is not None and bool(parameter.grad.any())
        require(moved, f"No gradient reaches {name}.")


def use(subject: Subject) -> None:
    """Do with a prior all that a run does."""
    subject.anew().sample((3, 5), stream("use"))
