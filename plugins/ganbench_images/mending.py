"""What helps against damaged files in the cache."""

import contextlib
import shlex
from collections.abc import Iterator

from ganbench.api import SpecError


@contextlib.contextmanager
def mended_by_fetching(dataset: str) -> Iterator[None]:
    """Add the command that fetches a dataset again to what is wrong with its files in the cache.

    Args:
        dataset: the expression to fetch.

    Raises:
        SpecError: with the command, if there was one without.
    """
    try:
        yield
    except SpecError as error:
        command = f"ganbench fetch --again {shlex.quote(dataset)}"
        raise SpecError(f"{error} Make it anew with `{command}`.") from None
