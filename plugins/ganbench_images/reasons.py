"""What errors of other libraries say, within a sentence of ganbench's own."""


def reason(error: Exception) -> str:
    """Return the first line of an error without its full stop, its type where it says nothing."""
    return str(error).partition("\n")[0].rstrip(". ") or type(error).__name__
