"""Real tables with numeric and categorical columns."""

from collections.abc import Callable, Mapping

from ganbench.api import Dataset, hookimpl
from ganbench_tabular.bundled import (
    Anes96,
    BreastCancer,
    Diabetes,
    Fair,
    ModeChoice,
    Randhie,
    Wine,
)


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
    }
