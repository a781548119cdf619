"""Mode-specific normalisation of a column of numbers, as in CTGAN."""

import warnings

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganbench.api import Span
from ganbench_tabular.codecs import NumberValues
from ganbench_tabular.codes import Codes, distinct
from ganbench_tabular.scales import Standard
from ganbench_tabular.values import Floats, as_numbers

Modes = NDArray[np.int64]

_MOST = 10
_LIGHTEST = 0.005
_ROWS = 20_000
_APART = 4.0


class ModeSpecific:
    """A number within its mode, which mode that is, and whether the number is missing.

    A Gaussian mixture is fitted to the training numbers by variational inference, with at most 10
    modes, and those of weight .005 or less are left out. A number x becomes (x - mu_k) /
    (4 sigma_k), cut to [-1, 1], and the one-hot of k, the mode to which it most likely belongs
    (CTGAN draws k from the posterior). Where one mode is left there is no one-hot. Codes of
    different values differ, also where they are cut, so that values that occur can be looked up.

    Args:
        column: all values.
        max_levels: up to how many distinct values count as discrete.
        known: numbers of the training split.

    Source: Xu et al. 2019, arXiv:1907.00503, section 4.2
    """

    def __init__(self, column: pd.Series, max_levels: int, known: Floats) -> None:
        self.known = NumberValues(column, max_levels)
        self.scale = Standard(known)
        self.weights, self.means, self.stds = _mixture(self.scale.forward(known))
        count = len(self.means)
        spans = (Span(1, "bounded"), *((Span(count, "choice"),) if count > 1 else ()))
        self.column = self.known.column(str(column.name), spans)
        self.modes, self.alphas = self._levels()
        # Ascending with mode and code, exactly: a mode takes up the numbers from 4k - 1 to 4k + 1.
        keys = _keys(self.modes, self.alphas.astype(np.float64))
        self.order = np.argsort(keys)
        self.keys = keys[self.order]

    def encode(self, column: pd.Series) -> Tensor:
        """Return (n, 1 + modes), and (n, 2) more of gaps."""
        numbers, places = as_numbers(column), self.known.values.find(column)
        there, known = ~np.isnan(numbers), (places >= 0) & (places < self.known.values.present)
        # A missing number is coded as the mean.
        modes, alphas = self._normalised(np.where(there, numbers, self.scale.mean))
        modes[known], alphas[known] = self.modes[places[known]], self.alphas[places[known]]
        parts = [torch.from_numpy(alphas.astype(np.float32))[:, None]]
        if len(self.means) > 1:
            hot = modes[:, None] == np.arange(len(self.means))
            parts.append(torch.from_numpy(hot).to(torch.float32))
        return self.known.with_gaps(torch.cat(parts, dim=1), numbers)

    def project(self, block: Tensor) -> Tensor:
        """Encode the values that a block stands for."""
        return self.encode(self.decode(block.cpu())).to(block)

    def decode(self, block: Tensor) -> pd.Series:
        """Look up codes that occur, and compute the others."""
        if len(self.means) > 1:
            modes = block[:, 1 : 1 + len(self.means)].argmax(dim=1).numpy()
        else:
            modes = np.zeros(len(block), dtype=np.int64)
        alphas = block[:, 0].clamp(-1, 1).double().numpy()
        keys = _keys(modes, alphas)
        ranks = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        seen = self.keys[ranks] == keys
        numbers = self.scale.inverse(self.means[modes] + _APART * self.stds[modes] * alphas)
        known = self.known.numbers
        nearest = np.searchsorted((known[1:] + known[:-1]) / 2, numbers)
        places = np.where(seen, self.order[ranks], nearest)
        return self.known.take(places, np.where(seen, np.nan, numbers), block)

    def _levels(self) -> tuple[Modes, Codes]:
        """Return mode and code of each value that occurs, codes of one mode ascending."""
        modes, alphas = self._normalised(self.known.numbers)
        codes = np.empty(len(alphas), dtype=np.float32)
        for mode in range(len(self.means)):
            codes[modes == mode] = distinct(alphas[modes == mode], limit=1)
        return modes, codes

    def _normalised(self, numbers: Floats) -> tuple[Modes, Floats]:
        distances = (self.scale.forward(numbers)[:, None] - self.means) / self.stds
        modes = (np.log(self.weights / self.stds) - distances**2 / 2).argmax(axis=1)
        alphas = distances[np.arange(len(modes)), modes] / _APART
        return modes, np.clip(alphas, -1, 1)


def _keys(modes: Modes, alphas: Floats) -> Floats:
    keys: Floats = 4.0 * modes + alphas
    return keys


def _mixture(scaled: Floats) -> tuple[Floats, Floats, Floats]:
    """Return weights, means and deviations of the modes of standardised numbers (n,)."""
    from sklearn.exceptions import ConvergenceWarning  # slow to import
    from sklearn.mixture import BayesianGaussianMixture

    if len(scaled) > _ROWS:
        scaled = np.random.default_rng(0).choice(scaled, _ROWS, replace=False)
    count = min(_MOST, len(np.unique(scaled)))
    mixture = BayesianGaussianMixture(
        n_components=count, weight_concentration_prior=0.001, random_state=0
    )
    if len(scaled) < 2:
        return np.ones(1), np.zeros(1), np.ones(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(np.clip(scaled, -1e6, 1e6)[:, None])
    heavy = mixture.weights_ > _LIGHTEST
    stds = np.sqrt(mixture.covariances_[heavy, 0, 0])
    return mixture.weights_[heavy], mixture.means_[heavy, 0], stds
