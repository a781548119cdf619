"""Every loss with every player that fits it."""

import pytest
from trying import LAWS, WRITERS

from ganbench.plugins import load_plugins

REGISTRY = load_plugins()
PLAYERS = REGISTRY.names("architecture")


@pytest.mark.parametrize("loss", REGISTRY.names("loss"))
class TestEveryLoss:
    def test_meets_every_discriminator(self, fitting, check, loss):
        pairs = [{"generator": WRITERS["vector"], "discriminator": PLAYERS}]
        check(fitting(losses=[loss], architectures=pairs))

    def test_trains_every_generator(self, fitting, check, loss):
        critic = "autoencoder" if loss in ("ebgan", "began") else "mlp(width=8)"
        check(
            fitting(losses=[loss], architectures=[{"generator": PLAYERS, "discriminator": critic}])
        )

    @pytest.mark.parametrize("kind", ["table", "image", "sequence"])
    def test_fits_every_kind_of_data(self, fitting, check, loss, kind):
        critic = "autoencoder" if loss in ("ebgan", "began") else WRITERS[kind]
        if kind == "sequence" and critic == "autoencoder":
            pytest.skip("no player gives sequences an energy")
        pairs = [{"generator": WRITERS[kind], "discriminator": critic}]
        check(fitting(losses=[loss], datasets=[LAWS[kind]], architectures=pairs))
