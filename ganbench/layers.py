"""Layers that a step for many seeds at once can hold.

Networks run under `torch.func.functional_call`, vectorised over the seeds and replayed from a
trace. So a layer must be a pure function: it changes no buffer, draws no random number and does
not branch on the values of tensors. Stateless layers of torch (Linear, Conv2d, ConvTranspose2d,
Embedding, GroupNorm, LayerNorm, activations) are; here are peers of those that are not.

Small protocols take the place of hidden state, for your own modules too:

- **Random numbers.** ganbench finds every `Noise` and `Dropout` and fills them from the seed's
  own streams.
- **Buffers that evolve.** A module may define `next_buffers(self) -> dict[str, Tensor]`: new
  values of its own buffers by name, a pure function of its present parameters, buffers and
  random numbers, not of data. ganbench calls it once before each step of that player and keeps
  the result.
- **Closed-form fits.** A discriminator may define `refit(self, real, fake) -> dict[str, Tensor]`:
  new values of its buffers from a batch of each, as the critic sees them. ganbench calls it at
  the end of each critic step; a discriminator without parameters learns by nothing else.
- **Buffers with a row for each sample.** A player may define `prepare(self, rows)`, called once
  after it is built, under the seed's stream, with the number of rows of its batches.
- **Log-probabilities.** A generator may define `log_prob(self, x, noise) -> (B,)`, of samples x
  (B, *shape) given its noise, up to a constant, and its architecture says so by the trait
  "likelihood". The recipe's `pretraining_steps` raise it for real samples. Where the architecture
  does not give "pathwise", samples have no gradient, and ganbench raises it for samples on which
  the loss is below its mean over the batch, and lowers it for others (the score function). With
  an attribute `likelihood` between 0 and 1, so much of that objective is mean log_prob of fakes
  minus that of real samples, the contrastive likelihood.
- **Costs of a generator's own.** With a method `with_cost(self, noise) -> (samples, cost)`, the
  number `cost` is added to the generator's objective.
- **The time.** ganbench finds every `Progress` and tells it how much of training is done.
- **Training or drawing.** `self.training` is False while samples are drawn for scores.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional
from torch.nn.modules.conv import _ConvNd

_SMALLEST_NORM = 1e-12


# ----------------------------------------------------------------------------------- recurrence

S = TypeVar("S")


class _Cell(nn.Module, Generic[S]):
    """What recurrent cells share: the weights of all gates in one matrix for each operand."""

    gates: ClassVar[int]

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.weight_ih = nn.Parameter(torch.empty(self.gates * hidden, inputs))
        self.weight_hh = nn.Parameter(torch.empty(self.gates * hidden, hidden))
        self.bias = nn.Parameter(torch.empty(self.gates * hidden))
        self._initialise(self.weight_ih, self.weight_hh, self.bias)

    def _initialise(self, *parameters: nn.Parameter) -> None:
        """Draw from the law of torch's cells."""
        bound = 1 / math.sqrt(self.hidden)
        for parameter in parameters:
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor, state: S | None = None) -> S:
        """Take one step: inputs (B, inputs) and a state, None for zeros -> the next state."""
        return self.advance(self.project(x), state)

    def project(self, x: Tensor) -> Tensor:
        """Return the inputs' part of all gates, (..., inputs) -> (..., gates * hidden)."""
        return functional.linear(x, self.weight_ih, self.bias)

    def advance(self, projected: Tensor, state: S | None) -> S:
        """Take one step from inputs that `project` has seen, (B, gates * hidden)."""
        raise NotImplementedError

    def output(self, state: S) -> Tensor:
        """Return what a state shows, (B, hidden)."""
        raise NotImplementedError

    def _zeros(self, projected: Tensor) -> Tensor:
        return projected.new_zeros(projected.shape[0], self.hidden)


class LSTMCell(_Cell[tuple[Tensor, Tensor]]):
    """One step of a long short-term memory.

    `h, c = cell(x, (h, c))` with x (B, inputs), h and c (B, hidden); without a state, from zeros.
    The parameters `weight_ih` (4 * hidden, inputs), `weight_hh` (4 * hidden, hidden) and `bias`
    (4 * hidden) hold the gates in torch's order (input, forget, cell, output) and start from its
    law, uniform within 1/sqrt(hidden). There is one bias: as `bias_ih` of `torch.nn.LSTMCell`,
    with zeros as its `bias_hh`, it computes the same.

    Args:
        inputs: size of an input.
        hidden: size of the state.

    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8); Gers et al. 2000 (forget gate)
    """

    gates = 4

    def advance(
        self, projected: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, Tensor]:
        """Take one step from projected inputs (B, 4 * hidden) -> (h, c)."""
        h, c = state or (self._zeros(projected), self._zeros(projected))
        enter, forget, new, leave = (projected + h @ self.weight_hh.T).chunk(4, dim=1)
        c = forget.sigmoid() * c + enter.sigmoid() * new.tanh()
        return leave.sigmoid() * c.tanh(), c

    def output(self, state: tuple[Tensor, Tensor]) -> Tensor:
        """Return h of (h, c)."""
        return state[0]


