"""What fits together, with the reason where it does not, and what can hardly succeed."""

from collections.abc import Callable, Iterator, Sequence

from ganbench.api import TRAITS, Dataset, DataSpec, Loss, Prior, Regularizer, Traits
from ganbench.plugins import NOTHING, Built

_OUTPUTS = ("score", "embedding", "energy")
_OF_CRITICS = ("features", "weights", "layers", "separate")
_OF_LOSSES = ("logistic", "samplewise")
_KINDS = ("vector", "table", "image", "sequence")


def player_misfit(dataset: Built, player: Built, role: str) -> str | None:
    """Say why players do not fit a dataset in a role, None if they do.

    Args:
        dataset: the law to learn.
        player: the players.
        role: "generator" or "discriminator".
    """
    spec = _spec(dataset)
    with player.answering():
        if spec.kind not in player.value.kinds:
            return _wrong_kind(dataset, spec, player)
        if not hasattr(player.value, role):
            return f"{player.label} offers no {role}"
        reason: str | None = player.value.misfit(spec)
    return f"{player.label} does not fit {dataset.label}: {reason}" if reason else None


def misfit(
    dataset: Built,
    generator: Built,
    discriminator: Built,
    loss: Built,
    regularizers: Sequence[Built],
    ask: Callable[[Built, Built, str], str | None] = player_misfit,
) -> str | None:
    """Say why these components cannot be trained together, None if they can.

    Args:
        dataset: the law to learn.
        generator: the players that offer the generator.
        discriminator: the players that offer the discriminator, NOTHING for a loss without one.
        loss: the objectives.
        regularizers: what is added to them.
        ask: `player_misfit`, or what remembers its answers.
    """
    reason = ask(dataset, generator, "generator")
    if reason is None and discriminator is not NOTHING:
        reason = ask(dataset, discriminator, "discriminator")
    needs = _unmet_needs(dataset, generator, discriminator, loss, regularizers)
    return reason or next(needs, None)


def _spec(dataset: Built) -> DataSpec:
    with dataset.answering():
        spec: DataSpec = dataset.value.spec
    return spec


def _wrong_kind(dataset: Built, spec: DataSpec, part: Built) -> str:
    kinds = " and ".join(sorted(part.value.kinds))
    return f"{part.label} fits {kinds} data, and {dataset.label} is {spec.kind} data"


def _unmet_needs(
    dataset: Built,
    generator: Built,
    discriminator: Built,
    loss: Built,
    regularizers: Sequence[Built],
) -> Iterator[str]:
    """Yield a sentence for each trait that a component needs and another does not have."""
    objectives: Loss = loss.value
    critic: Traits = frozenset() if discriminator is NOTHING else discriminator.value.gives
    output = objectives.output
    if output is not None and output.kind not in critic:
        yield f"{loss.label} needs {TRAITS[output.kind]}, and {discriminator.label} is none"
    kind = dataset.value.spec.kind
    asked: set[str] = {output.kind} if output else set()
    asked |= {"scalar"} if output and output.kind != "embedding" else set()
    offered = (critic - set(_OUTPUTS)) | asked | objectives.traits | {kind}
    offered |= generator.value.generator_gives
    needs = [(loss.label, objectives.needs), (generator.label, generator.value.generator_needs)]
    needs += [(loss.label, _needs(part)) for part in objectives.regularizers]
    needs += [(part.label, _needs(part.value)) for part in regularizers]
    for label, traits in needs:
        for trait in sorted(traits - offered):
            reason = _why(trait, dataset, generator, discriminator, loss)
            yield f"{label} needs {TRAITS[trait]}, {reason}"


def _needs(part: Regularizer) -> Traits:
    """Return what a regularizer needs, by its word and by what it does."""
    on_generator = part.gate is not None or part.generator_penalty is not None
    return part.needs | {"pathwise"} if on_generator else part.needs


def _why(trait: str, dataset: Built, generator: Built, discriminator: Built, loss: Built) -> str:
    """Say who does not have the trait."""
    if trait == "pathwise":
        return f"and {generator.label} is none"
    if trait in _KINDS:
        return f"and {dataset.label} is {dataset.value.spec.kind} data"
    if trait in _OF_LOSSES:
        return f"and {loss.label} is none"
    if loss.value.output is None:
        return f"and {loss.label} has no critic"
    if trait in _OF_CRITICS:
        return f"and {discriminator.label} is none"
    return f"and {loss.label} asks for {TRAITS[loss.value.output.kind]}"


def pretraining_misfit(generator: Built, steps: int) -> str | None:
    """Say why a generator cannot be trained by likelihood first, None if it can or need not."""
    if not steps or "likelihood" in generator.value.generator_gives:
        return None
    return (
        f"pretraining_steps = {steps} needs {TRAITS['likelihood']}, and {generator.label} is none"
    )


def baseline_misfit(dataset: Built, baseline: Built) -> str | None:
    """Say why a baseline does not fit a dataset, None if it does."""
    with dataset.answering(), baseline.answering():
        spec: DataSpec = dataset.value.spec
        if spec.kind not in baseline.value.kinds:
            return _wrong_kind(dataset, spec, baseline)
        reason: str | None = baseline.value.misfit(dataset.value)
    return f"{baseline.label} does not fit {dataset.label}: {reason}" if reason else None


def warnings_of(dataset: Built, prior: Built) -> tuple[str, ...]:
    """Say why noise cannot cover the data: too few coordinates, or too light tails."""
    law: Dataset = dataset.value
    noise: Prior = prior.value
    found = []
    filled = noise.dim if noise.intrinsic_dim is None else noise.intrinsic_dim
    if law.intrinsic_dim is not None and filled < law.intrinsic_dim:
        found.append(
            f"{prior.label} fills fewer dimensions than {dataset.label} does "
            f"({filled} < {law.intrinsic_dim}), so that samples lie on a thinner set"
        )
    if law.tails == "heavy" and noise.tails != "heavy":
        found.append(
            f"{dataset.label} has heavy tails and {prior.label} has not, and networks, which are "
            "Lipschitz, do not make tails heavier (arXiv:2101.09113)"
        )
    return tuple(found)
