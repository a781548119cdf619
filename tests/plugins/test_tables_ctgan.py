"""CTGAN's players."""

import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional

from ganbench.api import BatchNorm, Dropout, Output
from ganbench_tabular import Ctgan, Fair, Wine
from ganbench_tabular.tables import TableDataset


@pytest.fixture(scope="module")
def data():
    return Fair(encoder="modes")


def players(data, **settings):
    family = Ctgan(**settings)
    return family.generator(data.spec, 4, data.conditions), family.discriminator(data.spec)


def told_noise(data, n):
    rng = torch.Generator().manual_seed(0)
    told = data.conditions.draw(n, rng, balanced=True)
    return torch.cat([torch.randn(n, 4, generator=rng), told], dim=1), told


def test_layers_have_the_published_sizes(data):
    generator, critic = players(data)
    sizes = [
        (m.in_features, m.out_features)
        for m in generator.modules()
        if hasattr(m, "bias") and isinstance(m, nn.Linear)
    ]
    inputs, size = 4 + data.conditions.width, data.spec.size
    assert sizes == [(inputs, 256), (inputs + 256, 256), (inputs + 512, size)]
    assert sum(isinstance(m, BatchNorm) for m in generator.modules()) == 2
    assert [m.p for m in critic.modules() if isinstance(m, Dropout)] == [0.5, 0.5]
    assert [m.negative_slope for m in critic.modules() if isinstance(m, nn.LeakyReLU)] == [0.2] * 2
    assert critic(data.rows("train")[:6]).shape == (6,)
    embedding = Ctgan(depth=1).discriminator(data.spec, Output("embedding", 3))
    assert embedding(data.rows("train")[:6]).shape == (6, 3)


def test_heads_follow_the_spans(data):
    generator, _ = players(data)
    noise, _ = told_noise(data, 50)
    x = generator(noise)
    assert x.shape == (50, data.spec.size)
    start = 0
    for span in data.spec.spans:
        part = x[:, start : start + span.width]
        start += span.width
        if span.kind == "choice":
            torch.testing.assert_close(part.sum(dim=1), torch.ones(50))
        else:
            assert part.abs().max() <= 1


def test_the_cost_is_the_cross_entropy_of_the_told_column(data):
    generator, _ = players(data, width=8, depth=1)
    noise, told = told_noise(data, 40)
    samples, cost = generator.with_cost(noise)
    assert samples.shape == (40, data.spec.size)
    logits = generator.body(noise)
    expected, start, at = torch.zeros(40), 0, 0
    for column in data.spec.columns:
        if column.kind == "categorical":
            k = column.width
            here = told[:, at : at + k]
            entropy = functional.cross_entropy(
                logits[:, start : start + k], here.argmax(dim=1), reduction="none"
            )
            expected += entropy * here.sum(dim=1)
            at += k
        start += column.width
    torch.testing.assert_close(cost, expected.mean())


def test_generators_learn_to_meet_conditions():
    data = Wine()
    generator, _ = players(data, width=16, depth=1)
    optimiser = torch.optim.Adam(generator.parameters(), 0.02)
    noise, told = told_noise(data, 200)
    for _ in range(100):
        optimiser.zero_grad()
        generator.with_cost(noise)[1].backward()
        optimiser.step()
    assert (generator(noise)[:, -3:].argmax(dim=1) == told.argmax(dim=1)).float().mean() > 0.99


def test_tables_without_categories_get_plain_networks():
    data = TableDataset(pd.DataFrame({"a": range(9), "b": range(9)}))
    assert data.conditions is None
    generator, _ = players(data, width=8)
    assert generator(torch.randn(6, 4)).shape == (6, 2)
    assert not hasattr(generator, "with_cost")
