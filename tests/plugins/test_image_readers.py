"""IDX files, pickled batches and archives: what is read, and what is refused and how."""

import functools
import gzip
import os
import pickle
import re
import struct
import zipfile

import numpy as np
import pytest
from picture_files import cifar_batch, idx_bytes, pixels, tar_gz, write_idx, zipped

from ganbench.api import SpecError
from ganbench_images import archives
from ganbench_images.archives import tar_members, zip_members
from ganbench_images.batches import read_batch
from ganbench_images.idx import read_idx, read_pair

# Without the time, so that tests have one name in all processes.
gzipped = functools.partial(gzip.compress, mtime=0)


class TestIdx:
    def test_bytes_come_back_as_they_were_written(self, tmp_path):
        for shape in ((5,), (3, 4, 2), (0, 2, 2)):
            array = pixels(*shape)
            read = read_idx(write_idx(tmp_path / "a.gz", array), len(shape))
            assert read.dtype == np.uint8
            assert np.array_equal(read, array)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (gzipped(b""), "begins with nothing, but"),
            (gzipped(idx_bytes(pixels(4))), "begins with 00 00 08 01, but an IDX file of "),
            (gzipped(b"\x00\x00\x0d\x03" + bytes(12)), "begins with 00 00 0d 03"),
            (gzipped(b"\x00\x00\x08\x03\x00\x00"), "ends within its head of 16 bytes"),
            (gzipped(idx_bytes(pixels(2, 3, 3))[:-1]), "2 x 3 x 3 = 18 bytes .* only 17"),
            (gzipped(idx_bytes(pixels(2, 3, 3)) + b"!"), "18 bytes .* more follow"),
            (gzipped(b"\x00\x00\x08\x03" + struct.pack(">3I", *[2**32 - 1] * 3)), "claims"),
            (gzipped(idx_bytes(pixels(99, 9, 9)))[:-700], "cannot be read as a gzipped IDX"),
            (idx_bytes(pixels(2, 3, 3)), "cannot be read as a gzipped IDX file"),
            (gzipped(idx_bytes(pixels(99, 9, 9)))[:50] + bytes(500), "cannot be read"),
        ],
    )
    def test_any_other_file_is_refused_in_a_sentence_that_names_it(
        self, tmp_path, content, message
    ):
        path = tmp_path / "odd.gz"
        path.write_bytes(content)
        with pytest.raises(SpecError, match=f"^{re.escape(str(path))} .*{message}.*(?<!\\.)\\.$"):
            read_idx(path, 3)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(SpecError, match=r"no\.gz cannot be read .* No such file"):
            read_idx(tmp_path / "no.gz", 3)

    def test_images_and_labels_must_be_as_many(self, tmp_path):
        images = write_idx(tmp_path / "images.gz", pixels(3, 2, 2))
        labels = write_idx(tmp_path / "labels.gz", pixels(4))
        with pytest.raises(SpecError, match=r"images\.gz holds 3 images, but .* holds 4 labels"):
            read_pair(images, labels)


IMAGES, LABELS = pixels(4, 3, 32, 32), [3, 0, 9, 3]


class Evil:
    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


