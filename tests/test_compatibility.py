"""What fits together: one sentence for each combination that does not."""

import pytest

from ganbench.api import (
    TRAITS,
    Architecture,
    Baseline,
    Dataset,
    DataSpec,
    Loss,
    Output,
    Prior,
    Regularizer,
)
from ganbench.compatibility import baseline_misfit, misfit, warnings_of
from ganbench.plugins import NOTHING, Built, Entry


def built(name, value):
    return Built(name, Entry("component", name, lambda: value, "tests", "tests"), {}, value)


class Law(Dataset):
    spec = DataSpec("vector", (3,))
    intrinsic_dim = 2
    tails = "heavy"


class Net(Architecture):
    kinds = frozenset({"vector"})

    def generator(self, spec, noise_dim):
        raise AssertionError("never built to see whether it fits")

    discriminator = generator


class Forest(Architecture):
    kinds = frozenset({"vector"})
    gives = frozenset({"score"})

    def discriminator(self, spec, output):
        raise AssertionError("never built to see whether it fits")


def loss(**attributes):
    value = Loss()
    for name, attribute in attributes.items():
        setattr(value, name, attribute)
    return value


LAW, NET, FOREST = built("law", Law()), built("net", Net()), built("forest", Forest())
PLAIN = built("plain", loss(traits=frozenset({"samplewise"})))


def part(name, *needs):
    return built(name, Regularizer(needs=frozenset(needs)))


def test_what_fits_is_not_refused():
    assert misfit(LAW, NET, NET, PLAIN, [part("slope", "weights", "scalar", "vector")]) is None
    assert misfit(LAW, NET, FOREST, PLAIN, []) is None
    assert misfit(LAW, NET, NOTHING, built("mean", loss(output=None)), [part("ema")]) is None


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ((LAW, FOREST, NET, PLAIN, []), "forest offers no generator"),
        (
            (LAW, NET, FOREST, PLAIN, [part("gp", "weights")]),
            "gp needs a critic whose weights are trained by gradients, and forest is none",
        ),
        (
            (LAW, NET, NET, built("margin", loss(output=Output("energy"))), []),
            "margin needs a critic that gives samples an energy, and net is none",
        ),
        (
            (
                LAW,
                NET,
                NET,
                built("kernel", loss(output=Output("embedding", 4))),
                [part("gp", "scalar")],
            ),
            "gp needs a critic that gives each sample one number, and kernel asks for a critic "
            "that maps samples to vectors",
        ),
        (
            (LAW, NET, NOTHING, built("mean", loss(output=None)), [part("gp", "weights")]),
            "gp needs a critic whose weights are trained by gradients, and mean has no critic",
        ),
        (
            (LAW, NET, NET, PLAIN, [part("smooth", "logistic")]),
            "smooth needs a loss that classifies by the logistic function, and plain is none",
        ),
        (
            (LAW, NET, NET, PLAIN, [part("flip", "image")]),
            "flip needs images, and law is vector data",
        ),
        (
            (LAW, NET, FOREST, built("match", loss(needs=frozenset({"features"}))), []),
            "match needs a critic with hidden features, and forest is none",
        ),
        (
            (
                LAW,
                NET,
                FOREST,
                built("whole", loss(regularizers=(part("r", "weights").value,))),
                [],
            ),
            "whole needs a critic whose weights are trained by gradients, and forest is none",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(cell, reason):
    assert misfit(*cell) == reason


def test_a_generator_may_need_a_kind_of_loss():
    class Sampler(Net):
        generator_needs = frozenset({"samplewise"})

    sampler = built("sampler", Sampler())
    assert misfit(LAW, sampler, NET, PLAIN, []) is None
    assert misfit(LAW, sampler, NET, built("pair", loss()), []) == (
        "sampler needs a loss that is a mean over samples, and pair is none"
    )


def test_a_baseline_fits_kinds_and_may_refuse_a_dataset():
    class Picky(Baseline):
        kinds = frozenset({"vector", "table"})

        def misfit(self, dataset):
            return "it is moody"

    class Text(Law):
        spec = DataSpec("sequence", (4, 2))

    assert baseline_misfit(LAW, built("picky", Picky())) == "picky does not fit law: it is moody"
    assert baseline_misfit(built("text", Text()), built("picky", Picky())) == (
        "picky fits table and vector data, and text is sequence data"
    )


def test_noise_that_cannot_cover_the_data_is_warned_of():
    class Thin(Prior):
        dim = 1

    class Wide(Prior):
        dim = 2
        tails = "heavy"

    assert warnings_of(LAW, built("wide", Wide())) == ()
    few, light = warnings_of(LAW, built("thin", Thin()))
    assert "thin fills fewer dimensions than law does (1 < 2)" in few
    assert "law has heavy tails and thin has not" in light


def test_every_trait_is_said_in_words():
    assert all(TRAITS.values())
    assert set(Architecture.gives) <= set(TRAITS)


def test_what_acts_through_samples_needs_a_generator_with_a_gradient():
    class Sampler(Net):
        generator_gives = frozenset()

    sampler = built("sampler", Sampler())
    match = built("match", Regularizer(generator_penalty=lambda *_: None))
    best = built("best", Regularizer(gate=lambda *_: None))
    for part in (match, best):
        assert misfit(LAW, NET, NET, PLAIN, [part]) is None
        assert misfit(LAW, sampler, NET, PLAIN, [part]) == (
            f"{part.label} needs a generator whose samples have a gradient, and sampler is none"
        )


def test_noise_that_fills_less_than_its_coordinates_is_measured_by_what_it_fills():
    class Circle(Prior):
        dim = 2
        intrinsic_dim = 1
        tails = "heavy"

    (few,) = warnings_of(LAW, built("circle", Circle()))
    assert "circle fills fewer dimensions than law does (1 < 2)" in few
