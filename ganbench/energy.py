"""The energy that a GPU takes, where its driver counts it."""

import contextlib
from collections.abc import Callable

import torch


def energy_counter(device: torch.device) -> Callable[[], float] | None:
    """Return what reads the joules that a device has taken since its driver was loaded.

    All that runs on the device counts, so that runs which share it share the figure. None for
    a device other than a CUDA GPU, without the package nvidia-ml-py, or where the GPU does not
    count (before Volta).

    Source: NVIDIA Management Library, nvmlDeviceGetTotalEnergyConsumption (millijoules)
    """
    if device.type != "cuda":
        return None
    with contextlib.suppress(Exception):  # drivers fail in ways of their own
        import pynvml

        pynvml.nvmlInit()
        name = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
        handle = pynvml.nvmlDeviceGetHandleByUUID(name)
        pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        return lambda: pynvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
    return None
