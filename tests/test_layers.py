"""Layers for plugin authors: equal to torch's, and alike seed by seed, vectorised and traced."""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call, functionalize, grad, grad_and_value, vmap
from torch.fx.experimental.proxy_tensor import make_fx

from ganbench.api import GRU, LSTM, BatchNorm, Dropout, GRUCell, LSTMCell, SpectralNorm

B, L = 4, 5
SEEDS = 3


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.fixture(autouse=True)
def _double():
    """Build every layer in double precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def close(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-12)


# ------------------------------------------------------------------------------- equal to torch


def torch_weights(cell, suffix=""):
    """What torch calls the parameters of a cell of ours."""
    hidden_bias = torch.zeros_like(cell.bias)
    if isinstance(cell, GRUCell):
        hidden_bias[-cell.hidden :] = cell.bias_hn
    return {
        f"weight_ih{suffix}": cell.weight_ih,
        f"weight_hh{suffix}": cell.weight_hh,
        f"bias_ih{suffix}": cell.bias,
        f"bias_hh{suffix}": hidden_bias,
    }


@pytest.mark.parametrize(("ours", "theirs"), [(LSTMCell, nn.LSTMCell), (GRUCell, nn.GRUCell)])
def test_cells_equal_torchs(ours, theirs):
    cell, peer = ours(3, 6), theirs(3, 6)
    peer.load_state_dict(torch_weights(cell))
    x = randn(B, 3)
    close(cell(x), peer(x))
    state = (randn(B, 6), randn(B, 6)) if ours is LSTMCell else randn(B, 6)
    close(cell(x, state), peer(x, state))


@pytest.mark.parametrize(("ours", "theirs"), [(LSTM, nn.LSTM), (GRU, nn.GRU)])
@pytest.mark.parametrize("layers", [1, 2])
def test_recurrent_layers_equal_torchs(ours, theirs, layers):
    ours, peer = ours(3, 6, layers), theirs(3, 6, layers, batch_first=True)
    weights = {}
    for position, layer in enumerate(ours):
        weights |= torch_weights(layer.cell, f"_l{position}")
    peer.load_state_dict(weights)
    x = randn(B, L, 3)
    close(ours(x), peer(x)[0])


@pytest.mark.parametrize("cell", [LSTMCell, GRUCell])
def test_cells_start_from_torchs_law(cell):
    values = nn.utils.parameters_to_vector(cell(30, 25).parameters()).detach()
    assert values.abs().max() == pytest.approx(1 / 5, rel=0.01)
    assert values.std().item() == pytest.approx(1 / 5 / 3**0.5, rel=0.03)


@pytest.mark.parametrize(
    ("shape", "peer"),
    [((B, 3), nn.BatchNorm1d), ((B, 3, L), nn.BatchNorm1d), ((B, 3, 2, 2), nn.BatchNorm2d)],
)
@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_equals_torchs_without_running_statistics(shape, peer, affine):
    ours, peer = (
        BatchNorm(3, eps=1e-3, affine=affine),
        peer(3, 1e-3, affine=affine, track_running_stats=False),
    )
    for parameter in ours.parameters():
        nn.init.normal_(parameter)
    peer.load_state_dict(ours.state_dict())
    x = 2 + 3 * randn(*shape)
    close(ours(x), peer(x))
    assert dict(ours.named_buffers()) == {}


WEIGHTED = {
    "linear": (lambda: nn.Linear(3, 6), lambda: randn(B, 3)),
    "embedding": (lambda: nn.Embedding(7, 3), lambda: torch.randint(7, (B, L))),
    "conv": (lambda: nn.Conv2d(3, 6, 3), lambda: randn(B, 3, 4, 4)),
    "transposed": (lambda: nn.ConvTranspose2d(3, 6, 3), lambda: randn(B, 3, 4, 4)),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_spectral_norm_equals_torchs_given_its_vectors(name):
    make, draw = WEIGHTED[name]
    ours = SpectralNorm(make())
    peer = nn.utils.parametrizations.spectral_norm(copy.deepcopy(ours.layer)).eval()
    estimate = peer.parametrizations.weight[0]
    estimate._u.copy_(ours.u)
    estimate._v.copy_(nn.functional.normalize(ours.u @ ours._matrix(), dim=0).detach())
    x = draw()
    close(ours(x), peer(x))
    ours(x).square().sum().backward()
    peer(x).square().sum().backward()
    close(ours.layer.weight.grad, peer.parametrizations.weight.original.grad)


@pytest.mark.parametrize("iterations", [1, 3])
@pytest.mark.parametrize("name", WEIGHTED)
def test_spectral_norm_reaches_one(name, iterations):
    norm = SpectralNorm(WEIGHTED[name][0](), iterations)
    matrix = norm._matrix().detach()
    largest = torch.linalg.matrix_norm(matrix, ord=2)
    before = norm.u.clone()
    for _ in range(300 // iterations):
        changed = norm.next_buffers()
        assert set(changed) == {"u"}
        assert torch.equal(norm.u, before), "it is pure"
        norm.u = before = changed["u"]
    torch.testing.assert_close(norm.u.norm(), torch.tensor(1.0))
    torch.testing.assert_close((norm.u @ matrix).norm(), largest, rtol=1e-6, atol=0)


def test_spectral_norm_of_a_linear_layer_is_a_map_of_norm_one():
    norm = SpectralNorm(nn.Linear(5, 4, bias=False), iterations=300)
    norm.u = norm.next_buffers()["u"]
    weight = norm(torch.eye(5)).T
    assert torch.linalg.matrix_norm(weight, ord=2).item() == pytest.approx(1, rel=1e-6)


def test_spectral_norm_of_zeros_is_finite():
    layer = nn.Linear(3, 2)
    nn.init.zeros_(layer.weight)
    norm = SpectralNorm(layer)
    norm.u = norm.next_buffers()["u"]
    close(norm(randn(B, 3)), layer.bias.expand(B, 2))


# -------------------------------------------------------------------------------------- dropout


def test_dropout_keeps_a_fraction_and_scales_it():
    layer = Dropout(0.3)
    layer.uniform = torch.rand(200, 100)
    y = layer(torch.ones(200, 100))
    assert (y == 0).double().mean().item() == pytest.approx(0.3, abs=0.01)
    assert y.mean().item() == pytest.approx(1, abs=0.02)
    close(y.unique(), torch.tensor([0, 1 / 0.7]))


def test_dropout_without_numbers_changes_nothing_and_is_no_state():
    layer, x = Dropout(0.9), randn(B, 3)
    assert layer(x) is x
    assert layer.uniform.shape == (0,)
    assert layer.state_dict() == {}


def test_dropout_gives_joined_batches_the_same_mask():
    layer = Dropout()
    layer.uniform = torch.rand(B, 3, 2)
    x = randn(B, 3, 2)
    close(layer(torch.cat([x, x, x])), torch.cat([layer(x)] * 3))


def test_dropout_says_what_does_not_fit():
    layer = Dropout()
    layer.uniform = torch.rand(B, 3)
    with pytest.raises(
        ValueError, match=f"{B + 1} rows cannot share the random numbers of {B} rows"
    ):
        layer(randn(B + 1, 3))
    for p in (-0.1, 1.0):
        with pytest.raises(ValueError, match="below 1"):
            Dropout(p)


# ------------------------------------------------------------------------------------- purity


def dropout():
    layer = Dropout()
    layer.uniform = torch.rand(B, 3)
    return layer


class Twice(nn.Module):
    """Two steps of a cell, the second one from a state."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x):
        return self.cell.output(self.cell(x, self.cell(x)))