class TestBatches:
    def test_batches_of_python_2_are_read_as_numpy_itself_reads_them(self):
        content = cifar_batch(IMAGES, LABELS)
        theirs = pickle.loads(content, encoding="bytes")
        assert np.array_equal(theirs[b"data"], IMAGES.reshape(4, -1)), "the test's own file"
        images, labels = read_batch(content, "batch")
        assert images.dtype == np.uint8
        assert np.array_equal(images, IMAGES)
        assert labels.tolist() == LABELS

    def test_batches_that_python_3_wrote_for_python_2_are_read_too(self):
        batch = {b"data": IMAGES.reshape(4, -1), b"labels": LABELS}
        images, labels = read_batch(pickle.dumps(batch, protocol=2), "batch")
        assert np.array_equal(images, IMAGES)
        assert labels.tolist() == LABELS

    @pytest.mark.parametrize("protocol", range(6))
    def test_a_pickle_that_asks_for_anything_else_is_refused_and_not_run(self, protocol, tmp_path):
        evil = Evil(str(tmp_path / "made"))
        content = pickle.dumps({b"data": evil, b"labels": LABELS}, protocol=protocol)
        with pytest.raises(
            SpecError, match=r"^batch is refused: its pickle asks for \w+\.mkdir\.$"
        ):
            read_batch(content, "batch")
        assert not (tmp_path / "made").exists()
        pickle.loads(content)
        assert (tmp_path / "made").exists(), "the test's own pickle does what it should"

    @pytest.mark.parametrize(
        "wanted", ["builtins\neval", "numpy\nload", "numpy.core.multiarray\nfrombuffer", "os\nx"]
    )
    def test_the_unknown_class_is_named(self, wanted):
        with pytest.raises(SpecError, match="asks for " + wanted.replace("\n", ".")):
            read_batch(f"c{wanted}\n.".encode(), "batch")

    @pytest.mark.parametrize(
        ("batch", "message"),
        [
            ([1, 2], "has no 'data', so it is no batch"),
            ({b"data": IMAGES.reshape(4, -1)}, "has no 'labels'"),
            ({b"data": 3, b"labels": []}, "no array of bytes with 3072 columns"),
            ({b"data": IMAGES.reshape(8, -1), b"labels": LABELS}, "no array of bytes"),
            ({b"data": IMAGES.reshape(4, -1).astype("f4"), b"labels": LABELS}, "no array of"),
            ({b"data": np.asfortranarray(IMAGES.reshape(4, -1)), b"labels": LABELS}, "no array"),
            ({b"data": IMAGES.reshape(4, -1), b"labels": [1]}, "holds 4 images, but 1 labels"),
            ({b"data": IMAGES.reshape(4, -1), b"labels": [1, 2, 3, 10]}, "from 0 to 9"),
            ({b"data": IMAGES.reshape(4, -1), b"labels": [1, 2, 3, "4"]}, "from 0 to 9"),
            ({b"data": IMAGES.reshape(4, -1), b"labels": 7}, "from 0 to 9"),
        ],
    )
    def test_anything_that_is_no_batch_is_refused(self, batch, message):
        with pytest.raises(SpecError, match=f"^(The .* of )?batch .*{message}"):
            read_batch(pickle.dumps(batch, protocol=2), "batch")

    def test_damaged_pickles_are_refused(self):
        content = cifar_batch(IMAGES, LABELS)
        for cut in (0, 1, 20, len(content) // 2, len(content) - 1):
            with pytest.raises(SpecError, match=r"^batch cannot be read as a pickle"):
                read_batch(content[:cut], "batch")


OUTSIDE = ["../up", "a/../../up", "/abs", "..\\up", "C:\\up"]


class TestArchives:
    def test_named_members_of_a_tar_file_are_read(self, tmp_path):
        path = tar_gz(tmp_path / "a.tar.gz", {"f/one": b"1", "f/two": b"2", "f/three": b"3"})
        assert tar_members(path, ["f/two", "f/one"]) == {"f/one": b"1", "f/two": b"2"}

    def test_members_of_a_zip_file_are_read(self, tmp_path):
        path = zipped(tmp_path / "a.zip", {"f/one": b"1", "f/": b"", "two": b"2"})
        with zip_members(path) as members:
            assert {name: read() for name, read in members.items()} == {"f/one": b"1", "two": b"2"}

    @pytest.mark.parametrize("name", OUTSIDE)
    def test_members_outside_of_an_archive_are_refused(self, tmp_path, name):
        tar = tar_gz(tmp_path / "a.tar.gz", {"fine": b"1", name: b"2"})
        with pytest.raises(SpecError, match=r"a\.tar\.gz is refused: its member .* lies outside"):
            tar_members(tar, ["fine"])
        packed = zipped(tmp_path / "a.zip", {"fine": b"1", name: b"2"})
        with pytest.raises(SpecError, match="lies outside"), zip_members(packed):
            pass

    def test_large_members_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(archives, "LARGEST", 10)
        tar = tar_gz(tmp_path / "a.tar.gz", {"large": bytes(11), "fine": bytes(10)})
        assert tar_members(tar, ["fine"]) == {"fine": bytes(10)}
        with pytest.raises(SpecError, match=r"large in .*a\.tar\.gz has 11 bytes; at most 10"):
            tar_members(tar, ["large"])
        packed = zipped(tmp_path / "a.zip", {"large": bytes(11)})
        with zip_members(packed) as members, pytest.raises(SpecError, match="has 11 bytes"):
            members["large"]()

    def test_links_and_missing_members_are_refused(self, tmp_path):
        path = tar_gz(tmp_path / "a.tar.gz", {"f/one": b"1"})
        with pytest.raises(SpecError, match=r"a\.tar\.gz has no member f/two"):
            tar_members(path, ["f/two"])
        with pytest.raises(SpecError, match="cannot be read as a gzipped tar file"):
            tar_members(tmp_path / "no.tar.gz", ["f/two"])

    def test_damaged_archives_are_refused(self, tmp_path):
        path = tar_gz(tmp_path / "a.tar.gz", {"f/one": pixels(5000).tobytes()})
        path.write_bytes(path.read_bytes()[:-2000])
        with pytest.raises(SpecError, match=r"a\.tar\.gz cannot be read as a gzipped tar file"):
            tar_members(path, ["f/one"])
        path = zipped(tmp_path / "a.zip", {"one": b"content"})
        content = path.read_bytes()
        path.write_bytes(content.replace(b"content", b"CONTENT"))
        with zip_members(path) as members, pytest.raises(SpecError, match=r"one in .* Bad CRC"):
            members["one"]()
        path.write_bytes(content[:20])
        with pytest.raises(SpecError, match=r"a\.zip cannot be read as a zip"), zip_members(path):
            pass
        assert not zipfile.is_zipfile(path)
