"""Feature maps at half or double their side, by plain arithmetic that runs alike everywhere."""

import torch
from torch import Tensor, nn


class Doubled(nn.Module):
    """Repeat each pixel: (B, C, h, w) -> (B, C, 2h, 2w)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return maps of twice the side."""
        batch, channels, height, width = x.shape
        repeated = x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2)
        return repeated.reshape(batch, channels, 2 * height, 2 * width)


class Interpolated(nn.Module):
    """Double the sides bilinearly: new pixels lie a quarter of a pixel from the old ones.

    It equals `torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")`.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return maps of twice the side."""
        return _stretched(_stretched(x, 2), 3)


def _stretched(x: Tensor, dim: int) -> Tensor:
    size = x.shape[dim]
    before = torch.cat([x.narrow(dim, 0, 1), x.narrow(dim, 0, size - 1)], dim)
    after = torch.cat([x.narrow(dim, 1, size - 1), x.narrow(dim, size - 1, 1)], dim)
    pairs = torch.stack([(3 * x + before) / 4, (3 * x + after) / 4], dim + 1)
    return pairs.flatten(dim, dim + 1)
