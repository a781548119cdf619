"""The machines of a Ray cluster: which there are, what they hold, whether they are there."""

import logging
import socket
import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ganbench.errors import DeviceError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
_CONNECT_SECONDS = 3.0
SILENCE_SECONDS = 20.0
"""For how long the head of a cluster may be silent before it is taken for gone."""
_GIB = 2**30


class Nodes:
    """The machines, as they come and go.

    Args:
        ray: connected to the cluster.
        gpu: part of a GPU that a task needs, None for none.
        memory: GiB that a task needs, None for what is there.
    """

    def __init__(self, ray: ModuleType, gpu: float | None, memory: float | None) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        context = ray.get_runtime_context()
        self.ray, self.gpu, self.memory = ray, gpu, memory
        self.me = context.get_node_id()
        self.here = NodeAffinitySchedulingStrategy(self.me, soft=False)
        host, _, port = context.gcs_address.rpartition(":")
        self.head = (host.strip("[]"), int(port))
        self.looked = self.answered = time.monotonic()
        self.nodes = self._nodes()
        self.kind = self._kind() if gpu is not None else None
        self.warned = False

    def look(self) -> None:
        """See now and then whether the cluster is there, and which machines.

        Raises:
            DeviceError: if it is gone.
        """
        now = time.monotonic()
        if now - self.looked < _LOOK_SECONDS:
            return
        self.looked = now
        if not answers(self.head):
            if now - self.answered > SILENCE_SECONDS:
                raise gone()
            return
        self.answered, self.nodes = now, self._nodes()
        empty = not self.room()
        if empty and not self.warned:
            log.warning("No machine is left that can run a task; waiting for one to join.")
        self.warned = empty

    def request(self, memory: float | None) -> dict[str, Any]:
        """Say what one task needs, as options of a Ray task."""
        options: dict[str, Any] = {"num_cpus": 1}
        if self.gpu is not None:
            options["num_gpus"] = self.gpu
        if self.kind is not None:
            options["accelerator_type"] = self.kind
        if memory is not None:
            options["memory"] = int(memory * _GIB)
        return options

    def room(self) -> int:
        """Count the tasks that all machines together can run at a time."""
        return sum(self._room(node) for node in self.nodes)

    def refuse_infeasible(self) -> None:
        """See that some machine can run a task.

        Raises:
            DeviceError: if none can.
        """
        if self.room():
            return
        gpu, memory = self.gpu, self.memory
        wanted = [
            "1 CPU",
            *([f"{gpu:g} GPU{f' ({self.kind})' if self.kind else ''}"] if gpu else []),
            *([f"{memory:g} GiB of memory"] if memory else []),
        ]
        held = "; ".join(_held(node) for node in self.nodes) or "none"
        raise DeviceError(
            f"No machine of the Ray cluster can run a task, which needs {', '.join(wanted)}. "
            f"There are: {held}. Ask for less with --gpus-per-cell or --memory, or start a node "
            "that has it."
        )

    def _room(self, node: Mapping[str, float]) -> int:
        room = int(node.get("CPU", 0))
        gpu, memory = self.gpu, self.memory
        if gpu is not None:
            # Ray gives no task parts of two GPUs.
            room = min(room, int(node.get("GPU", 0)) * int(1 / gpu + 1e-9))
        if self.kind is not None and f"accelerator_type:{self.kind}" not in node:
            return 0
        if memory is not None:
            room = min(room, int(node.get("memory", 0) / (memory * _GIB)))
        return room

    def _nodes(self) -> list[dict[str, float]]:
        return [node["Resources"] for node in self.ray.nodes() if node["Alive"]]

    def _kind(self) -> str | None:
        """Name the GPUs of this machine: numbers, and so the ids of runs, differ between kinds."""
        prefix = "accelerator_type:"
        (mine,) = (node["Resources"] for node in self.ray.nodes() if node["NodeID"] == self.me)
        return next((name.removeprefix(prefix) for name in mine if name.startswith(prefix)), None)


def _held(node: Mapping[str, float]) -> str:
    return (
        f"{node.get('CPU', 0):g} CPU, {node.get('GPU', 0):g} GPU, "
        f"{node.get('memory', 0) / _GIB:.1f} GiB"
    )


def gone() -> DeviceError:
    """Say that there is no cluster any more."""
    return DeviceError(
        "The Ray cluster went away. What was published is kept; the same command goes on from "
        "there once a cluster runs."
    )


def answers(address: tuple[str, int]) -> bool:
    """Whether somebody listens at a host and port."""
    try:
        socket.create_connection(address, timeout=_CONNECT_SECONDS).close()
    except OSError:
        return False
    return True
