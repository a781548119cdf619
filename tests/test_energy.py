"""Energy, with stand-ins for a GPU and its library."""

import sys
import types
from types import SimpleNamespace

import pytest
import torch

from ganbench.energy import energy_counter

GPU = torch.device("cuda:0")


@pytest.fixture
def library(monkeypatch):
    made = types.ModuleType("pynvml")
    counts = iter(range(0, 10_000, 1500))
    made.nvmlInit = lambda: None
    made.nvmlDeviceGetHandleByUUID = lambda name: {"GPU-0815": "handle"}[name]
    made.nvmlDeviceGetTotalEnergyConsumption = lambda handle: next(counts)
    monkeypatch.setitem(sys.modules, "pynvml", made)
    seen = SimpleNamespace(uuid="0815")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: seen)
    return made


def test_millijoules_become_joules(library):
    counter = energy_counter(GPU)
    assert [counter(), counter()] == [1.5, 3.0]


def test_nothing_is_counted_where_nobody_counts(library, monkeypatch):
    assert energy_counter(torch.device("cpu")) is None

    def refuse(handle):
        raise RuntimeError("not supported")

    monkeypatch.setattr(library, "nvmlDeviceGetTotalEnergyConsumption", refuse)
    assert energy_counter(GPU) is None
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert energy_counter(GPU) is None
