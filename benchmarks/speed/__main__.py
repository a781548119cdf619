"""Engine against the usual hand-written PyTorch loop: `python -m benchmarks.speed`.

Both train the same cells on one thread, taking turns; each round gives the ratio of CPU seconds
per seed-step, and the median over the rounds is reported. Writes benchmarks/speed/results.json.
"""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn.functional import softplus

from ganbench import environment, seeding
from ganbench.cells import Cell, plan
from ganbench.grid import make_grid
from ganbench.plugins import load_plugins
from ganbench.training.ensemble import Ensemble

ROUNDS, WARM_UP, CPU = 7, 5, torch.device("cpu")
CASES = [("mlp(width=64, depth=2)", 64), ("mlp(width=128, depth=3)", 256)]
LOSSES = ["ns", "wgan+gp"]
SEEDS = [1, 8, 16]


def hand_written(cell: Cell) -> Callable[[int], None]:
    """The loop that users write: stock modules, autograd and Adam, one seed."""
    data, prior, batch = cell.dataset.value, cell.prior.value, cell.recipe.batch_size
    generator = cell.generator.value.generator(data.spec, prior.dim)
    critic = cell.discriminator.value.discriminator(data.spec)
    settings = {"lr": 1e-3, "betas": (cell.recipe.beta1, cell.recipe.beta2)}
    g_optimizer = torch.optim.Adam(generator.parameters(), **settings)
    c_optimizer = torch.optim.Adam(critic.parameters(), **settings)
    wasserstein = cell.loss.label.startswith("wgan")
    rng = seeding.torch_stream(0, "hand")

    def penalty(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        mix = torch.rand(batch, 1, generator=rng)
        x = (mix * real + (1 - mix) * fake).requires_grad_()
        (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        return 10 * (slope.norm(dim=1) - 1).square().mean()

    def train(steps: int) -> None:
        for _ in range(steps):
            for _ in range(cell.recipe.critic_steps):
                real = data.sample(batch, "train", rng)
                fake = generator(prior.sample((batch,), rng)).detach()
                a, b = critic(real), critic(fake)
                if wasserstein:
                    loss = b.mean() - a.mean() + penalty(real, fake)
                else:
                    loss = softplus(-a).mean() + softplus(b).mean()
                c_optimizer.zero_grad()
                loss.backward()
                c_optimizer.step()
            scores = critic(generator(prior.sample((batch,), rng)))
            loss = -scores.mean() if wasserstein else softplus(-scores).mean()
            g_optimizer.zero_grad()
            loss.backward()
            g_optimizer.step()

    return train


def engine(cell: Cell) -> Callable[[int], None]:
    """Ganbench's engine with a full block, draws included."""
    ensemble = Ensemble(cell, range(cell.recipe.block), CPU)
    state, batches = ensemble.state, iter(ensemble.streams)
    clock = next(clocks(cell.recipe, CPU))
    steps = (ensemble.game.critic_step, ensemble.game.generator_step)
    critic_step, generator_step = choose(steps, state, next(batches)[0], clock[0]).steps

    def train(count: int) -> None:
        for _ in range(count):
            moves = next(batches)
            for batch, moment in zip(moves[:-1], clock[:-1], strict=True):
                state.update(critic_step(state, batch, moment))
            state.update(generator_step(state, moves[-1], clock[-1]))

    return train


def seconds(train: Callable[[int], None], steps: int) -> float:
    """CPU seconds per step."""
    started = time.process_time()
    train(steps)
    return (time.process_time() - started) / steps


def measure(architecture: str, batch: int, loss: str, seeds: int) -> dict[str, object]:
    """Take turns and return the median ratio."""
    grid = make_grid(
        {
            "name": "speed",
            "datasets": ["ring8"],
            "priors": ["normal(dim=16)"],
            "architectures": [architecture],
            "losses": [loss],
            "train": {"batch_size": batch, "block": seeds, "critic_steps": 1},
        },
        origin="speed",
    )
    (cell,) = plan(grid, load_plugins())
    hand, ours = hand_written(cell), engine(cell)
    steps = 64 if batch == 64 else 32  # whole chunks of draws at 64
    seconds(hand, WARM_UP)
    seconds(ours, WARM_UP)
    rounds = [(seconds(hand, steps), seconds(ours, steps)) for _ in range(ROUNDS)]
    return {
        "architecture": architecture,
        "batch": batch,
        "loss": loss,
        "seeds": seeds,
        "ratio": round(statistics.median(seeds * a / b for a, b in rounds), 2),
        "seed_steps_per_cpu_second": round(statistics.median(seeds / b for _, b in rounds)),
    }


def main() -> None:
    """Measure all cases, print and write them."""
    environment.make_deterministic()
    rows = []
    for architecture, batch in CASES:
        for loss in LOSSES:
            for seeds in SEEDS:
                rows.append(measure(architecture, batch, loss, seeds))
                print(rows[-1], flush=True)  # noqa: T201
    facts = environment.describe(CPU, load_plugins())
    kept = {name: facts[name] for name in ("cpu", "torch", "python", "threads_per_worker")}
    out = Path(__file__).with_name("results.json")
    out.write_text(json.dumps({"environment": kept, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
