"""Texts to cut windows from: the documentation that ships with Python, and any file."""

import hashlib
import platform

from ganbench.api import NonNegativeInt, PositiveInt, SpecError, read_limited, user_path
from ganbench_sequences.windows import Length, Symbols, TextWindows, Unit

_MOST_BYTES = 2**29


class Pydoc(TextWindows):
    """Windows of the documentation topics that ship with Python: technical English.

    The topics of `help()` in the order of their names, without paragraphs that an earlier topic
    has, each cut into windows one after the other; blocks of up to 8 windows are shuffled, and
    half of all windows is for training. About one test window in twenty still occurs word for
    word in the training half. The topics change with every version of Python, and scores of
    different versions do not compare: version and SHA-256 of the text are in the fingerprint.

    Args:
        length: characters in a window, 2 to 1024.
        stride: characters from the start of a training window to the start of the next one in
            its block, above 0; None for `length`, without overlap. Test windows never overlap.
        max_symbols: size of the vocabulary, 2 to 1024: the most frequent characters are kept and
            all others become U+FFFD; None for all characters of the training half.
        split_seed: shuffles the blocks, 0 or more.

    Source: The Python Language Reference, docs.python.org; windows as in Gulrajani et al. 2017,
        arXiv:1704.00028

    Kind: sequence
    Size: about 11,600 windows of 32 characters, of about 100 different ones (Python 3.11)
    Licence: PSF-2.0 (ships with Python)
    """

    def __init__(
        self,
        length: Length = 32,
        stride: PositiveInt | None = None,
        max_symbols: Symbols | None = None,
        split_seed: NonNegativeInt = 0,
    ) -> None:
        topics = _topics()
        self.version = platform.python_version()
        """Of Python."""
        self.checksum = hashlib.sha256("\n".join(topics).encode()).hexdigest()
        """SHA-256 of what is kept of the topics, joined by line ends."""
        origin = f"the topics of Python {self.version}"
        super().__init__(topics, length, stride, max_symbols, split_seed=split_seed, origin=origin)

    def fingerprint(self) -> str:
        """Name the version and the text, and hash symbols and windows."""
        return f"python {self.version} {self.checksum[:16]} {super().fingerprint()}"


def _topics() -> list[str]:
    try:
        from pydoc_data.topics import topics  # some systems leave it out of Python
    except ImportError:
        raise SpecError(
            "This Python comes without its documentation topics (pydoc_data): install the full "
            "standard library, or take text(path='...')."
        ) from None
    known: set[str] = set()
    return [_fresh(topics[name], known) for name in sorted(topics)]


def _fresh(topic: str, known: set[str]) -> str:
    """Leave out the paragraphs that are known, and know the others from now on."""
    paragraphs = dict.fromkeys(each.strip("\n") for each in topic.split("\n\n"))
    fresh = [each for each in paragraphs if each and each not in known]
    known.update(fresh)
    return "\n\n".join(fresh)


class TextFile(TextWindows):
    """Windows of a text file in UTF-8.

    The text is cut into windows one after the other. Blocks of up to 8 neighbouring windows are
    shuffled; the first half of all windows is for training and the rest for tests, so that they
    share no character. Windows are rows of a finite set, unless those of a half would fill more
    than 2^28 numbers (1 GiB): then they are only drawn. Line ends of all systems are one symbol.

    Symbols are what occurs in the training half, in the order of their code points. What only the
    test half has becomes the symbol U+FFFD, which is there only if it is needed.

    Args:
        path: of the file.
        length: symbols in a window, 2 to 1024.
        unit: "character", or "word", what blanks and line ends separate.
        stride: symbols from the start of a training window to the start of the next one in its
            block, above 0; None for `length`, without overlap. Test windows never overlap.
        max_symbols: size of the vocabulary, 2 to 1024: the most frequent symbols are kept and all
            others become U+FFFD; None for all symbols, of which there must be at most 1024.
        split_seed: shuffles the blocks, 0 or more.

    Source: Gulrajani et al. 2017, arXiv:1704.00028 (windows of 32 characters)

    Kind: sequence
    Size: as the file
    Licence: the file's own
    """

    def __init__(
        self,
        path: str,
        length: Length = 32,
        unit: Unit = "character",
        stride: PositiveInt | None = None,
        max_symbols: Symbols | None = None,
        split_seed: NonNegativeInt = 0,
    ) -> None:
        super().__init__(
            _read(path), length, stride, max_symbols, unit, split_seed, f"the file '{path}'"
        )


def _read(path: str) -> str:
    """Return the text of a file, without byte order mark, with plain line ends.

    Raises:
        SpecError: if it cannot be read or is not in UTF-8.
    """
    try:
        content = read_limited(user_path(path), _MOST_BYTES)
    except OSError as error:
        raise SpecError(f"Cannot read the text file '{path}': {error.strerror}.") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError(
            f"The file '{path}' is not in UTF-8: byte 0x{content[error.start]:02x} in line {line} "
            f"(byte {error.start} of the file) does not belong there. Convert it to UTF-8."
        ) from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