LAYERS = {
    "lstm_cell": (lambda: Twice(LSTMCell(3, 6)), lambda: randn(B, 3)),
    "gru_cell": (lambda: Twice(GRUCell(3, 6)), lambda: randn(B, 3)),
    "lstm": (lambda: LSTM(3, 6, layers=2), lambda: randn(B, L, 3)),
    "gru": (lambda: GRU(3, 6, layers=2), lambda: randn(B, L, 3)),
    "batch_norm": (lambda: BatchNorm(3), lambda: randn(B, 3)),
    "batch_norm_of_images": (lambda: BatchNorm(3, affine=False), lambda: randn(B, 3, 4, 4)),
    "group_norm": (lambda: nn.GroupNorm(1, 3), lambda: randn(B, 3, 4, 4)),
    "layer_norm": (lambda: nn.LayerNorm(3), lambda: randn(B, L, 3)),
    "dropout": (dropout, lambda: randn(B, 3)),
    "joined_dropout": (dropout, lambda: randn(2 * B, 3)),
    **WEIGHTED,
    **{
        f"spectral_{name}": (lambda make=make: SpectralNorm(make()), draw)
        for name, (make, draw) in WEIGHTED.items()
    },
}


def learn(skeleton, parameters, buffers, x):
    """Value and gradient of a loss with, for real inputs, a penalty on their gradient."""

    def objective(parameters):
        def loss(x):
            return functional_call(skeleton, {**parameters, **buffers}, (x,)).sin().square().sum()

        penalty = grad(loss)(x).square().sum() if x.is_floating_point() else 0
        return loss(x) + penalty

    return grad_and_value(objective)(parameters)


