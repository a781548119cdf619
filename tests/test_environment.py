"""Devices by name, and what is recorded of the environment."""

import json

import psutil
import pytest
import torch

from ganbench import environment
from ganbench.errors import DeviceError, SpecError


def test_devices_are_found_by_name(monkeypatch):
    assert environment.find_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert environment.find_device("auto") == torch.device("cuda")
    assert environment.find_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(DeviceError, match="sees 2 CUDA devices"):
        environment.find_device("cuda:2")


@pytest.mark.parametrize("name", ["", "gpu", "cpu:0", "cuda:", "cuda:x", "cuda:²", "CPU", "mps:0"])
def test_other_names_are_refused(name):
    with pytest.raises(SpecError, match=f"No device named '{name}'. Available: auto, cpu"):
        environment.find_device(name)


def test_absent_devices_are_named(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert environment.find_device("auto") == torch.device("cpu")
    for name in ("cuda", "cuda:3", "mps"):
        with pytest.raises(DeviceError, match=f"no device '{name}' here"):
            environment.find_device(name)


def test_the_description_is_plain_data(registry):
    facts = environment.describe(torch.device("cpu"), registry)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["torch"] == torch.__version__
    assert facts["device"] == "cpu"
    assert facts["plugins"]["losses"].startswith("ganbench ")


def test_outside_of_a_checkout_there_is_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "ganbench" / "environment.py"))
    assert environment._git_commit() is None


def test_one_worker_for_each_core_that_is_ours_and_one_on_a_gpu(monkeypatch):
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: 8)
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda self: [0, 1, 2], raising=False)
    assert environment.worker_count(torch.device("cpu")) == 3
    assert environment.worker_count(torch.device("cuda")) == 1
