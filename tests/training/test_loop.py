"""The promises of training: exact reproducibility, whatever runs beside a seed."""

import itertools

import pytest
import torch

from ganbench.errors import SpecError
from ganbench.training.ensemble import Ensemble
from ganbench.training.loop import train

CPU = torch.device("cpu")
CELLS = [
    ("ring8", "rp+r1+r2", "mlp(width=8, depth=2)"),
    ("fair", "wgan+gp", "mlp(width=8, depth=1)"),
    ("digits", "hinge+r1", "dcgan(width=2)"),
]


def same_seed(first: Ensemble, second: Ensemble, seed: int) -> bool:
    """Whether everything that two ensembles hold of one seed is equal to the bit."""
    a, b = first.seeds.index(seed), second.seeds.index(seed)
    return all(torch.equal(first.state[name][a], second.state[name][b]) for name in first.state)


@pytest.mark.parametrize(("dataset", "loss", "architecture"), CELLS)
def test_a_seed_is_bit_identical_alone_rerun_and_in_any_company(
    make_cell, trained, dataset, loss, architecture
):
    cell = make_cell(dataset, loss, architecture, generator_steps=10, block=4)
    together = trained(cell, [0, 1, 2, 3])
    assert same_seed(together, trained(cell, [0, 1, 2, 3]), 1), "rerun"
    assert same_seed(together, trained(cell, [1]), 1), "alone"
    assert same_seed(together, trained(cell, [3, 9, 1]), 1), "other neighbours and slot"
    assert not torch.equal(together.state["generator"][0], together.state["generator"][1])


@pytest.mark.parametrize(
    ("architecture", "batch_size"), [("mlp(width=64, depth=2)", 64), ("mlp(width=30)", 33)]
)
def test_slots_do_not_matter_where_memory_is_laid_out_awkwardly(
    make_cell, trained, architecture, batch_size
):
    """Odd sizes put the seeds of a block at addresses that vector units treat differently."""
    cell = make_cell(
        loss="wgan+gp",
        architecture=architecture,
        batch_size=batch_size,
        generator_steps=20,
        block=4,
    )
    first, second = trained(cell, [0, 1, 2, 3]), trained(cell, [3, 2, 0, 1])
    for seed in range(4):
        assert same_seed(first, second, seed)


def test_the_ensemble_equals_separate_training_by_hand(make_cell, trained):
    """One seed of a block against torch's own layers, autograd and Adam."""
    cell = make_cell(loss="ns", generator_steps=20, ema=0.0, schedule="constant", critic_steps=2)
    ensemble = Ensemble(cell, [5, 6], CPU)
    batches = list(itertools.islice(ensemble.streams, 20))
    players = {}
    for role in ("generator", "critic"):
        player = getattr(ensemble.game, role)
        spec = cell.dataset.value.spec
        network = (
            cell.generator.value.generator(spec, 3)
            if role == "generator"
            else cell.discriminator.value.discriminator(spec)
        )
        network.load_state_dict(player.unflatten(ensemble.state[role][1]))
        optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, betas=(0.5, 0.999))
        players[role] = (network, optimizer)
    (generator, g_optimizer), (critic, c_optimizer) = players["generator"], players["critic"]
    softplus = torch.nn.functional.softplus
    for step in batches:
        for batch in step[:-1]:
            fake = generator(batch["noise"][1]).detach()
            loss = softplus(-critic(batch["real"][1])).mean() + softplus(critic(fake)).mean()
            c_optimizer.zero_grad()
            loss.backward()
            c_optimizer.step()
        loss = softplus(-critic(generator(step[-1]["noise"][1]))).mean()
        g_optimizer.zero_grad()
        loss.backward()
        g_optimizer.step()
    ours = trained(cell, [5, 6]).game.generator.unflatten(
        trained(cell, [5, 6]).state["generator"][1]
    )
    for name, parameter in generator.named_parameters():
        torch.testing.assert_close(ours[name], parameter.detach(), rtol=1e-3, atol=1e-4)


def test_a_diverging_seed_leaves_its_neighbours_bit_identical(make_cell):
    def ensemble(poison: bool) -> Ensemble:
        for progress in train(make_cell(generator_steps=10), [0, 1, 2], CPU):
            if poison and progress.step == 0:
                progress.ensemble.state["generator"][1] = torch.nan
        assert progress.diverged == ({1: 1} if poison else {})
        return progress.ensemble

    poisoned, healthy = ensemble(True), ensemble(False)
    assert same_seed(poisoned, healthy, 0)
    assert same_seed(poisoned, healthy, 2)


def test_training_stops_where_every_seed_has_diverged(make_cell):
    cell = make_cell(generator_steps=50, generator_optimizer="sgd", generator_rate=1e30)
    *_, progress = train(cell, [0, 1], CPU)
    assert set(progress.diverged) == {0, 1}
    assert progress.step < 50


def test_history_and_pauses(make_cell):
    steps = [progress.step for progress in train(make_cell(generator_steps=20), [3, 4], CPU)]
    assert steps == list(range(0, 21, 2))
    *_, progress = train(make_cell(generator_steps=400), [3], CPU)
    points = [point for point in progress.history if point[2] == "critic_loss"]
    assert [point[0] for point in points] == list(range(2, 401, 2))
    assert {point[1] for point in points} == {3}


def test_training_and_generating_leave_global_random_state_alone(make_cell, trained):
    before = torch.get_rng_state()
    trained(make_cell(), [0]).generate(5, "test")
    assert torch.equal(before, torch.get_rng_state())


def test_generated_samples_are_data_and_the_same_for_the_same_role(make_cell, trained):
    ensemble = trained(make_cell("digits", architecture="mlp(width=8, depth=1)"), [0, 1])
    samples = ensemble.generate(7, "a")
    assert samples.shape == (2, 7, 1, 8, 8)
    assert torch.equal(samples, ensemble.generate(7, "a"))
    assert not torch.equal(samples, ensemble.generate(7, "b"))
    dataset = ensemble.cell.dataset.value
    assert torch.equal(dataset.project(samples[0]), samples[0])


def test_the_moving_average_is_what_generates(make_cell):
    *_, progress = train(make_cell(ema=0.9, generator_steps=30), [0], CPU)
    state = progress.ensemble.state
    assert not torch.equal(state["average"], state["generator"])
    *_, progress = train(make_cell(ema=0.0, generator_steps=30), [0], CPU)
    state = progress.ensemble.state
    torch.testing.assert_close(state["average"], state["generator"])


def test_clipping_keeps_the_critic_in_its_box(make_cell, trained):
    ensemble = trained(make_cell(loss="wgan+clip(limit=0.05)"), [0])
    assert ensemble.state["critic"].abs().max() <= 0.05


def test_more_seeds_than_the_block_holds_are_refused(make_cell):
    with pytest.raises(SpecError, match="block of 3"):
        Ensemble(make_cell(), [0, 1, 2, 3], CPU)
