"""Components that do harm in a task, each in its own way."""

import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import torch

from ganbench.api import hookimpl
from hostile.sound import Law, Spot, note


def fail():
    raise ZeroDivisionError("on purpose")


def fail_wildly():
    raise ValueError("\x1b[31mred\x1b[0m\0\udcff\n" + "long " * 10_000)


class MuteError(Exception):
    def __str__(self):
        raise ZeroDivisionError("no words")


def fail_mutely():
    raise MuteError


def fail_like_a_user():
    raise KeyboardInterrupt


def leave():
    sys.exit(0)


def leave_at_once():
    os._exit(0)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def crash():
    ctypes.string_at(0)


def hang():
    """Wait in C, deaf to all that can be refused."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    libc = ctypes.PyDLL(None)  # which keeps the interpreter's lock
    while True:
        libc.pause()


def devour():
    kept = []
    while True:
        kept.append(torch.ones(4 * 2**20))  # 16 MiB
        time.sleep(0.01)


def ask_for_all():
    torch.empty(2**50)


def fork():
    """Leave children behind: one that ignores SIGTERM, one with a session of its own."""
    for session in (False, True):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if session:
                os.setsid()
            note("child")
            while True:
                time.sleep(600)
    subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])


def fork_and_go_on():
    """Become two, of which both think that they are the worker."""
    os.fork()


def babble():
    for number in (1, 2):
        os.write(number, b"\xff\xfe\0\x1b[2J{garbage}\n")
    sys.stdout.write("garbage in words\n")
    sys.stdout.close()


def meddle():
    """Change whatever others may rely on."""
    note("meddled")
    torch.manual_seed(666)
    np.random.seed(666)
    random.seed(666)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_num_threads(3)
    torch.set_grad_enabled(False)
    torch.set_deterministic_debug_mode("default")
    torch.set_flush_denormal(False)
    torch.set_float32_matmul_precision("medium")
    torch.autograd.set_detect_anomaly(True, check_nan=True)
    np.seterr(all="raise")
    os.environ["GANBENCH_DATA"] = "/nowhere"
    os.chdir("/")
    sys.setrecursionlimit(200)
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


KINDS = {
    "fail": fail, "fail_wildly": fail_wildly, "fail_mutely": fail_mutely,
    "fail_like_a_user": fail_like_a_user, "leave": leave, "leave_at_once": leave_at_once,
    "die": die, "crash": crash, "hang": hang, "devour": devour, "ask_for_all": ask_for_all,
    "fork": fork, "fork_and_go_on": fork_and_go_on, "babble": babble, "meddle": meddle,
}  # fmt: skip


class Harm(Spot):
    """Does harm when many rows are asked for at a time, as in training."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def sample(self, n, split, rng):
        if n == 200:
            KINDS[self.kind]()
        return super().sample(n, split, rng)


GIFTS = {
    "words": "words",
    "shape": torch.zeros(7),
    "float64": torch.zeros(50, 2, dtype=torch.float64),
    "int": torch.zeros(50, 2, dtype=torch.int64),
    "none": None,
    "nan": torch.full((50, 2), torch.nan),
}


class Poisoned(Law):
    """Gives something that is no sample."""

    def __init__(self, gift: str) -> None:
        super().__init__()
        self.gift = gift

    def fit(self, dataset, rng):
        return lambda n, rng: GIFTS[self.gift]


class Rotten(Spot):
    """Data that are not finite."""

    def sample(self, n, split, rng):
        return super().sample(n, split, rng) * torch.nan


@hookimpl
def ganbench_datasets():
    return {"harm": Harm, "rotten": Rotten}


@hookimpl
def ganbench_baselines():
    return {"poisoned": Poisoned}
