"""Text of plugins, logs and other people's results, made harmless for where it is shown."""

import unicodedata

import click

_KEPT = "\n\t"
_MOST_SAID = 2000
"""Characters of what an error says that are kept."""
_FORMULA = ("=", "+", "-", "@", "\t")


def plain(text: str) -> str:
    r"""Write control characters, such as those that steer a terminal, as they are in code.

    Ends of lines and tabs stay. Marks that turn the direction of writing, invisible letters and
    halves of surrogate pairs are written out too, as `\u202e`.
    """
    if text.isprintable():
        return text
    return "".join(sign if _shows(sign) else repr(sign)[1:-1] for sign in text)


def echo(text: object = "", err: bool = False) -> None:
    """Print a line on stdout or stderr, made plain."""
    click.echo(plain(str(text)), err=err)


def _shows(sign: str) -> bool:
    return sign.isprintable() or sign in _KEPT or unicodedata.category(sign) == "Zs"


def defused(value: object) -> object:
    """Make a cell plain, with an apostrophe where a spreadsheet would take it for a formula."""
    if not isinstance(value, str):
        return value
    return f"'{plain(value)}" if value.startswith(_FORMULA) else plain(value)


def counted(number: int, noun: str) -> str:
    """Write a number of things: 1 event, 2 events."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def ended(sentence: str) -> str:
    """End a sentence with one full stop, whether what it quotes has one or not."""
    return f"{sentence.rstrip('.')}."


def said(error: BaseException) -> str:
    """Name an error and what it says, on one line and of a length that fits a table."""
    try:
        text = str(error)
    except Exception:
        text = ""  # plugins have errors of their own
    text = plain(" ".join(text[:_MOST_SAID].split()))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
