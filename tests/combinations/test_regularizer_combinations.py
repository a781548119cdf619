"""Every regularizer with every loss, player and kind of data that it fits."""

import pytest
from trying import LAWS, WRITERS

from ganbench.plugins import load_plugins

REGISTRY = load_plugins()
LOSSES = REGISTRY.names("loss")


NAMES = {name: name for name in REGISTRY.names("regularizer")} | {"clip": "clip(limit=0.1)"}
"""Expressions by name; weights within 0.01 leave gradients too small for single precision."""


@pytest.mark.parametrize("part", NAMES.values(), ids=NAMES)
class TestEveryRegularizer:
    def test_may_be_added_to_every_loss(self, fitting, check, part):
        kind = "image" if part == "diffaug" else "vector"
        losses = [f"{loss}+{part}" for loss in LOSSES]
        check(fitting(losses=losses, datasets=[LAWS[kind]]))

    def test_acts_on_every_discriminator(self, fitting, check, part):
        kind = "image" if part == "diffaug" else "vector"
        pairs = [{"generator": WRITERS[kind], "discriminator": REGISTRY.names("architecture")}]
        check(fitting(losses=[f"ns+{part}"], datasets=[LAWS[kind]], architectures=pairs))

    @pytest.mark.parametrize("kind", ["table", "image", "sequence"])
    def test_fits_every_kind_of_data(self, fitting, check, part, kind):
        if part == "diffaug" and kind != "image":
            pytest.skip("it changes images")
        check(fitting(losses=[f"ns+{part}"], datasets=[LAWS[kind]], architectures=[WRITERS[kind]]))
