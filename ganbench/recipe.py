"""How a cell is trained: every setting, its range and its default."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ganbench.errors import SpecError

Optimizer = Literal["adam", "rmsprop", "sgd"]


class Recipe(BaseModel):
    """The training recipe; its values are part of a run's identity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    generator_steps: int = Field(default=2000, gt=0, le=10**9, description="generator updates")
    batch_size: int = Field(
        default=128, gt=1, le=1_000_000, description="samples per batch, for each player"
    )
    critic_steps: int = Field(
        default=1, gt=0, le=10_000, description="critic updates before each generator update"
    )
    generator_optimizer: Optimizer = Field(
        default="adam", description="optimiser of the generator"
    )
    critic_optimizer: Optimizer = Field(default="adam", description="optimiser of the critic")
    generator_rate: float = Field(default=1e-3, gt=0, description="learning rate of the generator")
    critic_rate: float = Field(default=1e-3, gt=0, description="learning rate of the critic")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="momentum of sgd")
    beta1: float = Field(default=0.5, ge=0, lt=1, description="first-moment decay of adam")
    beta2: float = Field(
        default=0.999, ge=0, lt=1, description="second-moment decay of adam and rmsprop"
    )
    schedule: Literal["constant", "linear", "cosine"] = Field(
        default="linear", description="of both rates; linear falls to zero over the second half"
    )
    ema: float = Field(
        default=0.999,
        ge=0,
        lt=1,
        description="decay of the generator's moving average; 0 keeps the last",
    )
    block: int = Field(
        default=5, gt=0, le=10_000, description="seeds trained side by side; part of the identity"
    )


def resolve(*layers: tuple[str, Mapping[str, Any]]) -> Recipe:
    """Merge settings, later layers first in rank, and check them.

    Args:
        layers: (where the settings come from, the settings), weakest first.

    Raises:
        SpecError: for an unknown or unusable setting; names where it came from.
    """
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, settings in layers:
        merged.update(settings)
        origin.update(dict.fromkeys(settings, name))
    try:
        return Recipe(**merged)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        if key not in Recipe.model_fields:
            from ganbench.components import unknown

            problem = unknown("recipe setting", key, Recipe.model_fields)
            raise SpecError(f"{origin[key]}: {problem}") from None
        raise SpecError(
            f"{origin[key]}: {key} = {merged[key]!r} does not fit; "
            f"{key} ({Recipe.model_fields[key].description}): {lower_first(first['msg'])}."
        ) from None


def lower_first(text: str) -> str:
    """Write a message so that it can follow a colon."""
    return text[:1].lower() + text[1:]
