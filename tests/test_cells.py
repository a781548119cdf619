"""Cells: axes, rules, precedence, identities and misfits."""

import pytest

from ganbench.cells import plan, restore_cells
from ganbench.errors import PluginError, SpecError


@pytest.fixture
def cells(registry, tiny):
    """Expand a tiny grid with the given fields."""
    return lambda **fields: plan(tiny(**fields), registry)


@pytest.fixture
def cell(cells):
    def one(**fields):
        (cell,) = cells(**fields)
        return cell

    return one


# ------------------------------------------------------------------------------------ fields


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"datasets": []}, "The grid names no datasets. Available: "),
        ({"losses": []}, "The grid names no losses. Available: "),
        ({"datasets": ["rnig8"]}, "No dataset named 'rnig8'. Did you mean 'ring8'?"),
        ({"losses": ["ns+r3"]}, "No regularizer named 'r3'. Available: "),
        ({"priors": ["normal+uniform"]}, "A prior is one component, not 'normal+uniform'."),
        ({"architectures": [{"generator": "mlp"}]}, "has a generator and a discriminator"),
        (
            {"datasets": ["ring8(std=-1)"]},
            "ring8(std=-1): std must be float >= 1e-06",
        ),
        ({"train": {"steps": 5}}, "train: No recipe setting named 'steps'."),
        ({"train": {"critic_rate": float("inf")}}, "train: critic_rate = inf does not fit"),
        ({"exclude": [{"where": {"loss": "wgan"}}]}, "where loss = 'wgan' matches no cell"),
        ({"exclude": [{"where": {"loss": "("}}]}, "Cannot read '('"),
        (
            {"override": [{"where": {"loss": "ns"}, "set": {"ema": 2}}]},
            "override: ema = 2 does not fit",
        ),
    ],
)
def test_a_grid_without_sense_gives_one_sentence(cells, fields, sentence):
    with pytest.raises(SpecError) as caught:
        cells(**fields)
    assert sentence in str(caught.value)


def test_lists_are_axes_and_equal_cells_are_one(cells):
    assert len(cells(losses=["ns+r1(gamma=[0.02, 0.1])", "ns+r1(gamma=0.1)", "ns"])) == 3
    titles = [cell.title for cell in cells(architectures=["mlp(width=[4, 8])"])]
    assert len(titles) == 2, "an architecture for both players is one axis"
    pair = {"generator": "mlp(width=[4, 8])", "discriminator": "mlp(width=[4, 8])"}
    assert len(cells(architectures=[pair])) == 4
    assert cells(architectures=["generator=mlp discriminator=mlp(width=4)"])[0].labels == {
        "dataset": "ring8",
        "prior": "normal(dim=2)",
        "generator": "mlp",
        "discriminator": "mlp(width=4)",
        "loss": "ns",
    }


LOSSES = ["ns", "ns+r1(gamma=0.02)", "ns+r1(gamma=0.1)", "wgan+gp"]


@pytest.mark.parametrize(
    ("where", "remaining"),
    [
        ({"loss": "ns"}, LOSSES[1:]),
        ({"loss": "ns+r1"}, ["ns", "wgan+gp"]),
        ({"loss": "ns+r1(gamma=0.1)"}, ["ns", LOSSES[1], "wgan+gp"]),
        ({"loss": "ns+r1(gamma=[0.1, 0.02])"}, ["ns", "wgan+gp"]),
        ({"loss": "wgan(critic_steps=5)+gp"}, LOSSES[:3]),
        ({"loss": "ns", "dataset": "ring8"}, LOSSES[1:]),
        ({"dataset": "ring8(std=0.02)"}, []),
        ({"architecture": "mlp(width=4)"}, []),
        ({"architecture": "generator=mlp discriminator=mlp(depth=1)"}, []),
        ({"generator": "mlp", "prior": "normal", "loss": "wgan+gp"}, LOSSES[:3]),
        ({}, []),
    ],
)
def test_a_rule_matches_names_and_the_parameters_that_it_gives(cells, where, remaining):
    left = cells(losses=LOSSES, exclude=[{"where": where}])
    assert [cell.labels["loss"] for cell in left] == remaining


