"""The known density of a dataset, for rows as metrics see them."""

import numpy as np
import torch

from ganbench.api import Dataset, MetricError


def log_density(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Return the log-density (n,) in nats of features (n, d).

    Raises:
        MetricError: if the density of the dataset is not known.
    """
    if dataset.log_prob is None:
        raise MetricError("The density of this dataset is not known.")
    samples = torch.tensor(rows).reshape(-1, *dataset.spec.shape)
    return dataset.log_prob(samples).double().numpy()