class GRUCell(_Cell[Tensor]):
    """One step of a gated recurrent unit.

    `h = cell(x, h)` with x (B, inputs) and h (B, hidden); without a state, from zeros. The
    parameters `weight_ih` (3 * hidden, inputs), `weight_hh` (3 * hidden, hidden) and `bias`
    (3 * hidden) hold the gates in torch's order (reset, update, new) and start from its law,
    uniform within 1/sqrt(hidden). Like torch, and unlike Cho et al., the new gate resets what
    `weight_hh` returns, together with a bias of its own: `bias_hn` (hidden). As `bias_ih` of
    `torch.nn.GRUCell`, with zeros and `bias_hn` as its `bias_hh`, they compute the same.

    Args:
        inputs: size of an input.
        hidden: size of the state.

    Source: Cho et al. 2014, arXiv:1406.1078
    """

    gates = 3

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__(inputs, hidden)
        self.bias_hn = nn.Parameter(torch.empty(hidden))
        self._initialise(self.bias_hn)

    def advance(self, projected: Tensor, state: Tensor | None) -> Tensor:
        """Take one step from projected inputs (B, 3 * hidden) -> h."""
        h = self._zeros(projected) if state is None else state
        sizes = [2 * self.hidden, self.hidden]
        gates, new = torch.split(projected, sizes, dim=1)
        recurrent_gates, recurrent_new = torch.split(h @ self.weight_hh.T, sizes, dim=1)
        reset, update = (gates + recurrent_gates).sigmoid().chunk(2, dim=1)
        new = (new + reset * (recurrent_new + self.bias_hn)).tanh()
        return new + update * (h - new)

    def output(self, state: Tensor) -> Tensor:
        """Return h itself."""
        return state


class _Unrolled(nn.Module):
    """A cell over time; the projection of all inputs is one product outside the loop."""

    def __init__(self, cell: _Cell[Any]) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor) -> Tensor:
        """Map sequences (B, L, inputs) to outputs (B, L, hidden)."""
        state, outputs = None, []
        for projected in self.cell.project(x).unbind(dim=1):
            state = self.cell.advance(projected, state)
            outputs.append(self.cell.output(state))
        return torch.stack(outputs, dim=1)


class LSTM(nn.Sequential):
    """Long short-term memory over sequences: (B, L, inputs) -> outputs (B, L, hidden).

    Every layer starts from zeros and reads the outputs of the layer below. The cells are
    `lstm[layer].cell`.

    Args:
        inputs: size of an input.
        hidden: size of each layer's state.
        layers: how many are stacked.

    Source: Hochreiter & Schmidhuber 1997, Neural Computation 9(8); the cells are `LSTMCell`s
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1) -> None:
        super().__init__(*_stack(LSTMCell, inputs, hidden, layers))


class GRU(nn.Sequential):
    """Gated recurrent units over sequences: (B, L, inputs) -> outputs (B, L, hidden).

    Every layer starts from zeros and reads the outputs of the layer below. The cells are
    `gru[layer].cell`.

    Args:
        inputs: size of an input.
        hidden: size of each layer's state.
        layers: how many are stacked.

    Source: Cho et al. 2014, arXiv:1406.1078; the cells are `GRUCell`s
    """

    def __init__(self, inputs: int, hidden: int, layers: int = 1) -> None:
        super().__init__(*_stack(GRUCell, inputs, hidden, layers))


def _stack(
    cell: Callable[[int, int], _Cell[Any]], inputs: int, hidden: int, layers: int
) -> list[_Unrolled]:
    return [_Unrolled(cell(size, hidden)) for size in [inputs, *[hidden] * (layers - 1)]]


# -------------------------------------------------------------------------------- normalisation


class BatchNorm(nn.Module):
    """Standardise each channel by its mean and variance over the batch: (B, C, ...) -> same.

    There are no running statistics. While training, each seed sees its own batch, real and fake
    ones apart where the critic is called on each. When samples are drawn, the statistics are
    those of the drawn batch, so that a sample depends on what is drawn with it: a sample alone
    has no variance and is an error. It equals `torch.nn.BatchNorm1d`, 2d or 3d with
    `track_running_stats=False`. A layer before it needs no bias.

    In a critic it ties samples together that a gradient penalty means to see one by one; prefer
    `nn.GroupNorm(1, C)` there (Gulrajani et al. 2017, arXiv:1704.00028, section 4).

    Args:
        features: number of channels C.
        eps: added to the variance.
        affine: whether to learn a scale `weight` (C,), from ones, and a shift `bias` (C,), from
            zeros.

    Source: Ioffe & Szegedy 2015, arXiv:1502.03167
    """

    def __init__(self, features: int, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(features)) if affine else None
        self.bias = nn.Parameter(torch.zeros(features)) if affine else None

    def forward(self, x: Tensor) -> Tensor:
        """Standardise (B, C, ...) by the statistics of this batch."""
        return functional.batch_norm(
            x, None, None, self.weight, self.bias, training=True, eps=self.eps
        )


class SpectralNorm(nn.Module):
    """A layer whose weight is divided by its largest singular value, in `inputs` and `outputs`.

    The weight counts as a matrix with one row for each output channel (for `Embedding`: for each
    symbol). A vector close to its first left singular vector is kept in the buffer `u` (rows,);
    the value is then |u W|, whose gradient in W takes u for a constant. Before each training step
    `next_buffers` brings `u` nearer by power iteration.

    Args:
        layer: any layer with a `weight`: Linear, Conv2d, ConvTranspose2d, Embedding, ...
        iterations: of the power method before each training step.

    Source: Miyato et al. 2018, arXiv:1802.05957
    """

    u: Tensor

    def __init__(self, layer: nn.Module, iterations: int = 1) -> None:
        super().__init__()
        self.layer = layer
        self.iterations = iterations
        self.register_buffer("u", functional.normalize(torch.randn(len(self._matrix())), dim=0))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer with its normalised weight."""
        norm = torch.linalg.vector_norm(self.u @ self._matrix()).clamp(min=_SMALLEST_NORM)
        weight = {"weight": self._weight() / norm}
        output: Tensor = functional_call(self.layer, weight, (x,))
        return output

    def next_buffers(self) -> dict[str, Tensor]:
        """Return `u` after further power iterations."""
        matrix, u = self._matrix().detach(), self.u
        for _ in range(self.iterations):
            v = functional.normalize(u @ matrix, dim=0)
            u = functional.normalize(matrix @ v, dim=0)
        return {"u": u}

    def _matrix(self) -> Tensor:
        """Return the weight as a matrix (output channels, everything else)."""
        weight, layer = self._weight(), self.layer
        if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
            weight = weight.transpose(0, 1)
        return weight.flatten(1)

    def _weight(self) -> Tensor:
        return cast(Tensor, self.layer.weight)


