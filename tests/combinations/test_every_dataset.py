"""Every dataset with every player that fits it, under three losses that take turns.

Each pair of a dataset and a player is trained under one loss, so chosen that every dataset meets
every loss, and every player meets every loss on each kind of data.
"""

from itertools import groupby

import pytest
from trying import WRITERS

from ganbench.api import NotCachedError
from ganbench.components import Component, parse_single
from ganbench.plugins import load_plugins

REGISTRY = load_plugins()
LOSSES = ["ns", "wgan+gp", "rp+r1"]
SLOW = ("trees", "neighbours")
"""Fitted by other libraries seed by seed; tests/combinations/test_every_pair.py has them."""


SHORTER = {"pydoc": "pydoc(length=8, max_symbols=16)"}
"""What stands for a dataset that is long to train on."""


WIDE = ("funnel", "swiss_roll")
"""Data that saturate the units of a new Boltzmann machine, so that it has no gradient at first."""


def here(name):
    """Whether a dataset needs neither a file of the user's nor the network."""
    if any(parameter.required for parameter in REGISTRY.find("dataset", name).parameters):
        return False
    try:
        REGISTRY.build("dataset", Component(name))
    except NotCachedError:
        return False
    return True


def of_own(folder):
    """Write a table, a text and pictures, and name the datasets that read them."""
    from PIL import Image

    rows = "".join(f"{i % 7},{i * 0.37 % 1:.3f},{'ab'[i % 2]}\n" for i in range(60))
    (folder / "rows.csv").write_text(f"whole,real,word\n{rows}3,,b\n")
    (folder / "lines.txt").write_text("A line of text, and then another one.\n" * 40)
    (folder / "pictures").mkdir()
    for i in range(40):
        Image.new("RGB", (8, 8), (i * 6, 255 - i, 40)).save(folder / "pictures" / f"{i}.png")
    return [
        f"table(path='{folder}/rows.csv')",
        f"text(path='{folder}/lines.txt', length=8)",
        f"image_folder(path='{folder}/pictures')",
    ]


def pairs_for(dataset, kind):
    """Name every player once, beside itself where it plays both parts."""
    for name in REGISTRY.names("architecture"):
        players = REGISTRY.build("architecture", Component(name)).value
        if name in SLOW or kind not in players.kinds:
            continue
        if name == "rbm" and dataset in WIDE:
            continue
        yield {
            role: name if hasattr(players, role) else WRITERS[kind]
            for role in ("generator", "discriminator")
        }


def taking_turns(cells, first):
    """Yield one cell of each pair of players, under the next of the losses that fit it."""
    pairs = groupby(cells, lambda cell: (cell.generator.label, cell.discriminator.label))
    for turn, (_, losses) in enumerate(pairs, first):
        fit = list(losses)
        yield fit[turn % len(fit)]


def trained(fitting, check, dataset, first):
    kind = REGISTRY.build("dataset", parse_single(dataset)).value.spec.kind
    pairs = list(pairs_for(dataset, kind))
    cells = fitting(datasets=[dataset], architectures=pairs, losses=LOSSES)
    check(taking_turns(cells, first))


@pytest.mark.parametrize(("first", "dataset"), list(enumerate(REGISTRY.names("dataset"))))
def test_every_dataset_trains_every_player(fitting, check, dataset, first):
    if not here(dataset):
        pytest.skip("it needs a file or the network")
    trained(fitting, check, SHORTER.get(dataset, dataset), first)


@pytest.mark.parametrize("which", range(3))
def test_data_of_the_users_train_every_player(fitting, check, tmp_path, which):
    trained(fitting, check, of_own(tmp_path)[which], first=-which)
