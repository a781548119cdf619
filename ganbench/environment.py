"""Devices, and what a run's environment was."""

import os
import platform
import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import psutil
import torch

from ganbench.errors import DeviceError, SpecError
from ganbench.plugins import Registry

_DISTRIBUTIONS = (
    "ganbench", "torch", "numpy", "scipy", "scikit-learn", "pandas", "statsmodels", "seaborn",
    "pluggy", "pydantic", "pyarrow", "safetensors",
)  # fmt: skip


def find_device(name: str) -> torch.device:
    """Return the device of this name: auto, cpu, cuda, cuda:N or mps.

    Raises:
        SpecError: if the name is none of these.
        DeviceError: if the device is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch("cpu|mps|cuda(:[0-9]{1,4})?", name):
        raise SpecError(f"No device named '{name}'. Available: auto, cpu, cuda, cuda:N, mps.")
    kind, _, index = name.partition(":")
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(index or 0) >= count:
            raise DeviceError(
                f"There is no device '{name}' here: torch {torch.__version__} sees {count} CUDA "
                "devices. Use --device auto or cpu."
            )
    if name == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("There is no device 'mps' here. Use --device auto or cpu.")
    return torch.device(name)


def device_class(device: torch.device) -> str:
    """Name the kind of device on which numbers are bit-identical."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    return device.type


def gpus(device: torch.device) -> list[str]:
    """Name the CUDA devices that this one stands for: itself, or all that are like the first."""
    if device.type != "cuda":
        return []
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = seen.split(",") if seen else [str(i) for i in range(torch.cuda.device_count())]
    if device.index is not None:
        return [names[device.index]]
    first = torch.cuda.get_device_name(0) if names else ""
    return [name for i, name in enumerate(names) if torch.cuda.get_device_name(i) == first]


def worker_count(device: torch.device) -> int:
    """Return how many workers keep a device busy: one for each core that is ours, or each GPU."""
    if device.type != "cpu":
        return max(1, len(gpus(device)))
    cores = psutil.cpu_count(logical=False) or 1
    process = psutil.Process()
    ours = process.cpu_affinity() if hasattr(process, "cpu_affinity") else None
    return min(cores, len(ours)) if ours else cores


def describe(device: torch.device, registry: Registry) -> dict[str, Any]:
    """Record what the numbers may depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu_name(),
        "cores": psutil.cpu_count(logical=False) or os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "device": device_class(device),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "threads_per_worker": 1,
        "git_commit": _git_commit(),
        "distributions": {name: distribution(name).version for name in _DISTRIBUTIONS},
        "plugins": {plugin.name: plugin.owner for plugin in registry.plugins},
        "sources": {
            plugin.owner: dict(plugin.source) for plugin in registry.plugins if plugin.source
        },
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git_commit() -> str | None:
    """Return the commit of the checkout that ganbench runs from, None outside of one."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
