"""The samples that a discriminator without a network remembers."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

Memory = Annotated[int, Field(gt=0, le=1000)]


class Bank(nn.Module):
    """Keeps the last real and fake batches, flat, as rows of two buffers.

    Args:
        size: values in a sample.
        memory: batches that are kept.
    """

    real: Tensor
    fake: Tensor

    def __init__(self, size: int, memory: int) -> None:
        super().__init__()
        self.memory = memory
        self.register_buffer("real", torch.zeros(memory, size))
        self.register_buffer("fake", torch.zeros(memory, size))

    def prepare(self, rows: int) -> None:
        """Make room for batches of so many rows; zeros in both sets outweigh each other."""
        shape = (self.memory * rows, self.real.shape[1])
        self.real, self.fake = self.real.new_zeros(shape), self.fake.new_zeros(shape)

    def refit(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Return the sets with this batch in place of the oldest."""
        return {"real": _pushed(self.real, real), "fake": _pushed(self.fake, fake)}


def _pushed(kept: Tensor, batch: Tensor) -> Tensor:
    return torch.cat([batch.flatten(1), kept])[: len(kept)]