def spectrally_normalised(network: nn.Module) -> nn.Module:
    """Put every Linear, Conv and ConvTranspose layer of a network in a `SpectralNorm`."""
    for name, layer in network.named_children():
        if isinstance(layer, nn.Linear | _ConvNd):
            setattr(network, name, SpectralNorm(layer))
        elif not isinstance(layer, SpectralNorm):
            spectrally_normalised(layer)
    return network


# --------------------------------------------------------------------------------------- random


class Noise(nn.Module):
    """Random numbers for a network: a tensor in, numbers of the same shape out.

    ganbench finds every such layer by a trial on a few rows, draws its numbers at each
    step, and whenever samples are drawn, from the seed's own streams, and passes them in as the
    buffer `values`, (B, ...). Within a step all calls of one layer share them; a layer that is
    called on n * B rows repeats them. A network that is run by itself, outside ganbench, draws
    from torch's global random state.

    Args:
        law: "uniform" on [0, 1) or standard "normal".
    """

    values: Tensor

    def __init__(self, law: Literal["uniform", "normal"]) -> None:
        super().__init__()
        self.law: Literal["uniform", "normal"] = law
        self.register_buffer("values", torch.empty(0), persistent=False)

    def forward(self, like: Tensor) -> Tensor:
        """Return numbers of the shape of `like`, (n * B, ...)."""
        if not self.values.numel():
            return torch.rand_like(like) if self.law == "uniform" else torch.randn_like(like)
        return shared_rows(self.values, len(like))


class Progress(nn.Module):
    """The fraction of training that is done, as a number () that steps read; 1 when drawing."""

    value: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("value", torch.ones(()), persistent=False)

    def forward(self) -> Tensor:
        """Return the fraction."""
        return self.value


def shared_rows(values: Tensor, rows: int) -> Tensor:
    """Repeat the numbers of B rows for n * B rows."""
    repeats, rest = divmod(rows, len(values))
    if rest:
        raise ValueError(f"{rows} rows cannot share the random numbers of {len(values)} rows.")
    return values.repeat(repeats, *[1] * (values.ndim - 1))


class Dropout(nn.Module):
    """Set each value to zero with probability `p` and scale the others by 1 / (1 - p).

    While training, ganbench fills the buffer `uniform` with uniform numbers on [0, 1), one for
    each value of a batch, (B, ...); a value is kept where its number is at least `p`. Within a
    step all calls share them: real and fake samples meet the same mask, also where they are
    joined to one batch of n * B rows. While `uniform` is empty, as when samples are drawn, the
    layer does nothing.

    Args:
        p: probability of zero, at least 0 and below 1.

    Source: Srivastava et al. 2014, JMLR 15
    """

    uniform: Tensor

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"`p` must be at least 0 and below 1, not {p}.")
        self.p = p
        self.register_buffer("uniform", torch.empty(0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Drop values of (n * B, ...)."""
        if not self.uniform.numel():
            return x
        keep = shared_rows(self.uniform >= self.p, len(x))
        return x * keep / (1 - self.p)
