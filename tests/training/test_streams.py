"""Batches, noise and declared draws."""

import itertools

import torch

from ganbench.training.ensemble import Ensemble

CPU = torch.device("cpu")


def batches(cell, seeds, count):
    return list(itertools.islice(Ensemble(cell, seeds, CPU).streams, count))


def test_a_seed_sees_the_same_numbers_whatever_its_neighbours(make_cell):
    cell = make_cell(loss="ns+gp", critic_steps=2)
    first = batches(cell, [0, 1, 2], 100)
    second = batches(cell, [7, 1], 100)
    for ours, theirs in zip(first, second, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert all(torch.equal(a[name][1], b[name][1]) for name in a)


def test_moves_roles_and_shapes(make_cell):
    step, *_ = batches(make_cell(loss="ns+gp", critic_steps=2), [0], 1)
    assert len(step) == 3
    shapes = {name: tuple(value.shape) for name, value in step[0].items()}
    assert shapes == {
        "real": (3, 8, 2),
        "noise": (3, 8, 3),
        "regularizer0.mix": (3, 8, 1),
    }
    values = torch.stack([batch["noise"] for batch in step])
    assert len(values.unique()) == values.numel(), "every draw is fresh"


def test_a_position_can_be_gone_back_to(make_cell):
    cell = make_cell(loss="ns+gp", critic_steps=2)
    for done in (0, 5, 64, 70):
        streams = Ensemble(cell, [0, 1], CPU).streams
        straight = list(itertools.islice(streams, 80))
        streams = Ensemble(cell, [0, 1], CPU).streams
        list(itertools.islice(streams, done))
        states, used = streams.position()
        other = Ensemble(cell, [0, 1], CPU).streams
        other.seek(states, used)
        for ours, theirs in zip(straight[done:], other, strict=False):
            for a, b in zip(ours, theirs, strict=True):
                assert all(torch.equal(a[name], b[name]) for name in a)
