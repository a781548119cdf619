"""Devices by name, and what is recorded of the environment."""

import json
import os
import random

import numpy as np
import psutil
import pytest
import torch

from ganbench import environment, isolation
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


def test_what_a_plugin_changes_is_put_back(tmp_path, caplog, monkeypatch):
    monkeypatch.setenv("KEPT", "1")
    before = (torch.get_default_dtype(), os.getcwd(), torch.get_rng_state())
    numpy_before, python_before = np.random.get_state()[1].copy(), random.getstate()
    isolation.make_deterministic()
    with isolation.unchanged():
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(2)
        torch.set_grad_enabled(False)
        torch.set_deterministic_debug_mode("default")
        os.chdir(tmp_path)
        os.environ["ADDED"] = "1"
        del os.environ["KEPT"]
        torch.manual_seed(3)
        np.random.seed(3)
        random.seed(3)
    assert (torch.get_default_dtype(), os.getcwd()) == before[:2]
    assert torch.get_rng_state().equal(before[2])
    assert torch.get_num_threads() == 1
    assert torch.is_grad_enabled()
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["KEPT"] == "1"
    assert "ADDED" not in os.environ
    assert (np.random.get_state()[1] == numpy_before).all()
    assert random.getstate() == python_before
    assert "A plugin changed the default dtype, " in caplog.text


def test_gpus_are_those_that_are_like_the_first(monkeypatch):
    names = ["A100", "A100", "T4"]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda i: names[i])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert environment.gpus(torch.device("cpu")) == []
    assert environment.gpus(torch.device("cuda")) == ["0", "1"]
    assert environment.gpus(torch.device("cuda:2")) == ["2"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-x,7")
    assert environment.gpus(torch.device("cuda")) == ["4", "GPU-x"]
    assert environment.gpus(torch.device("cuda:2")) == ["7"]
    assert environment.worker_count(torch.device("cuda")) == 2
