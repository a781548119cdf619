"""Trackers: JSON lines, CSV, MLflow and TensorBoard."""

from collections.abc import Callable, Mapping

from ganbench.api import Tracker, hookimpl
from ganbench_trackers.board import TensorBoard
from ganbench_trackers.files import Csv, JsonLines
from ganbench_trackers.server import MLflow


@hookimpl
def ganbench_trackers() -> Mapping[str, Callable[..., Tracker]]:
    """Offer the trackers."""
    return {"csv": Csv, "jsonl": JsonLines, "mlflow": MLflow, "tensorboard": TensorBoard}
