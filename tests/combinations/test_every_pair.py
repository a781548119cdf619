"""Every generator against every discriminator of its data kind."""

import pytest
from trying import LAWS

from ganbench.plugins import load_plugins

PLAYERS = load_plugins().names("architecture")


@pytest.mark.parametrize("kind", LAWS)
@pytest.mark.parametrize("generator", PLAYERS)
def test_every_generator_meets_every_discriminator(fitting, check, kind, generator):
    pairs = [{"generator": generator, "discriminator": PLAYERS}]
    cells = list(fitting(datasets=[LAWS[kind]], architectures=pairs))
    if not cells:
        pytest.skip("it offers no generator of this kind")
    check(cells)
