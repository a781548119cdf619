"""How fast the scores are: against loops that recompute, scikit-learn, and the training itself."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from scipy.spatial.distance import cdist
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from benchmarks.calibration.pairs import PAIRS
from ganbench.evaluation import Evaluator, build_metrics
from ganbench.execution.worker import perform
from ganbench.metrics import c2st, mmd2, mmd_test
from ganbench.plugins import load_plugins
from ganbench.store import Store

FACTORS = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0)
ROUNDS = 3
PERMUTATIONS = 500
RECOMPUTED = 5
"""Of the permutations, the loop recomputes only so many, and its time is scaled up."""

Row = dict[str, Any]


def scores() -> list[Row]:
    """Measure all four; each reports the median ratio of wall times over the rounds."""
    return [_all_pairs(), _permutations(), _classifiers(), _whole_cell()]


def _wall(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _row(ratio: str, above: Sequence[float], below: Sequence[float], **facts: float) -> Row:
    """Return the median ratio of paired times, and both times in seconds."""
    value = statistics.median(a / b for a, b in zip(above, below, strict=True))
    seconds = [round(statistics.median(each), 3) for each in (above, below)]
    return {"ratio": ratio, "value": round(value, 1), "seconds": seconds, **facts}


def _all_pairs() -> Row:
    """`mmd2` with five bandwidths, 10,000 rows each, against cdist and exp on whole matrices."""
    x, y = PAIRS["corr0.8"].sample(10_000, 0)

    def naive() -> float:
        total = 0.0
        for width in FACTORS:
            for a, b, sign in ((x, x, 1), (y, y, 1), (x, y, -2)):
                gram = np.exp(-cdist(a, b, "sqeuclidean") / (2 * width**2))
                own = np.trace(gram) if sign == 1 else 0.0
                total += sign * (gram.sum() - own) / (len(a) * (len(a) - (sign == 1)))
        return total / len(FACTORS)

    def ours() -> float:
        return mmd2(x, y, f"multi_rbf(sigma=1.0, factors={FACTORS})").value

    assert abs(naive() - ours()) < 1e-12
    slow, fast = zip(*[(_wall(naive), _wall(ours)) for _ in range(ROUNDS)], strict=True)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        extra = pool.apply(_extra_mib)
    return _row("naive loop / mmd2, n = m = 10,000, five bandwidths", slow, fast, extra_mib=extra)


def _extra_mib() -> int:
    """Return by how much the peak of a process grows with the estimate (Linux only)."""
    torch.set_num_threads(1)
    x, y = PAIRS["corr0.8"].sample(10_000, 0)
    mmd2(x[:100], y[:100])
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = _peak_kib()
    mmd2(x, y)
    return round((_peak_kib() - before) / 1024)


def _peak_kib() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("VmHWM")))


def _permutations() -> Row:
    """500 permutations at N = 4,000 against recomputing the estimate for each."""
    x, y = PAIRS["ring8_miss1"].sample(2000, 0)
    rows = np.vstack([x, y])

    def recompute() -> None:
        rng = np.random.default_rng(0)
        for _ in range(RECOMPUTED):
            order = rng.permutation(4000)
            a, b = rows[order[:2000]], rows[order[2000:]]
            for width in FACTORS:
                for first, second in ((a, a), (b, b), (a, b)):
                    np.exp(-cdist(first, second, "sqeuclidean") / (2 * width**2)).sum()

    def ours() -> None:
        mmd_test(x, y, rng=np.random.default_rng(0), permutations=PERMUTATIONS)

    scale = PERMUTATIONS / RECOMPUTED
    rounds = [(scale * _wall(recompute), _wall(ours)) for _ in range(ROUNDS)]
    slow, fast = zip(*rounds, strict=True)
    return _row("recomputing loop / mmd_test, 500 permutations, N = 4,000", slow, fast)


def _classifiers() -> Row:
    """All learners of `c2st` against the slowest single one of scikit-learn, as it comes."""
    x, y = PAIRS["corr0.8"].sample(2000, 0)
    rows, labels = np.vstack([x, y]), np.repeat([1, 0], 2000)
    order = np.random.default_rng(0).permutation(4000)
    train, test = order[:2000], order[2000:]
    learners = (
        LogisticRegression(),
        KNeighborsClassifier(),
        HistGradientBoostingClassifier(random_state=0),
        MLPClassifier((64, 64), early_stopping=True, random_state=0),
    )

    def single(learner: Any) -> None:
        learner.fit(rows[train], labels[train]).predict_proba(rows[test])

    def ours() -> None:
        c2st(x, y, rng=np.random.default_rng(0))

    rounds = [(max(_wall(lambda m=m: single(m)) for m in learners), _wall(ours)) for _ in range(3)]
    slow, fast = zip(*rounds, strict=True)
    return _row("all learners of c2st / slowest single one of scikit-learn", fast, slow)


def _whole_cell() -> Row:
    """Training of eight seeds for 10,000 steps (64x2 on ring8) over scoring all of them."""
    from ganbench.cells import plan as plan_cells
    from ganbench.execution.tasks import make_plan
    from ganbench.grid import load_grid, make_grid

    registry = load_plugins()
    flags = {"datasets": ["ring8"], "architectures": ["mlp"], "losses": ["ns"], "seeds": 8}
    rules = [{"where": {}, "set": {"generator_steps": 10_000, "batch_size": 64}}]
    grid = make_grid(
        {**load_grid("flags", registry).model_dump(), **flags, "override": rules}, "benchmark"
    )
    metrics = build_metrics(grid.metrics, registry)
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.create()
        cells = plan_cells(grid, registry)
        tasks = make_plan(grid, cells, metrics, torch.device("cpu"), store).tasks
        for task in tasks:
            if task.kind == "train":
                perform(task, store.folder, lambda _: None)
        runs = store.runs()
        trained = sum(run["train_seconds"] for run in runs.values())
        cell = cells[0]
        evaluator = Evaluator(cell.dataset, cell.fingerprint, grid.evaluation)
        chosen = evaluator.applicable(metrics)
        samples = [store.samples(run_id) for run_id in runs]
        evaluator.score(samples[0], chosen)  # the real sample is drawn once
        scored = [sum(_wall(lambda s=s: evaluator.score(s, chosen)) for s in samples)]
    return _row("training of eight seeds / all their default scores", [trained], scored)
