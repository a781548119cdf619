"""Data of the Hugging Face hub, and folders in its forms."""

from collections.abc import Callable, Mapping

from ganbench.api import Dataset, hookimpl
from ganbench_hub.hub import hf


@hookimpl
def ganbench_datasets() -> Mapping[str, Callable[..., Dataset]]:
    """Name the dataset."""
    return {"hf": hf}
