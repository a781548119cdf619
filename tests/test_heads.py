"""The last layers of generators, span by span."""

import pytest
import torch

from ganbench.api import Column, DataSpec, OutputHead, Relaxation, Span, one_hot_of

TABLE = DataSpec(
    "table",
    (10,),
    (
        Column("plain", "numeric"),
        Column("modes", "numeric", (), (Span(1, "bounded"), Span(3, "choice"))),
        Column("colour", "categorical", ("red", "green")),
        Column("side", "categorical", ("left", "right")),
        Column("last", "numeric"),
    ),
)
LOGITS = torch.randn(50, 10, generator=torch.Generator().manual_seed(0)) * 3


def test_spans_of_each_kind_of_data():
    assert [(span.width, span.kind) for span in TABLE.spans] == [
        (1, "value"), (1, "bounded"), (3, "choice"), (2, "choice"), (2, "choice"), (1, "value"),
    ]  # fmt: skip
    assert DataSpec("vector", (4,)).spans == (Span(4, "value"),)
    assert DataSpec("image", (1, 2, 2), low=0.0, high=1.0).spans == (Span(4, "bounded"),)
    assert DataSpec("sequence", (3, 5)).spans == (Span(5, "choice"),) * 3
    assert TABLE.columns[1].width == 4


def test_heads_keep_to_what_each_span_can_be():
    x = OutputHead(TABLE)(LOGITS)
    assert torch.equal(x[:, 0], LOGITS[:, 0])
    assert torch.equal(x[:, 1], LOGITS[:, 1].tanh())
    for span in (slice(2, 5), slice(5, 7), slice(7, 9)):
        torch.testing.assert_close(x[:, span], one_hot_of(LOGITS[:, span]))
    assert torch.equal(x[:, 9], LOGITS[:, 9])


def test_bounded_data_reach_from_low_to_high():
    x = OutputHead(DataSpec("image", (1, 2, 1), low=2.0, high=6.0))(torch.tensor([[-99.0, 99.0]]))
    assert x.shape == (1, 1, 2, 1)
    assert x.flatten().tolist() == [2.0, 6.0]


def test_a_straight_head_passes_the_gradient_of_the_softmax():
    weights = torch.arange(10.0)

    def slope(kind):
        logits = LOGITS.clone().requires_grad_()
        head = OutputHead(TABLE, Relaxation(kind))
        (head(logits) * weights).sum().backward()
        return logits.grad

    torch.testing.assert_close(slope("straight_through"), slope("softmax"))


@pytest.mark.parametrize("kind", ["gumbel", "st_gumbel"])
def test_every_choice_has_random_numbers_of_its_own(kind):
    """Equal logits on two columns, and on two rows, are drawn apart."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x = OutputHead(TABLE, Relaxation(kind))(torch.zeros(2000, 10))
    hard = one_hot_of(x[:, 5:9].unflatten(1, (2, 2)))[..., 0]
    assert 0.45 < hard.mean() < 0.55
    agree = (hard[:, 0] == hard[:, 1]).float().mean()
    assert 0.45 < agree < 0.55
    first = one_hot_of(x[:, 2:5]).mean(dim=0)
    assert ((first - 1 / 3).abs() < 0.05).all()


def test_sequences_choose_at_every_position():
    x = OutputHead(DataSpec("sequence", (3, 5)))(torch.randn(7, 15))
    assert x.shape == (7, 3, 5)
    torch.testing.assert_close(x.sum(dim=2), torch.ones(7, 3))


def test_temperatures_sharpen_and_end_where_they_should():
    warm = Relaxation("softmax", 2.0, 0.5)
    torch.testing.assert_close(warm(LOGITS), (LOGITS / 0.5).softmax(dim=-1))
    warm.progress.value = torch.tensor(0.0)
    torch.testing.assert_close(warm(LOGITS), (LOGITS / 2.0).softmax(dim=-1))
    warm.progress.value = torch.tensor(0.5)
    torch.testing.assert_close(warm(LOGITS), LOGITS.softmax(dim=-1))
