"""Tables of numeric and categorical columns, real and synthetic, and players for them."""

from collections.abc import Callable, Mapping

from ganbench.api import Architecture, Dataset, hookimpl
from ganbench_tabular.bundled import (
    Anes96,
    BreastCancer,
    Diabetes,
    Fair,
    ModeChoice,
    Randhie,
    Wine,
)
from ganbench_tabular.ctgan import Ctgan
from ganbench_tabular.fetched import Adult, Covertype
from ganbench_tabular.mixed import Mixed
from ganbench_tabular.path import Table


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {
        "breast_cancer": BreastCancer,
        "wine": Wine,
        "diabetes": Diabetes,
        "fair": Fair,
        "randhie": Randhie,
        "anes96": Anes96,
        "modechoice": ModeChoice,
        "adult": Adult,
        "covertype": Covertype,
        "table": Table,
        "mixed": Mixed,
    }


@hookimpl
def ganbench_architectures() -> Mapping[str, Callable[..., Architecture]]:
    """Name the architectures."""
    return {"ctgan": Ctgan}