def test_settings_rank_default_recommended_train_override_flag(cells):
    def critic_steps(loss, **fields):
        (cell,) = cells(losses=[loss], **fields)
        return cell.recipe.critic_steps

    override = {"where": {"loss": "wgan+gp"}, "set": {"critic_steps": 3}}
    later = {"where": {"dataset": "ring8"}, "set": {"critic_steps": 4}}
    flag = {"where": {}, "set": {"critic_steps": 6}}
    train = {"critic_steps": 2}
    assert critic_steps("ns") == 1
    assert critic_steps("wgan+gp") == 5, "wgan recommends it"
    assert critic_steps("wgan(critic_steps=7)+gp") == 7
    assert critic_steps("wgan+gp", train=train) == 2
    assert critic_steps("wgan+gp", train=train, override=[override]) == 3
    assert critic_steps("wgan+gp", train=train, override=[override, later]) == 4
    assert critic_steps("wgan+gp", train=train, override=[override, flag]) == 6


# -------------------------------------------------------------------------------- run identity


def test_a_run_is_the_same_whatever_runs_beside_it(cells):
    alone = cells()[0]
    among = cells(losses=["hinge", "ns"], datasets=["grid25", "ring8"], seeds=[0, 7])
    (twin,) = [cell for cell in among if cell.labels == alone.labels]
    assert twin.run_id(7, "cpu") == alone.run_id(7, "cpu")
    assert len({cell.run_id(seed, "cpu") for cell in among for seed in (0, 7)}) == 8


@pytest.mark.parametrize(
    "fields",
    [
        {"datasets": ["ring8(std=0.02)"]},
        {"datasets": ["ring8(radius=1)"]},
        {"train": {"generator_steps": 5, "batch_size": 8, "block": 2, "critic_steps": 1}},
        {"metrics": ["modes"]},
        {"evaluation": {"samples": 60}},
        {"name": "other"},
        {"architectures": ["mlp(depth=1, width=4)"]},
    ],
)
def test_a_run_stays_the_same_when(cell, fields):
    assert cell(**fields).run_id(0, "cpu") == cell().run_id(0, "cpu")


@pytest.mark.parametrize(
    "fields",
    [
        {"datasets": ["ring8(std=0.03)"]},
        {"priors": ["normal(dim=3)"]},
        {"architectures": ["generator=mlp(width=4, depth=1) discriminator=mlp(width=4)"]},
        {"losses": ["ls"]},
        {"losses": ["ns+r1"]},
        {"losses": ["ns+r1(gamma=9)"]},
        {"train": {"generator_steps": 6, "batch_size": 8, "block": 2}},
        {"train": {"generator_steps": 5, "batch_size": 8, "block": 3}},
    ],
)
def test_a_run_is_another_when(cell, fields):
    assert cell(**fields).run_id(0, "cpu") != cell().run_id(0, "cpu")


def test_seed_device_and_fingerprint_are_part_of_a_run(cell, monkeypatch):
    one = cell()
    ids = {one.run_id(0, "cpu"), one.run_id(1, "cpu"), one.run_id(0, "cuda H100")}
    assert len(ids) == 3
    monkeypatch.setattr(type(one.dataset.value), "fingerprint", lambda self: "other rows")
    assert cell().run_id(0, "cpu") not in ids


# ----------------------------------------------------------------------------------- misfits


def test_incompatible_cells_carry_the_reason(cells):
    assert cells()[0].misfit is None
    (misfit,) = cells(architectures=["dcgan"])
    assert misfit.misfit == "dcgan fits image data, and ring8 is vector data"


def test_a_plugin_that_fails_while_planning_is_blamed(cells, cell, monkeypatch):
    dataset = type(cell().dataset.value)

    def failing(self):
        raise OSError("no network")

    monkeypatch.setattr(dataset, "fingerprint", failing)
    with pytest.raises(PluginError, match="dataset 'ring8' of plugin 'vectors' failed: OSError"):
        cells()


def test_a_rule_may_be_idle_where_flags_have_replaced_an_axis(registry, tiny):
    grid = tiny(exclude=[{"where": {"loss": "wgan"}}])
    assert len(plan(grid, registry, idle_rules=True)) == 1


# ------------------------------------------------------------------- critics, baselines, pairs


def test_a_loss_without_a_critic_is_one_cell_for_each_generator(cells):
    found = cells(
        architectures=[
            {"generator": ["mlp", "resmlp"], "discriminator": ["mlp", "maxout(width=[8, 16])"]}
        ],
        losses=["gmmn", "ns"],
    )
    pairs = [
        (each.labels["generator"], each.labels["discriminator"])
        for each in found
        if each.loss.label == "gmmn"
    ]
    assert pairs == [("mlp", "none"), ("resmlp", "none")]
    assert len(found) == 2 + 6
    assert found[0].title == "ring8 · mlp · gmmn · normal(dim=2)"


