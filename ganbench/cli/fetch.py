"""The command fetch: bring data from the network into the cache."""

import click

from ganbench.cli.common import plugin_option
from ganbench.escaping import echo


@click.command()
@click.argument("datasets", nargs=-1, required=True)
@click.option("--again", is_flag=True, help="Fetch anew what is there, as where it is damaged.")
@plugin_option
def fetch(datasets: tuple[str, ...], again: bool) -> None:
    """Fetch what DATASETS need from the network, once; runs only read the cache.

    DATASETS are expressions such as mnist or "hf(name='ylecun/mnist')". The cache is the folder
    that the environment variable GANBENCH_DATA names, or ganbench's own among the user's caches.
    """
    from ganbench.cache import fetching
    from ganbench.components import parse_single
    from ganbench.plugins import load_for_use

    registry = load_for_use()
    for text in datasets:
        with fetching(again) as used:
            registry.build("dataset", parse_single(text))
        if used:
            size = sum(path.stat().st_size for path in used)
            echo(f"{text}: {len(used)} files, {size / 1e6:.1f} MB in {used[0].parent}")
        else:
            echo(f"{text} needs nothing from the network.")
