"""Windows of texts: what is cut, what is a symbol, what is refused."""

import platform
import random
import string
from pydoc_data.topics import topics

import numpy as np
import pytest
import torch

from ganbench.api import SpecError
from ganbench.components import Component
from ganbench.plugins import load_plugins
from ganbench_sequences import Pydoc, TextFile
from ganbench_sequences.texts import _fresh, _topics
from ganbench_sequences.windows import UNKNOWN, TextWindows

ABC = "".join(random.Random(0).choices("abcd \n", k=4003))


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def texts(dataset, split):
    return dataset.to_text(dataset.rows(split))


@pytest.fixture(scope="module")
def pydoc():
    return Pydoc()


class TestWindows:
    def test_windows_and_the_end_that_is_left_make_up_the_text(self):
        data = TextWindows(ABC, length=10)
        windows = texts(data, "train") + texts(data, "test")
        assert sorted(windows) == sorted(ABC[start : start + 10] for start in range(0, 4000, 10))
        assert (len(data.rows("train")), len(data.rows("test"))) == (200, 200)

    def test_windows_are_in_the_order_of_the_text(self):
        numbers = "".join(f"{number:04}" for number in range(1000))
        data = TextWindows(numbers, length=4)
        for split in ("train", "test"):
            assert texts(data, split) == sorted(texts(data, split))

    def test_neighbours_stay_together_in_blocks_of_up_to_8(self):
        numbers = "".join(f"{number:04}" for number in range(960))
        halves = {
            split: {int(window) // 8 for window in texts(TextWindows(numbers, length=4), split)}
            for split in ("train", "test")
        }
        assert len(halves["train"]) == len(halves["test"]) == 60
        assert not halves["train"] & halves["test"]

    def test_one_block_is_cut_where_an_odd_number_of_windows_asks_for_it(self):
        data = TextWindows("abcdefghij" * 7, length=10)
        assert (len(data.rows("train")), len(data.rows("test"))) == (3, 4)

    def test_no_window_crosses_the_border_of_a_document(self):
        documents = [letter * size for size in (25, 9, 31) for letter in "abcd"] * 10
        data = TextWindows(documents, length=10)
        windows = texts(data, "train") + texts(data, "test")
        assert sorted(windows) == sorted([letter * 10 for letter in "abcd"] * 50)

    def test_a_stride_adds_training_windows_that_share_nothing_with_the_tests(self):
        letters = string.ascii_letters + string.digits + "äöüß"
        text = "".join(dict.fromkeys(letters))[:66]
        plain, dense = (TextWindows(text, length=3, stride=stride) for stride in (None, 1))
        assert texts(dense, "test") == texts(plain, "test")
        train = texts(dense, "train")
        assert set(texts(plain, "train")) < set(train)
        assert all(window in text for window in train)
        assert not set("".join(train)) & set("".join(text for text in texts(plain, "test")))

    def test_another_seed_divides_in_another_way(self):
        first, second = TextWindows(ABC, length=10), TextWindows(ABC, length=10, split_seed=1)
        assert texts(first, "train") != texts(second, "train")
        assert first.fingerprint() != second.fingerprint()

    def test_samples_are_windows_of_their_half_equally_often(self):
        data = TextWindows("abcdefgh", length=2)
        known = set(texts(data, "train"))
        drawn = data.to_text(data.sample(4000, "train", rng()))
        assert set(drawn) == known
        counts = [drawn.count(window) for window in known]
        # Four standard deviations of a binomial law.
        assert max(abs(count - 2000) for count in counts) < 4 * (4000 / 4) ** 0.5

    def test_rows_that_would_not_fit_are_only_drawn(self, monkeypatch):
        monkeypatch.setattr("ganbench_sequences.windows._MOST_VALUES", 200 * 10 * 6 - 1)
        data = TextWindows(ABC, length=10)
        assert data.rows("train") is None
        assert data.sample(5, "test", rng()).shape == (5, 10, 6)

    def test_projection_takes_the_likeliest_symbol(self):
        data = TextWindows("abcabcabc", length=2)
        x = torch.tensor([[[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]]])
        assert data.project(x).tolist() == [[[0, 1, 0], [1, 0, 0]]]
        assert data.to_text(x) == ["ba"]

    @pytest.mark.parametrize("change", [{"text": ABC[::-1]}, {"length": 9}, {"max_symbols": 4}])
    def test_the_fingerprint_is_that_of_the_content(self, change):
        given = {"text": ABC, "length": 10}
        first = TextWindows(**given).fingerprint()
        assert first == TextWindows(**given).fingerprint()
        assert first == TextWindows(**given, origin="another name").fingerprint()
        assert first != TextWindows(**(given | change)).fingerprint()


class TestVocabulary:
    def test_it_is_what_occurs_in_training_in_order(self):
        data = TextWindows(ABC, length=10)
        assert data.symbols == ("\n", " ", "a", "b", "c", "d")
        assert data.spec.shape == (10, 6)

    def test_what_only_the_test_half_has_is_one_symbol(self):
        text = "aabb" * 16
        for seed in range(20):
            data = TextWindows("xyaabb" + text, length=2, split_seed=seed)
            seen = set("".join(texts(data, "train")))
            assert set(data.symbols) - {UNKNOWN} == seen
            needed = "x" not in seen
            assert (UNKNOWN in data.symbols) == needed == (UNKNOWN * 2 in texts(data, "test"))

    def test_the_most_frequent_symbols_are_kept(self):
        text = "aaabbbccd" * 40
        data = TextWindows(text, length=9, max_symbols=3)
        assert data.symbols == ("a", "b", UNKNOWN)
        assert set(texts(data, "train")) == {f"aaabbb{UNKNOWN * 3}"}
        assert TextWindows(text, length=9, max_symbols=4).symbols == tuple("abcd")

    def test_a_replacement_character_of_the_text_is_an_unknown_symbol(self):
        data = TextWindows(f"ab{UNKNOWN}c" * 20, length=4)
        assert data.symbols == ("a", "b", "c", UNKNOWN)
        assert set(texts(data, "train")) == {f"ab{UNKNOWN}c"}
        assert TextWindows(f"ab{UNKNOWN}c" * 20, length=4, max_symbols=2).symbols == (
            "a",
            UNKNOWN,
        )

    def test_words_are_symbols_too(self):
        data = TextWindows("the cat  sat\non the mat . " * 20, length=7, unit="word")
        assert data.symbols == (".", "cat", "mat", "on", "sat", "the")
        assert set(texts(data, "test")) == {"the cat sat on the mat ."}

    def test_characters_beyond_the_basic_plane_are_single_symbols(self):
        data = TextWindows("a😀é\ud800" * 20, length=4)
        assert data.symbols == ("a", "é", "\ud800", "😀")
        assert set(texts(data, "train")) == {"a😀é\ud800"}

    def test_too_many_symbols_are_refused_and_the_way_out_works(self):
        text = "".join(chr(0x4E00 + place) for place in range(3000)) * 2
        with pytest.raises(SpecError, match=r"the text has \d+ symbols.* 1024 fit: set `max_sym"):
            TextWindows(text)
        assert len(TextWindows(text, max_symbols=100).symbols) == 100

    def test_a_single_symbol_is_refused(self):
        with pytest.raises(SpecError, match="has a single symbol"):
            TextWindows("a" * 1000)


class TestPydoc:
    def test_it_is_the_documentation_of_this_python(self, pydoc):
        start = f"python {platform.python_version()} {pydoc.checksum[:16]} "
        assert pydoc.fingerprint().startswith(start)
        windows = [text for text in texts(pydoc, "test") if UNKNOWN not in text]
        assert len(windows) > 5000
        topic = max(topics.values(), key=len)
        assert any(window in topic for window in windows)

    def test_paragraphs_come_once_in_their_first_topic(self):
        known = set()
        assert _fresh("a\n\nb\n\na", known) == "a\n\nb"
        assert _fresh("b\n\nc", known) == "c"
        kept = [each for topic in _topics() for each in topic.split("\n\n")]
        assert len(set(kept)) == len(kept)
        whole = "".join(topics.values())
        assert all(each in whole for each in kept)
        left = sum(map(len, kept)) / len(whole)
        assert 0.6 < left < 0.9

    def test_halves_are_alike_and_hardly_overlap(self, pydoc):
        shares = [pydoc.rows(split).mean(dim=(0, 1)) for split in ("train", "test")]
        # Total variation; neighbouring windows have their words in common.
        assert (shares[0] - shares[1]).abs().sum() / 2 < 0.03
        train = set(texts(pydoc, "train"))
        assert sum(window in train for window in texts(pydoc, "test")) < 0.05 * len(train)

    def test_a_python_without_topics_is_told_of(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "pydoc_data.topics", None)
        with pytest.raises(SpecError, match="comes without its documentation topics"):
            Pydoc()


class TestFile:
    def write(self, tmp_path, content):
        path = tmp_path / "some text.txt"
        path.write_bytes(content)
        return str(path)

    def test_a_file_is_read_as_it_is(self, tmp_path):
        data = TextFile(self.write(tmp_path, ABC.encode()), length=10)
        assert data.fingerprint() == TextWindows(ABC, length=10).fingerprint()

    def test_marks_and_line_ends_of_other_systems_change_nothing(self, tmp_path):
        windows = b"\xef\xbb\xbf" + ABC.replace("\n", "\r\n").encode()
        data = TextFile(self.write(tmp_path, windows), length=10)
        assert data.fingerprint() == TextWindows(ABC, length=10).fingerprint()

    def test_it_is_a_component_that_needs_a_path(self, tmp_path):
        registry = load_plugins()
        with pytest.raises(SpecError, match="text needs path"):
            registry.build("dataset", Component("text"))
        path = self.write(tmp_path, b"one two three " * 50)
        given = (("path", path), ("length", 3), ("unit", "word"))
        data = registry.build("dataset", Component("text", given)).value
        assert set(texts(data, "train")) == {"one two three"}

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(SpecError, match=r"Cannot read the text file '/no/file': No such file"):
            TextFile("/no/file")
        with pytest.raises(SpecError, match="Is a directory"):
            TextFile(str(tmp_path))
        with pytest.raises(SpecError, match="holds a NUL character"):
            TextFile("a\0b")

    def test_a_file_in_another_encoding(self, tmp_path):
        content = "plain\nzwölf\ncafé".encode("latin-1")
        with pytest.raises(
            SpecError, match=r"txt' is not in UTF-8: byte 0xf6 in line 2 \(byte 8 of the file\)"
        ):
            TextFile(self.write(tmp_path, content))

    @pytest.mark.parametrize("content", [b"", b"short", b"a b c d e f g " * 9])
    def test_a_file_that_is_too_short(self, tmp_path, content):
        with pytest.raises(SpecError, match=r"Of the file '.*txt', too few windows of 32 char"):
            TextFile(self.write(tmp_path, content))

    def test_a_file_with_too_many_words(self, tmp_path):
        words = " ".join(f"word{number}" for number in range(4000))
        path = self.write(tmp_path, f"{words} {words}".encode())
        with pytest.raises(SpecError, match=r"vocabulary of the file '.*txt' has \d+ symbols"):
            TextFile(path, unit="word")
        data = TextFile(path, unit="word", max_symbols=50)
        assert np.prod(data.spec.shape) == 32 * 50
