"""Layers with gradients in the forms that XLA computes fast on a CPU.

The gradients that JAX derives for these are right but several times slower there: those for the
weights of a convolution fall back to naive loops, those of an unrolled or scanned LSTM cell store
or compute again far more than is needed. Images are (B, side, side, channels), kernels (height,
width, in, out).
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

_TAPS = [(i, j) for i in range(3) for j in range(3)]


def _convolve(
    x: Array,
    kernel: Array,
    stride: int = 1,
    padding: tuple[tuple[int, int], ...] = ((1, 1), (1, 1)),
    dilation: int = 1,
) -> Array:
    return lax.conv_general_dilated(
        x,
        kernel,
        (stride, stride),
        padding,
        rhs_dilation=(dilation, dilation),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def _halve(x: Array, kernel: Array) -> Array:
    return _convolve(x, kernel, stride=2)


def _double(y: Array, kernel: Array) -> Array:
    """Transpose `_halve` in its image: each parity of rows and columns is a 2 x 2 convolution."""
    kernel = kernel.swapaxes(2, 3)
    batch, side, _, _ = y.shape
    parts = [
        jnp.stack(
            [
                _convolve(y, kernel[3 - a :: -2, 3 - b :: -2], padding=((1 - a, a), (1 - b, b)))
                for b in (0, 1)
            ],
            axis=3,
        )
        for a in (0, 1)
    ]
    return jnp.stack(parts, axis=2).reshape(batch, 2 * side, 2 * side, -1)


def _halve_slope(x: Array, y: Array) -> Array:
    """Transpose `_halve` in its kernel: a convolution over the batch, `y` being the kernel."""
    slope = _convolve(x.transpose(3, 1, 2, 0), y.transpose(1, 2, 0, 3), dilation=2)
    return slope.transpose(1, 2, 0, 3)


halve = jax.custom_vjp(_halve)
"""Convolve with a 4 x 4 kernel at stride 2, padded by 1."""
halve.defvjp(
    lambda x, kernel: (_halve(x, kernel), (x, kernel)),
    lambda kept, slope: (_double(slope, kept[1]), _halve_slope(kept[0], slope)),
)

double = jax.custom_vjp(_double)
"""Transposed convolution with a 4 x 4 kernel (height, width, out, in) at stride 2, padded by 1."""
double.defvjp(
    lambda y, kernel: (_double(y, kernel), (y, kernel)),
    lambda kept, slope: (_halve(slope, kept[1]), _halve_slope(slope, kept[0])),
)


def _shifted(x: Array) -> list[Array]:
    """Return the nine views (..., side, side) of zero-padded images (..., side, side)."""
    side = x.shape[-1]
    x = jnp.pad(x, [(0, 0)] * (x.ndim - 2) + [(1, 1), (1, 1)])
    return [x[..., i : i + side, j : j + side] for i, j in _TAPS]


def _widen(x: Array, kernel: Array) -> Array:
    shifted = zip(_shifted(x), _TAPS, strict=True)
    return sum(view[..., None] * kernel[tap] for view, tap in shifted)


def _narrow(y: Array, kernel: Array) -> Array:
    side = y.shape[1]
    maps = (kernel.reshape(9, -1) @ y.reshape(-1, y.shape[-1]).T).reshape(9, *y.shape[:3])
    maps = jnp.pad(maps, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return sum(maps[3 * i + j, :, 2 - i : 2 - i + side, 2 - j : 2 - j + side] for i, j in _TAPS)


def _widen_slope(x: Array, y: Array) -> Array:
    views = jnp.stack(_shifted(x)).reshape(9, -1)
    return (views @ y.reshape(-1, y.shape[-1])).reshape(3, 3, -1)


widen = jax.custom_vjp(_widen)
"""Convolve one channel (B, side, side) with a 3 x 3 kernel (height, width, out), padded by 1."""
widen.defvjp(
    lambda x, kernel: (_widen(x, kernel), (x, kernel)),
    lambda kept, slope: (_narrow(slope, kept[1]), _widen_slope(kept[0], slope)),
)

narrow = jax.custom_vjp(_narrow)
"""Transposed convolution to one channel with a 3 x 3 kernel (height, width, in), padded by 1."""
narrow.defvjp(
    lambda y, kernel: (_narrow(y, kernel), (y, kernel)),
    lambda kept, slope: (_widen(slope, kept[1]), _widen_slope(slope, kept[0])),
)


@jax.custom_vjp
def lstm_cell(gates: Array, memory: Array) -> tuple[Array, Array]:
    """Return output and memory (B, hidden) from gates (B, 4 hidden) before activation."""
    return _lstm_forward(gates, memory)[0]


def _lstm_forward(gates: Array, memory: Array) -> tuple[tuple[Array, Array], tuple[Array, ...]]:
    i, f, g, o = jnp.split(gates, 4, axis=-1)
    i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    updated = f * memory + i * g
    squashed = jnp.tanh(updated)
    return (o * squashed, updated), (i, f, g, o, memory, squashed)


def _lstm_backward(kept: tuple[Array, ...], slopes: tuple[Array, Array]) -> tuple[Array, Array]:
    i, f, g, o, memory, squashed = kept
    output, updated = slopes
    updated = updated + output * o * (1 - squashed * squashed)
    gates = (
        updated * g * i * (1 - i),
        updated * memory * f * (1 - f),
        updated * i * (1 - g * g),
        output * squashed * o * (1 - o),
    )
    return jnp.concatenate(gates, axis=-1), updated * f


lstm_cell.defvjp(_lstm_forward, _lstm_backward)
