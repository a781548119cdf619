"""What both players want: the objectives of a game, written for one seed as pure functions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from ganbench.api import Critic, DataSpec, Draws, Loss, Regularizer
from ganbench.plugins import Built
from ganbench.recipe import Recipe
from ganbench.training.critics import BoundCritic
from ganbench.training.mapped import mapped
from ganbench.training.packing import pack
from ganbench.training.players import Player

State = dict[str, Tensor]
Parameters = Mapping[str, Tensor]

_TINY = 1e-8


@dataclass(frozen=True)
class Rules:
    """The players, and what each of them is to minimise.

    Attributes:
        generator: the generator's network.
        critic: the discriminator's network, for packed samples.
        spec: of one sample.
        loss: the loss.
        regularizers: what is added to it.
        recipe: how to train.
        pathwise: whether the generator's samples have a gradient.
        judge: (critic, real, fake) -> the critic that objectives of the critic meet.
    """

    generator: Player
    critic: Player
    spec: DataSpec
    loss: Built
    regularizers: tuple[Built, ...]
    recipe: Recipe
    pathwise: bool = True
    judge: Callable[[Critic, Tensor, Tensor], Critic] = lambda critic, _real, _fake: critic

    # --------------------------------------------------------------------------- the components

    @property
    def components(self) -> dict[str, Built]:
        """The loss and the regularizers by the names that their draws and numbers begin with."""
        return {
            "loss": self.loss,
            **{f"regularizer{i}": part for i, part in enumerate(self.regularizers)},
        }

    @property
    def numbers(self) -> dict[str, float]:
        """Parameters of loss and regularizers that may differ between cells of one trace."""
        return {
            f"{owner}.{name}": value
            for owner, part in self.components.items()
            for name, value in part.params.items()
            if isinstance(value, float)
        }

    def parts(self, clock: State | None = None) -> Iterator[tuple[str, Regularizer]]:
        """Yield what is added to the loss, its own parts first, with the name of each."""
        loss: Loss = self._component("loss", clock or {})
        for position, part in enumerate(loss.regularizers):
            yield f"part{position}", part
        for owner in self.components:
            if owner != "loss":
                yield owner, self._component(owner, clock or {})

    def _component(self, owner: str, clock: State) -> Any:
        """Return a component, made anew where its numbers come as tensors."""
        part = self.components[owner]
        numbers = under(clock, owner)
        return part.entry.factory(**{**part.params, **numbers}) if numbers else part.value

    def draws_of(self, owner: str, state: State, batch: State, clock: State) -> Draws:
        """Return the numbers of this step for a component: its draws, its state, progress."""
        carried = under(state, f"carried.{owner}")
        return {**under(batch, owner), **carried, "progress": clock["progress"]}

    # ------------------------------------------------------------------------------- the players

    def generate(self, parameters: Parameters, state: State, batch: State) -> Tensor:
        """Turn a batch of noise to samples."""
        values = {**parameters, **self.values("generator", state, batch)}
        return self.generator(values, batch["noise"], self.recipe.precision)

    def with_cost(
        self, parameters: Parameters, state: State, batch: State
    ) -> tuple[Tensor, Tensor | None]:
        """Return samples, and what the generator asks to be added to its objective."""
        if not self.generator.offers("with_cost"):
            return self.generate(parameters, state, batch), None
        values = {**parameters, **self.values("generator", state, batch)}
        samples, cost = self.generator.ask("with_cost", values, batch["noise"])
        return samples, cost

    def log_prob(self, parameters: Parameters, state: State, batch: State, x: Tensor) -> Tensor:
        """Return the log-probabilities (B,) of samples given the noise of the batch."""
        values = {**parameters, **self.values("generator", state, batch)}
        log_prob: Tensor = self.generator.ask("log_prob", values, x.detach(), batch["noise"])
        return log_prob

    def bind(self, parameters: Parameters, state: State, batch: State) -> Critic:
        """Give the critic its parameters, buffers and random numbers."""
        values = {**parameters, **self.values("critic", state, batch)}
        return BoundCritic(self.critic, values, self.recipe.precision)

    def values(self, role: str, state: State, batch: State) -> dict[str, Tensor]:
        """Return what a player is made of, besides its parameters."""
        player = self.generator if role == "generator" else self.critic
        values = {**under(state, f"{role}.buffer"), **under(batch, role)}
        if player.watches:
            values |= dict.fromkeys(player.watches, batch["progress"])
        return values

    def seen(
        self, state: State, batch: State, clock: State, fake: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return real and fake samples as the critic sees them: augmented and packed."""
        samples = {"real": batch["real"], "fake": fake}
        for owner, part in self.parts(clock):
            if part.augment is not None:
                for role, x in samples.items():
                    draws = self.draws_of(f"{owner}.{role}", state, batch, clock)
                    samples[role] = part.augment(x, draws)
        real, fake = (pack(x, self.spec, self.recipe.packing) for x in samples.values())
        return real, fake

    # ---------------------------------------------------------------------------- the objectives

    def critic_objective(
        self, state: State, batch: State, clock: State, seen: tuple[Tensor, Tensor], strength: int
    ) -> Callable[[Parameters], tuple[Tensor, Mapping[str, Tensor]]]:
        """Return the critic's objective with penalties `strength` times their weight."""
        real, fake = seen

        def penalties(critic: Critic, parameters: Parameters) -> Iterator[Tensor]:
            for owner, part in self.parts(clock):
                times = strength if part.lazy else 1
                if part.penalty is not None and times:
                    draws = self.draws_of(owner, state, batch, clock)
                    penalty = part.penalty(critic, real, fake, draws)
                    yield times * penalty if times > 1 else penalty
                if part.weight_penalty is not None and times:
                    penalty = part.weight_penalty(parameters)
                    yield times * penalty if times > 1 else penalty

        def objective(parameters: Parameters) -> tuple[Tensor, Mapping[str, Tensor]]:
            critic = self.judge(self.bind(parameters, state, batch), real, fake)
            loss: Loss = self._component("loss", clock)
            draws = self.draws_of("loss", state, batch, clock)
            value, carried = loss.critic_loss(critic, real, fake, draws, under(state, "loss"))
            for penalty in penalties(critic, parameters):
                value = value + penalty
            return value, carried

        return objective

    def generator_objective(
        self,
        state: State,
        batch: State,
        clock: State,
        critic_after: Callable[[tuple[Tensor, Tensor]], Parameters],
    ) -> Callable[[Parameters], tuple[Tensor, Tensor]]:
        """Return the generator's objective and, for the record, the value of its loss.

        Args:
            state: of training.
            batch: of this move.
            clock: of this move.
            critic_after: the parameters of the critic that judges these real and fake samples.
        """

        def objective(parameters: Parameters) -> tuple[Tensor, Tensor]:
            fake, cost = self.with_cost(parameters, state, batch)
            real, seen = self.seen(state, batch, clock, fake)
            weights = critic_after((real, seen))
            critic = self.bind(weights, state, batch)
            loss: Loss = self._component("loss", clock)
            draws = self.draws_of("loss", state, batch, clock)

            def value_of(real: Tensor, fake: Tensor, numbers: State) -> Tensor:
                judge = self.bind(weights, state, batch | numbers) if numbers else critic
                return loss.generator_loss(judge, real, fake, draws, under(state, "loss"))

            if not self.pathwise:
                samples = (real, seen, fake)
                aim, value = self._score_function(value_of, parameters, state, batch, samples)
                return aim if cost is None else aim + cost, value
            value = value_of(real, self._gated(critic, seen, state, batch, clock), {})
            for owner, part in self.parts(clock):
                if part.generator_penalty is not None:
                    numbers = self.draws_of(owner, state, batch, clock)
                    value = value + part.generator_penalty(critic, real, seen, numbers)
            return value if cost is None else value + cost, value

        return objective

    def likelihood_objective(
        self, state: State, batch: State
    ) -> Callable[[Parameters], tuple[Tensor, Tensor]]:
        """Return the mean of minus the log-probability of real samples, twice."""

        def objective(parameters: Parameters) -> tuple[Tensor, Tensor]:
            value = -self.log_prob(parameters, state, batch, batch["real"]).mean()
            return value, value

        return objective

    def _gated(
        self, critic: Critic, fake: Tensor, state: State, batch: State, clock: State
    ) -> Tensor:
        """Scale the gradients that samples hand to the generator, and not the samples."""
        for owner, part in self.parts(clock):
            if part.gate is not None:
                still = fake.detach()
                draws = self.draws_of(owner, state, batch, clock)
                share = part.gate(critic(still), draws).detach()
                share = share.reshape(-1, *[1] * (fake.ndim - 1))
                fake = still + share * (fake - still)
        return fake

    def _score_function(
        self,
        value_of: Callable[[Tensor, Tensor, State], Tensor],
        parameters: Parameters,
        state: State,
        batch: State,
        samples: tuple[Tensor, Tensor, Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Make samples on which the loss is low likelier (Williams 1992, Machine Learning 8).

        A generator may ask for a share of the contrastive likelihood (Fisher et al. 2018,
        arXiv:1804.08682).
        """
        real, seen, fake = samples
        numbers = {name: value for name, value in batch.items() if name.startswith("critic.")}

        def alone(real: Tensor, fake: Tensor, numbers: State) -> Tensor:
            return value_of(real[None], fake[None], {k: v[None] for k, v in numbers.items()})

        each = mapped(alone, real, seen.detach(), numbers)
        spread = (each - each.mean()) / (each.std() + _TINY)
        cost = spread.detach().repeat_interleave(self.recipe.packing)
        of_fake, of_real = (
            self.log_prob(parameters, state, batch, x) for x in (fake, batch["real"])
        )
        share = self.generator.likelihood
        objective = (1 - share) * (cost * of_fake).mean()
        return objective + share * (of_fake.mean() - of_real.mean()), each.mean()


def under(values: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Select the entries below a prefix, named without it."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): value for name, value in values.items() if name.startswith(start)
    }
