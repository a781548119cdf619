"""Real tables with numeric and categorical columns."""

from collections.abc import Callable, Mapping

from ganbench.api import Dataset, hookimpl
from ganbench_tabular.bundled import BreastCancer, Fair


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the datasets."""
    return {"breast_cancer": BreastCancer, "fair": Fair}
