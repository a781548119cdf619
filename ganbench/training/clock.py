"""All numbers that steps read besides data: rates, decays and penalties, as tensors.

What varies over training is laid out chunk by chunk; what stays is made once. Traces hold none of
it, so that cells which differ only in numbers share them.
"""

import math
from collections.abc import Callable, Iterator

import torch

from ganbench.recipe import Recipe
from ganbench.training.rules import State
from ganbench.training.steps import Game

_CHUNK_STEPS = 64


class Clock:
    """The clock of a cell: for each move of each generator step the numbers that it may read.

    Args:
        game: names the numbers.
        device: where they go.
    """

    def __init__(self, game: Game, device: torch.device) -> None:
        self.game, self.device = game, device
        recipe = game.recipe
        constants = {
            **game.numbers,
            "lookahead": recipe.lookahead_rate,
            "clip_norm": recipe.clip_norm or math.inf,
        }
        for role, rule in game.optimizers.items():
            constants |= {f"{role}.{name}": value for name, value in rule.constants.items()}
        self.constants = {
            name: torch.tensor(value, dtype=torch.float32, device=device)
            for name, value in constants.items()
        }

    def moments(
        self, start: int, stop: int, spent: Callable[[], float] = lambda: 0.0
    ) -> Iterator[list[State]]:
        """Yield, for each generator step from `start` to before `stop`, a clock for each move.

        Args:
            start: generator steps done.
            stop: where to end.
            spent: tells what fraction of a budget of seconds is used up.
        """
        total = self.game.recipe.steps
        size = 1 if self.game.recipe.seconds else _CHUNK_STEPS
        for first in range(start, stop, size):
            used = min(spent(), 1.0)
            steps = range(first, min(first + size, stop))
            rows = [
                self._values(step, move, max(step / total, used))
                for step in steps
                for move in range(self.game.batches)
            ]
            table = torch.tensor([list(row.values()) for row in rows], dtype=torch.float32)
            moments = [
                {**self.constants, **dict(zip(rows[0], row.unbind(), strict=True))}
                for row in table.to(self.device).unbind()
            ]
            for position in range(len(steps)):
                yield moments[position * self.game.batches : (position + 1) * self.game.batches]

    def _values(self, step: int, move: int, progress: float) -> dict[str, float]:
        """Return the numbers of one move; steps of each optimiser are counted from one."""
        recipe, k = self.game.recipe, max(self.game.critic_steps, 1)
        factor = schedule_factor(recipe, progress)
        done = move - 1 if recipe.updates == "generator_first" else move
        counts = {"generator": step + 1, "critic": step * k + min(max(done, 0), k - 1) + 1}
        rates = {"generator": recipe.generator_rate, "critic": recipe.critic_rate}
        values = {"progress": progress}
        values |= {"generator.fresh": 1 - min((2 + step) / (11 + step), recipe.ema)}
        for role, rule in self.game.optimizers.items():
            rate, count = rates[role] * factor, counts[role]
            times = {"": count}
            if recipe.updates == "extragradient":
                # Its moments see two gradients; those of plain critic moves before it see one.
                before = step * (2 if role == "generator" else k + 1)
                joint = role == "generator" or move == k - 1
                last = before + (2 if role == "generator" else k + 1 if joint else move + 1)
                times = {"ahead.": max(1, last - 1), "": last}
            if role == "critic":
                ahead = range(1, recipe.unrolled_steps + 1)
                times |= {f"unrolled{i}.": count + i for i in ahead}
            for prefix, time in times.items():
                numbers = rule.clock(rate, time)
                values |= {f"{prefix}{role}.{name}": value for name, value in numbers.items()}
        return values


def schedule_factor(recipe: Recipe, progress: float) -> float:
    """Return what multiplies both rates at this fraction of training."""
    if recipe.schedule == "linear":
        return min(1.0, 2 * (1 - progress))
    if recipe.schedule == "cosine":
        return (1 + math.cos(math.pi * progress)) / 2
    return 1.0
