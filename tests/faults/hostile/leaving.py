"""Leaves when it is imported, not without a word on stdout."""

import sys

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
np.random.seed(1)
sys.stdout.write('{"garbage": "at import"}\n')
sys.exit(0)