def test_baselines_stand_beside_the_games_and_alone(cells):
    game, *fitted = cells(baselines=["gaussian", "kde(rows=[100, 200])", "ngram"])
    assert not game.is_baseline
    assert all(each.is_baseline for each in fitted)
    assert [each.labels["generator"] for each in fitted] == [
        "gaussian", "kde(rows=100)", "kde(rows=200)", "ngram",
    ]  # fmt: skip
    for each in fitted:
        assert {each.labels[part] for part in ("prior", "discriminator", "loss")} == {"none"}
    assert fitted[0].misfit is None
    assert fitted[0].title == "ring8 · gaussian"
    assert fitted[-1].misfit == "ngram fits sequence data, and ring8 is vector data"
    alone = cells(baselines=["gaussian"], architectures=[], losses=[], priors=[])
    assert [each.run_id(0, "cpu") for each in alone] == [fitted[0].run_id(0, "cpu")]


def test_a_baseline_is_the_same_whatever_the_recipe_of_the_grid(cells):
    runs = {
        cells(baselines=["kde"], train={"batch_size": size})[-1].run_id(0, "cpu")
        for size in (8, 16)
    }
    assert len(runs) == 1


def test_cells_without_a_critic_or_a_game_are_restored_from_their_records(cells, registry):
    found = cells(losses=["gmmn", "ns"], baselines=["kde"])
    records = [{**each.labels, "recipe": each.recipe.model_dump()} for each in found]
    again = restore_cells(records, registry)
    assert [each.run_id(3, "cpu") for each in again] == [each.run_id(3, "cpu") for each in found]


def test_a_rule_may_name_several_components(cells):
    found = cells(
        losses=["ns", "ls", "mm"],
        override=[{"where": {"loss": ["ns", "mm"]}, "set": {"ema": 0.5}}],
        exclude=[{"where": {"loss": ["ls", "hinge"]}}],
    )
    assert [(each.loss.label, each.recipe.ema) for each in found] == [("ns", 0.5), ("mm", 0.5)]


def test_what_cannot_be_played_is_explained_and_what_can_hardly_succeed_is_warned_of(cells):
    found = cells(
        datasets=["student_t"],
        architectures=["mlp", {"generator": "mlp", "discriminator": "trees"}],
        losses=["ns+r1", "ebgan"],
        priors=["normal(dim=1)"],
    )
    reasons = [each.misfit for each in found]
    assert reasons == [
        None,
        "ebgan needs a critic that gives samples an energy, and mlp is none",
        "r1 needs a critic whose weights are trained by gradients, and trees is none",
        "ebgan needs a critic that gives samples an energy, and trees is none",
    ]
    few, light = found[0].warnings
    assert few.startswith("normal(dim=1) fills fewer dimensions than student_t does")
    assert light.startswith("student_t has heavy tails and normal(dim=1) has not")


def test_settings_of_the_grid_count_before_advice_is_judged(cell, cells):
    assert cell(losses=["pacgan(packing=3)"], train={"batch_size": 12}).recipe.packing == 3
    with pytest.raises(SpecError, match="batch_size = 8 must be a multiple of packing = 3"):
        cells(losses=["pacgan(packing=3)"], train={"batch_size": 8})


@pytest.mark.parametrize(
    ("pair", "loss", "reason"),
    [
        (
            "minibatch",
            "ns",
            "needs a critic that judges each sample by itself, and minibatch is none",
        ),
        ("mlp", "ns+top_k", "top_k needs a generator whose samples have a gradient"),
        ("mlp", "mmd", "needs a loss that is a mean over samples, and mmd is none"),
    ],
)
def test_a_generator_that_learns_by_score_functions_is_particular(cell, pair, loss, reason):
    players = {"generator": "rbm(mode='score_function')", "discriminator": pair}
    assert reason in cell(architectures=[players], losses=[loss]).misfit


def test_layers_that_are_frozen_cannot_be_normalised(cell):
    players = [{"generator": "mlp", "discriminator": "elm"}]
    misfit = cell(architectures=players, losses=["hinge+spectral_norm"]).misfit
    assert misfit.endswith("made of linear or convolutional layers, and elm is none")
