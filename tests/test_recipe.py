"""Recipes: settings are merged by rank, and a bad one names itself and its origin."""

import pytest

from ganbench.errors import SpecError
from ganbench.recipe import Recipe, resolve


def test_later_layers_win():
    merged = resolve(("a", {"critic_steps": 2, "ema": 0.5}), ("b", {"critic_steps": 3}))
    assert merged == Recipe(critic_steps=3, ema=0.5)
    assert resolve() == Recipe()


def test_whole_numbers_are_rates_too():
    assert resolve(("a", {"critic_rate": 1})) == resolve(("a", {"critic_rate": 1.0}))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"critic_stesp": 2}, "No recipe setting named 'critic_stesp'. Did you mean 'critic_ste"),
        ({"generator_steps": 0}, "generator_steps = 0 does not fit; generator_steps (generator"),
        ({"generator_steps": 2.5}, "generator_steps = 2.5 does not fit"),
        ({"generator_steps": True}, "generator_steps = True does not fit"),
        ({"generator_steps": "9"}, "generator_steps = '9' does not fit"),
        ({"batch_size": 1}, "batch_size = 1 does not fit"),
        ({"generator_rate": -1.0}, "greater than 0"),
        ({"critic_rate": float("inf")}, "critic_rate = inf does not fit"),
        ({"critic_rate": float("nan")}, "critic_rate = nan does not fit"),
        ({"ema": 1.0}, "less than 1"),
        ({"critic_optimizer": "adma"}, "'adam', 'rmsprop' or 'sgd'"),
        ({"schedule": "step"}, "'constant', 'linear' or 'cosine'"),
    ],
)
def test_bad_settings_name_their_origin_and_what_fits(settings, sentence):
    with pytest.raises(SpecError) as caught:
        resolve(("somewhere", {"critic_steps": 1}), ("the origin", settings))
    assert str(caught.value).startswith("the origin: ")
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_changed_copy_is_written_anew():
    before = Recipe(ema=0.5)
    assert before.text != before.model_copy(update={"ema": 0.25}).text
    assert before.model_copy(update={"ema": 0.25}).settings["ema"] == 0.25
    assert before.settings == before.model_dump() == Recipe(ema=0.5).model_dump()
    assert before == Recipe(ema=0.5)
