"""How a cell is trained: every setting, its range and its default."""

import functools
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from ganbench.canonical import written
from ganbench.errors import SpecError

Optimizer = Literal["adam", "rmsprop", "sgd"]
Rung = Literal["auto", "compiled", "captured", "traced", "vmap", "loop"]


class Recipe(BaseModel):
    """The training recipe; its values are part of a run's identity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    generator_steps: int = Field(default=2000, gt=0, le=10**9, description="generator updates")
    pretraining_steps: int = Field(
        default=0,
        ge=0,
        le=10**9,
        description="first generator updates that maximise the likelihood of real samples in "
        "place of the game, while the critic learns as ever; their loss is in nats",
    )
    critic_examples: int | None = Field(
        default=None,
        gt=0,
        description="real samples that the critic may see; ends training if reached first",
    )
    seconds: float | None = Field(
        default=None,
        gt=0,
        description="wall time of a block; ends training if reached first, and no two runs of "
        "such a recipe are the same to the bit",
    )
    batch_size: int = Field(
        default=128, gt=1, le=1_000_000, description="samples per batch, for each player"
    )
    packing: int = Field(
        default=1, gt=0, le=64, description="samples that the critic judges together (PacGAN)"
    )
    critic_steps: int = Field(
        default=1, gt=0, le=10_000, description="critic updates before each generator update"
    )
    updates: Literal["alternating", "generator_first", "simultaneous", "extragradient"] = Field(
        default="alternating",
        description="alternating is Algorithm 1; generator_first turns its order round; in "
        "simultaneous and extragradient the last critic update and the generator's start from "
        "the same point",
    )
    unrolled_steps: int = Field(
        default=0, ge=0, le=100, description="critic updates that the generator looks ahead"
    )
    penalty_interval: int = Field(
        default=1,
        gt=0,
        le=10_000,
        description="critic updates between two with penalties, then weighted as much more",
    )
    generator_optimizer: Optimizer = Field(
        default="adam", description="optimiser of the generator"
    )
    critic_optimizer: Optimizer = Field(default="adam", description="optimiser of the critic")
    optimistic: bool = Field(
        default=False, description="whether each update is corrected by the one before it"
    )
    generator_rate: float = Field(default=1e-3, gt=0, description="learning rate of the generator")
    critic_rate: float = Field(default=1e-3, gt=0, description="learning rate of the critic")
    momentum: float = Field(default=0.9, ge=0, lt=1, description="momentum of sgd")
    beta1: float = Field(default=0.5, ge=0, lt=1, description="first-moment decay of adam")
    beta2: float = Field(
        default=0.999, ge=0, lt=1, description="second-moment decay of adam and rmsprop"
    )
    clip_norm: float | None = Field(
        default=None, gt=0, description="largest norm of each player's gradient, for each seed"
    )
    schedule: Literal["constant", "linear", "cosine"] = Field(
        default="linear", description="of both rates; linear falls to zero over the second half"
    )
    lookahead_steps: int = Field(
        default=0,
        ge=0,
        le=10**9,
        description="generator updates between two averagings of both players; 0 for none",
    )
    lookahead_rate: float = Field(
        default=0.5, gt=0, le=1, description="step of the slow weights at each averaging"
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
    precision: Literal["float32", "tf32", "bfloat16"] = Field(
        default="float32",
        description="of matrix products: tf32 on GPUs that have it, bfloat16 anywhere; "
        "parameters and losses stay in float32",
    )
    rung: Rung = Field(
        default="auto",
        description="how steps are run; auto takes the first of captured (on a GPU), traced, vmap "
        "and loop that works and agrees with the loop, compiled must be asked for",
    )
    width: int | None = Field(
        default=None,
        gt=0,
        description="seeds of the block that a traced step takes at a time; by default what pays",
    )

    @model_validator(mode="after")
    def _whole_parts(self) -> Self:
        if self.batch_size % self.packing:
            raise PydanticCustomError(
                "packs",
                "batch_size = {batch} must be a multiple of packing = {packing}",
                {"batch": self.batch_size, "packing": self.packing},
            )
        if self.pretraining_steps and self.updates in ("simultaneous", "extragradient"):
            raise PydanticCustomError(
                "pretraining",
                "pretraining_steps need updates = 'alternating' or 'generator_first', not "
                "'{updates}'",
                {"updates": self.updates},
            )
        if self.width is not None and self.block % self.width:
            raise PydanticCustomError(
                "width",
                "block = {block} must be a multiple of width = {width}",
                {"block": self.block, "width": self.width},
            )
        return self

    def __copy__(self) -> Self:
        """Forget what was derived: a copy may be given other values."""
        copied = super().__copy__()
        for derived in ("settings", "text"):
            copied.__dict__.pop(derived, None)
        return copied

    @functools.cached_property
    def settings(self) -> dict[str, Any]:
        """All settings by name; all who ask share them, so leave them as they are."""
        return self.model_dump()

    @functools.cached_property
    def text(self) -> str:
        """All settings as canonical JSON."""
        return written(self.settings)

    @property
    def structure(self) -> dict[str, Any]:
        """What decides which operations a step is made of, without numbers that it only reads."""
        free = {"generator_steps", "critic_examples", "seconds", "critic_steps", "schedule", "ema"}
        free |= {"generator_rate", "critic_rate", "momentum", "beta1", "beta2", "lookahead_rate"}
        switches = {"clip_norm", "lookahead_steps", "pretraining_steps"}
        kept = {k: v for k, v in self.settings.items() if k not in free}
        return {k: bool(v) if k in switches else v for k, v in kept.items()}

    @property
    def steps(self) -> int:
        """Generator updates that steps and examples allow."""
        if self.critic_examples is None:
            return self.generator_steps
        each = self.critic_steps * self.batch_size
        return max(1, min(self.generator_steps, self.critic_examples // each))


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
        if not first["loc"]:
            raise SpecError(f"The recipe does not fit together: {first['msg']}.") from None
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
