"""Which sides of square images the convolutional players can reach by doubling."""

from ganbench.api import DataSpec

START = {8: 4, 16: 4, 28: 7, 32: 4, 56: 7, 64: 4}
"""Side of the image -> side of the generator's first and the discriminator's last feature map."""


def doublings(spec: DataSpec) -> int:
    """Return how often the side of the first map is doubled."""
    side = spec.shape[-1]
    return (side // START[side]).bit_length() - 1


def side_misfit(spec: DataSpec) -> str | None:
    """Refuse images that repeated doubling of the first map does not reach."""
    _, height, width = spec.shape
    if height == width and width in START:
        return None
    sides = ", ".join(map(str, START))
    return f"it needs square images with a side of {sides}, not {height} x {width}"
