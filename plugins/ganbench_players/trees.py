"""Forests of random trees as a discriminator, for samples of any shape."""

from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from ganbench.api import SCORE, Architecture, DataSpec, Output, PositiveFloat, PositiveInt
from ganbench_players.banks import Bank, Memory
from ganbench_players.smoothing import SmoothedCritic

if TYPE_CHECKING:
    from sklearn.ensemble import ExtraTreesClassifier

Trees = Annotated[int, Field(gt=0, le=1000)]
TreeDepth = Annotated[int, Field(gt=0, le=12)]


class ExtraTrees(Architecture):
    """Extremely randomised trees that tell real from fake samples; it has no generator.

    D(x) = log((p + floor) / (1 - p + floor)), where p is the mean over trees of the share of real
    ones in the leaf of x. After every `interval`-th critic step the forest is grown anew by
    scikit-learn on the batches last shown. It is constant in pieces: the gradient that the
    generator gets is that of E D(x + sigma * e), e standard normal, estimated from `pairs` of
    opposite steps. Growing cannot be vectorised over seeds, which take turns: it is slow.

    Args:
        trees: in the forest, 1 to 1000.
        depth: largest depth of a tree, 1 to 12.
        interval: critic steps from one forest to the next, above 0.
        memory: batches that are kept, 1 to 1000.
        floor: keeps D finite, above 0.
        pairs: of opposite steps from each sample, above 0.
        sigma: their size in each coordinate, above 0, about that of the finest detail.

    Source: Geurts et al. 2006, Machine Learning 63; the gradient: Salimans et al. 2017,
    arXiv:1703.03864
    """

    kinds = frozenset({"vector", "table", "image", "sequence"})
    gives = frozenset({"score", "separate"})

    def __init__(
        self,
        trees: Trees = 30,
        depth: TreeDepth = 8,
        interval: PositiveInt = 5,
        memory: Memory = 4,
        floor: PositiveFloat = 0.05,
        pairs: PositiveInt = 4,
        sigma: PositiveFloat = 0.1,
    ) -> None:
        self.trees, self.depth, self.interval = trees, depth, interval
        self.memory, self.floor, self.pairs, self.sigma = memory, floor, pairs, sigma

    def discriminator(self, spec: DataSpec, output: Output = SCORE) -> nn.Module:  # noqa: ARG002
        """Build samples (B, *spec.shape) -> scores (B,)."""
        forest = Forest(spec.size, self.memory, self.trees, self.depth, self.interval)
        return SmoothedCritic(forest, self.pairs, self.sigma, self.floor)


class Forest(Bank):
    """Map rows (n, size) to the probability of being real (n,) by a forest, as arrays of nodes.

    A node sends a row left if its `feature` is at most its `threshold`; leaves send it to
    themselves. The first node of each tree is its root, and spare ones are never reached.

    Args:
        size: values in a sample.
        memory: batches that are kept.
        trees: in the forest.
        depth: of a tree at most.
        interval: fits from one forest to the next.
    """

    fits: Tensor
    seed: Tensor
    feature: Tensor
    threshold: Tensor
    left: Tensor
    right: Tensor
    chance: Tensor

    def __init__(self, size: int, memory: int, trees: int, depth: int, interval: int) -> None:
        super().__init__(size, memory)
        self.trees, self.depth, self.interval = trees, depth, interval
        self.register_buffer("fits", torch.zeros((), dtype=torch.int64))
        self.register_buffer("seed", torch.randint(2**31, ()))
        for name, array in _no_nodes(trees, depth).items():
            self.register_buffer(name, torch.from_numpy(array))

    def forward(self, rows: Tensor) -> Tensor:
        """Return probabilities (n,)."""
        tree = torch.arange(self.trees, device=rows.device)
        node = torch.zeros(len(rows), self.trees, dtype=torch.int64, device=rows.device)
        for _ in range(self.depth):
            value = rows.gather(1, self.feature[tree, node])
            goes_left = value <= self.threshold[tree, node]
            node = torch.where(goes_left, self.left[tree, node], self.right[tree, node])
        return self.chance[tree, node].mean(dim=1)

    def refit(self, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Return the bank with this batch and, if it is time, the forest grown from it."""
        kept = super().refit(real, fake)
        fresh = {**kept, "fits": self.fits + 1, "seed": self.seed}
        if int(self.fits) % self.interval:
            return {**fresh, **{name: getattr(self, name) for name in _NODES}}
        rows = torch.cat([kept["real"], kept["fake"]]).cpu().numpy()
        targets = np.repeat([1, 0], [len(kept["real"]), len(kept["fake"])])
        forest = grown(rows, targets, self.trees, self.depth, int(self.seed))
        nodes = {k: torch.from_numpy(v).to(real.device) for k, v in encoded(forest).items()}
        return {**fresh, **nodes, "seed": (self.seed + 1) % 2**31}


def grown(
    rows: np.ndarray, targets: np.ndarray, trees: int, depth: int, seed: int
) -> "ExtraTreesClassifier":
    """Grow a forest on rows (n, size) with targets (n,), 1 for real and 0 for fake ones."""
    from sklearn.ensemble import ExtraTreesClassifier

    forest = ExtraTreesClassifier(trees, max_depth=depth, random_state=seed)
    return forest.fit(rows, targets)


_NODES = ("feature", "threshold", "left", "right", "chance")


def encoded(forest: "ExtraTreesClassifier") -> dict[str, np.ndarray]:
    """Return the nodes of a forest, each as (trees, nodes), with spare ones at the end."""
    nodes = _no_nodes(forest.n_estimators, forest.max_depth)
    for row, estimator in enumerate(forest.estimators_):
        tree = estimator.tree_
        places, leaf = np.arange(tree.node_count), tree.children_left < 0
        nodes["feature"][row, places] = np.where(leaf, 0, tree.feature)
        nodes["threshold"][row, places] = _rounded_down(tree.threshold)
        nodes["left"][row, places] = np.where(leaf, places, tree.children_left)
        nodes["right"][row, places] = np.where(leaf, places, tree.children_right)
        shares = tree.value[:, 0]
        nodes["chance"][row, places] = shares[:, 1] / shares.sum(axis=1)
    return nodes


def _no_nodes(trees: int, depth: int) -> dict[str, np.ndarray]:
    """Return a forest whose roots are leaves without an opinion."""
    shape = (trees, 2 ** (depth + 1) - 1)
    indices = {name: np.zeros(shape, np.int64) for name in ("feature", "left", "right")}
    threshold = np.zeros(shape, np.float32)
    return {**indices, "threshold": threshold, "chance": np.full(shape, 0.5, np.float32)}


def _rounded_down(threshold: np.ndarray) -> np.ndarray:
    """Return the largest float32 at most as large: comparisons with float32 stay the same."""
    rounded: np.ndarray = threshold.astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded)
