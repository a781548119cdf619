"""What baselines must do."""

import torch

from ganbench import seeding
from ganbench.baselines import Sampler
from ganbench.data import Dataset
from ganbench.plugins import Built
from ganbench.testing.datasets import stream
from ganbench.testing.declared import can_be_built
from ganbench.testing.rules import require, rule
from ganbench.testing.subject import Subject

_LEAST = {"rows": 200, "steps": 10, "components": 3}
"""Settings with which fitting takes no more than a moment, for baselines that have them."""


def _fitted(subject: Subject, law: Built) -> Sampler:
    known = {parameter.name for parameter in subject.entry.parameters}
    given = {**_LEAST, **dict(subject.component.params)}
    params = {key: value for key, value in given.items() if key in known}
    baseline = subject.entry.factory(**{**subject.built.params, **params})
    with seeding.global_torch_seed(0):
        sampler: Sampler = baseline.fit(law.value, stream("fit"))
    return sampler


@rule(
    "baseline",
    after=can_be_built,
    mend="Return from `fit` a function of a number and a stream, and of these alone.",
)
def fits_a_law_and_draws_from_it(subject: Subject) -> None:
    """Samples are those that players could generate, streams decide them, and data stay alike."""
    for law in subject.laws:
        data: Dataset = law.value
        before = data.fingerprint()
        sampler = _fitted(subject, law)
        x = sampler(60, stream("a"))
        _require_samples(x, data, law.label)
        require(data.fingerprint() == before, f"Fitting changes {law.label}.")
        require(torch.equal(x, sampler(60, stream("a"))), f"Samples differ on {law.label}.")
        other = sampler(60, stream("b"))
        require(not torch.equal(x, other), f"Another stream changes nothing on {law.label}.")
        require(
            torch.equal(x, _fitted(subject, law)(60, stream("a"))),
            f"Fitted again, it is another law on {law.label}.",
        )
        x.fill_(torch.nan)
        require(torch.isfinite(sampler(60, stream("a"))).all(), "Samples share its storage.")
        require(data.fingerprint() == before, f"Drawing changes {law.label}.")


def _require_samples(x: torch.Tensor, data: Dataset, label: str) -> None:
    wanted = (60, *data.spec.shape)
    require(tuple(x.shape) == wanted, f"Samples of {label} have shape {tuple(x.shape)}.")
    require(x.dtype == torch.float32, f"Samples of {label} are {x.dtype}.")
    require(torch.isfinite(x).all(), f"Samples of {label} are not finite.")
    low, high = data.spec.low, data.spec.high
    within = (low is None or x.min() >= low) and (high is None or x.max() <= high)
    require(within, f"Samples of {label} reach from {x.min():g} to {x.max():g}.")
    start = 0
    for span in data.spec.spans:
        block = x.flatten(1)[:, start : start + span.width]
        start += span.width
        if span.kind == "choice":
            hard = (block.amax(dim=1) == 1).all() and (block.sum(dim=1) == 1).all()
            require(hard, f"A choice of {label} is no one-hot.")


def use(subject: Subject) -> None:
    """Do with a baseline all that a run does."""
    _fitted(subject, subject.laws[0])(5, stream("use"))
