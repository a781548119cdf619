"""How many seeds a traced move takes at a time."""

from ganbench.training.steps import Game, State


def width_that_pays(game: Game, state: State) -> int:
    """Return the number of seeds to replay together, which divides the block."""
    seeds = len(state["generator"])
    return game.recipe.width or seeds
