# The names of this package, and where `__init__.py` finds them when they are used.

from .classifier_tests import c2st
from .discrete import jsd_discrete, jsd_known_law
from .features import FeatureSpace, feature_space
from .floors import Floor, floor
from .frechet import frechet_distance
from .jsd_bounds import jsd_known_density, jsd_lower_bound
from .jsd_neighbours import jsd_knn
from .kernels import median_distance
from .likelihood import distinct_rows, nll
from .memorisation import authenticity, memorisation
from .mmd import energy_distance, kid, mmd2, mmd_test
from .mmd_large import mmd2_block, mmd2_incomplete
from .modes import mode_coverage
from .precision_recall import prdc
from .score import Score
from .tabular import association_gap, associations, column_fidelity
from .text import bleu, distinct_ngrams, novel_ngrams, self_bleu
from .transport import sliced_wasserstein, wasserstein2
from .utility import tstr

__all__ = [
    "FeatureSpace",
    "Floor",
    "Score",
    "association_gap",
    "associations",
    "authenticity",
    "bleu",
    "c2st",
    "column_fidelity",
    "distinct_ngrams",
    "distinct_rows",
    "energy_distance",
    "feature_space",
    "floor",
    "frechet_distance",
    "jsd_discrete",
    "jsd_knn",
    "jsd_known_density",
    "jsd_known_law",
    "jsd_lower_bound",
    "kid",
    "median_distance",
    "memorisation",
    "mmd2",
    "mmd2_block",
    "mmd2_incomplete",
    "mmd_test",
    "mode_coverage",
    "nll",
    "novel_ngrams",
    "prdc",
    "self_bleu",
    "sliced_wasserstein",
    "tstr",
    "wasserstein2",
]
