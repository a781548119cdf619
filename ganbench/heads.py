"""The last layers of generators: what turns activations into samples of a kind."""

import copy
import itertools
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganbench.data import DataSpec
from ganbench.layers import Noise, Progress

Relaxing = Literal["straight_through", "softmax", "gumbel", "st_gumbel", "sample"]


class Relaxation(nn.Module):
    """Turn the logits of a choice into something like its one-hot: (..., V) -> (..., V).

    - "softmax": the probabilities themselves (Gulrajani et al. 2017, arXiv:1704.00028).
    - "straight_through": the one-hot of the likeliest, with the gradient of the probabilities
      (Bengio et al. 2013, arXiv:1308.3432).
    - "gumbel": the probabilities under Gumbel noise (Jang et al. 2017, arXiv:1611.01144; Maddison
      et al. 2017, arXiv:1611.00712).
    - "st_gumbel": the one-hot of the likeliest under Gumbel noise, which is a draw from the law
      of the logits, with the gradient of "gumbel".
    - "sample": the same draw without a gradient.

    Args:
        kind: one of these.
        temperature: the probabilities are softmax(logits / temperature); draws do not depend on
            it.
        final_temperature: what the temperature has become at the end of training, geometrically;
            None where it stays.
    """

    def __init__(
        self,
        kind: Relaxing = "straight_through",
        temperature: float = 1.0,
        final_temperature: float | None = None,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.temperature = temperature
        self.final_temperature = final_temperature
        self.progress = None if final_temperature is None else Progress()
        self.noise = Noise("uniform") if kind in ("gumbel", "st_gumbel", "sample") else None

    def forward(self, logits: Tensor) -> Tensor:
        """Relax the choices of (..., V); one call for each sample."""
        return self.relax(logits, self.gumbel(logits))

    def gumbel(self, like: Tensor) -> Tensor | None:
        """Return the Gumbel noise of all choices (..., V) of a sample, None where there is none.

        Who makes the choices one after the other asks for it once, and calls `relax` for each.
        """
        return None if self.noise is None else -(-self.noise(like).log()).log()

    def relax(self, logits: Tensor, gumbel: Tensor | None) -> Tensor:
        """Relax the choices of (..., V) under this noise."""
        if gumbel is not None:
            logits = logits + gumbel
        if self.kind == "sample":
            return one_hot_of(logits).detach()
        soft = functional.softmax(self._cooled(logits), dim=-1)
        if self.kind in ("softmax", "gumbel"):
            return soft
        return soft + (one_hot_of(logits) - soft).detach()

    def _cooled(self, logits: Tensor) -> Tensor:
        if self.progress is None or self.final_temperature is None:
            return logits if self.temperature == 1 else logits / self.temperature
        ratio = self.final_temperature / self.temperature
        cooled: Tensor = logits / (self.temperature * ratio ** self.progress())
        return cooled


def one_hot_of(logits: Tensor) -> Tensor:
    """Return the one-hot of the largest of (..., V)."""
    return (logits == logits.amax(dim=-1, keepdim=True)).to(logits.dtype)


class OutputHead(nn.Module):
    """Turn a generator's last activations (B, size) into samples (B, *shape) of a `DataSpec`.

    Bounded values pass through a scaled tanh, and each choice becomes a one-hot, by default with
    the gradient of its probabilities: soft values would give fakes away.

    Args:
        spec: of the data.
        relaxation: of choices.
    """

    def __init__(self, spec: DataSpec, relaxation: Relaxation | None = None) -> None:
        super().__init__()
        self.spec = spec
        self.runs = [(span, len(list(run))) for span, run in itertools.groupby(spec.spans)]
        # Each has its own random numbers.
        self.heads = nn.ModuleList(
            copy.deepcopy(relaxation or Relaxation())
            if span.kind == "choice"
            else _Scaled(spec)
            if span.kind == "bounded"
            else nn.Identity()
            for span, _ in self.runs
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map activations (B, size) to samples (B, *shape)."""
        sizes = [span.width * count for span, count in self.runs]
        parts = torch.split(x, sizes, dim=1) if len(sizes) > 1 else (x,)
        values = [
            head(part.view(-1, count, span.width) if count > 1 else part).flatten(1)
            for (span, count), head, part in zip(self.runs, self.heads, parts, strict=True)
        ]
        joined = values[0] if len(values) == 1 else torch.cat(values, dim=1)
        return joined.reshape(-1, *self.spec.shape)


class _Scaled(nn.Module):
    """A tanh that reaches from the lowest value to the highest."""

    def __init__(self, spec: DataSpec) -> None:
        super().__init__()
        low = -1.0 if spec.low is None else spec.low
        high = 1.0 if spec.high is None else spec.high
        self.middle, self.reach = (high + low) / 2, (high - low) / 2

    def forward(self, x: Tensor) -> Tensor:
        return self.middle + self.reach * torch.tanh(x)
