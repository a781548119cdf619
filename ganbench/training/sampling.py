"""The players of a run, brought back from what it has stored."""

import dataclasses
import functools
from collections.abc import Mapping

import torch
from torch import Tensor

from ganbench.api import Conditions
from ganbench.cells import Cell
from ganbench.errors import SpecError
from ganbench.training.ensemble import Ensemble, conditions_of
from ganbench.training.fitting import FittedLaws


@dataclasses.dataclass(frozen=True)
class Stored:
    """What a run has stored of its players, and what is needed to rebuild them.

    Attributes:
        cell: of the run.
        seed: of the run.
        generator: the stored network, None for a baseline.
        critic: the stored critic, None where there is none.
        device: where to work.
    """

    cell: Cell
    seed: int
    generator: Mapping[str, Tensor] | None = None
    critic: Mapping[str, Tensor] | None = None
    device: torch.device = dataclasses.field(default_factory=lambda: torch.device("cpu"))

    def drawn(self, count: int, stream: int) -> Tensor:
        """Draw samples from the generator, or from the baseline, fitted anew.

        Args:
            count: how many samples.
            stream: names the noise; equal ones give equal samples.

        Returns:
            Projected samples (count, *shape), on the CPU.
        """
        role = f"drawn {stream}"
        if self.generator is None:
            return FittedLaws(self.cell, [self.seed]).generate(count, role)[0]
        return self.players.generate(count, role)[0]

    def noise(self, count: int, stream: int) -> Tensor:
        """Draw noise (count, width) as the generator reads it, conditions at the end.

        Raises:
            SpecError: if there is no generator.
        """
        return self.players.noise(count, f"drawn {stream}")[0]

    def samples(self, noise: Tensor) -> Tensor:
        """Turn noise (count, width) into projected samples (count, *shape), on the CPU.

        Raises:
            SpecError: if there is no generator.
        """
        return self.players.generate_from(noise[None], "drawn 0")[0]

    def scores(self, x: Tensor) -> Tensor:
        """Return what the critic makes of samples (n, *shape): (n,).

        Raises:
            SpecError: if no critic is stored, or if it gives more than one number.
        """
        if self.critic is None:
            raise SpecError(
                "The run holds no critic: it has none that learns, or a ganbench before format 3 "
                "stored it."
            )
        values = self.players.scores(0, x)
        if values.ndim > 1:
            raise SpecError(
                f"The critic gives {values.shape[1]} numbers for each sample, which make no map."
            )
        return values

    @property
    def conditions(self) -> Conditions | None:
        """What the generator is told at the end of its noise, None where that is nothing."""
        return conditions_of(self.cell)

    @functools.cached_property
    def players(self) -> Ensemble:
        """The networks, as the only ones of their ensemble.

        Raises:
            SpecError: if there are none.
        """
        if self.generator is None:
            raise SpecError("A baseline has neither noise nor players.")
        alone = self.cell.recipe.model_copy(update={"block": 1, "width": None})
        cell = dataclasses.replace(self.cell, recipe=alone)
        ensemble = Ensemble(cell, [self.seed], self.device)
        critic = None if self.critic is None else dict(self.critic)
        ensemble.restore(0, dict(self.generator), critic)
        return ensemble