def stacked(networks, values):
    """Stack what `values` (such as `nn.Module.named_parameters`) finds in every network."""
    each = [dict(values(network)) for network in networks]
    return {name: torch.stack([one[name].detach() for one in each]) for name in each[0]}


@pytest.mark.parametrize("name", LAYERS)
def test_one_by_one_vectorised_and_traced_are_the_same_and_draw_nothing(name):
    make, draw = LAYERS[name]
    networks = [make() for _ in range(SEEDS)]
    skeleton = copy.deepcopy(networks[0]).to("meta")
    parameters = stacked(networks, nn.Module.named_parameters)
    buffers = stacked(networks, nn.Module.named_buffers)
    x, fresh = (torch.stack([draw() for _ in networks]) for _ in range(2))

    def step(parameters, buffers, x):
        return learn(skeleton, parameters, buffers, x)

    before = torch.get_rng_state()
    vectorised = vmap(step, randomness="error")
    traced = make_fx(functionalize(vectorised, remove="mutations"))(parameters, buffers, x)
    gradients, values = vectorised(parameters, buffers, fresh)
    close(traced(parameters, buffers, fresh), (gradients, values))
    for seed in range(SEEDS):
        own, theirs, expected = (
            {key: value[seed] for key, value in group.items()}
            for group in (parameters, buffers, gradients)
        )
        close(step(own, theirs, fresh[seed]), (expected, values[seed]))
    assert torch.equal(before, torch.get_rng_state())
    assert all(gradient.abs().max() > 0 for gradient in gradients.values())


class Next(nn.Module):
    """What a spectral norm's buffer becomes."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self):
        return self.norm.next_buffers()["u"]


@pytest.mark.parametrize("name", WEIGHTED)
def test_the_next_buffers_of_all_seeds_are_those_of_each(name):
    networks = [Next(SpectralNorm(WEIGHTED[name][0](), iterations=2)) for _ in range(SEEDS)]
    skeleton = copy.deepcopy(networks[0]).to("meta")
    values = stacked(networks, nn.Module.named_parameters)
    values |= stacked(networks, nn.Module.named_buffers)
    advance = vmap(lambda values: functional_call(skeleton, values, ()), randomness="error")
    expected = torch.stack([network() for network in networks])
    close(make_fx(functionalize(advance))(values)(values), expected)
