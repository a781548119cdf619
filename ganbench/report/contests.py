"""Who leads a score on a dataset, of all cells that were trained on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ganbench.comparison.columns import ARROWS, Column
from ganbench.comparison.paired import Contrasts
from ganbench.comparison.pairing import Scores, games_and_laws, labelled, lay_out
from ganbench.comparison.standings import Standings, standings


@dataclass(frozen=True)
class Contest:
    """One score of the cells of a dataset that are rivals.

    These are the games; where nothing was trained, the laws fitted without one.

    Attributes:
        scores: of one task; a variant is a cell.
        places: of each variant, the place of its row in the table.
    """

    scores: Scores
    places: Sequence[int]

    @cached_property
    def standings(self) -> Standings:
        """Who leads, and who may be the best as well."""
        return standings(self.scores)

    @cached_property
    def leaders(self) -> Sequence[int]:
        """Places of the rows that rank first: several where they tie."""
        leader = int(self.standings.leader[0])
        return [self.places[each] for each in (leader, *self.standings.tied(0))]

    @cached_property
    def near(self) -> frozenset[int]:
        """Places of the other rows that may be the best as well."""
        near = np.nonzero(self.standings.near[0])[0].tolist()
        return frozenset(self.places[each] for each in near).difference(self.leaders)

    @cached_property
    def rivals(self) -> int:
        """Number of rows that have a score, beside the leader."""
        return int((self.scores.present > self.scores.failed).sum()) - 1

    @cached_property
    def tested(self) -> int:
        """Number of rivals whose difference from the leader can be tested."""
        scored = self.scores.present > self.scores.failed
        return int((scored & ~np.isnan(self.standings.p)).sum())

    @cached_property
    def order(self) -> Sequence[int]:
        """Places of the rows that have runs, best first."""
        ranks = self.standings.ranks[0]
        ranked = np.argsort(ranks, kind="stable")[: (~np.isnan(ranks)).sum()].tolist()
        return [self.places[each] for each in ranked]

    def lead(self, places: Sequence[int]) -> Contrasts:
        """Compare rows with the leader."""
        variants = np.array([self.places.index(place) for place in places], dtype=int)
        return Contrasts(self.scores, variants, np.full(len(variants), self.standings.leader[0]))

    def p(self, place: int) -> float:
        """Return the corrected p of a row's difference from the leader, NaN without a test."""
        return float(self.standings.p[0, self.places.index(place)])


def contests(frame: pd.DataFrame, columns: Sequence[Column]) -> Iterator[tuple[str, Contest]]:
    """Lay out the scores of one dataset that have a better side.

    Args:
        frame: tidy, with the number of each row as `cell`.
        columns: the scores of the table.

    Yields:
        The name of a column with its contest.
    """
    rivals, laws = games_and_laws(labelled(frame))
    ranked = [column for column in columns if column.better in ARROWS]
    places = list(dict.fromkeys(map(int, rivals["cell"])))
    for scores in lay_out(rivals, laws, "cell", ranked, fixed=["dataset"]):
        if len(scores.tasks):
            yield scores.column.name, Contest(scores, places)
