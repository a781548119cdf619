"""Bombs, links and lies in files of other people: every reader has a limit."""

import gzip
import io
import pickle
import struct
import tarfile
import zipfile
import zlib

import pandas as pd
import pytest

import ganbench_hub.records as hub_records
from ganbench.api import SpecError
from ganbench_images import archives, batches, idx, pictures
from ganbench_sequences import texts
from ganbench_tabular import files


def tar_of(path, *members):
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def member(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


class TestTar:
    def test_a_bomb_is_refused_before_it_is_unpacked(self, tmp_path, monkeypatch):
        monkeypatch.setitem(archives.MOST_UNPACKED, "tar", 100_000)
        bomb = (member("zeros"), bytes(200_000))
        path = tar_of(tmp_path / "a.tar.gz", bomb, (member("wanted"), b"1"))
        assert path.stat().st_size < 1000
        with pytest.raises(SpecError, match=r"is refused: at most .* of 100000 bytes"):
            archives.tar_members(path, ["wanted"])

    def test_a_bomb_in_a_long_name_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setitem(archives.MOST_UNPACKED, "tar", 100_000)
        path = tar_of(tmp_path / "a.tar.gz", (member("a" * 200_000), b"1"))
        with pytest.raises(SpecError, match="it unpacks to more than 100000 bytes"):
            archives.tar_members(path, ["wanted"])

    def test_endless_members_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(archives, "MOST_MEMBERS", 5)
        path = tar_of(tmp_path / "a.tar.gz", *((member(f"f{i}"), b"") for i in range(6)))
        with pytest.raises(SpecError, match="at most 5 members"):
            archives.tar_members(path, ["f0"])

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
    def test_links_are_no_files(self, tmp_path, kind):
        path = tar_of(tmp_path / "a.tar.gz", (member("f", kind, "/etc/passwd"), b""))
        with pytest.raises(SpecError, match=r"f in .* is no plain file"):
            archives.tar_members(path, ["f"])


class TestZip:
    def test_bombs_are_refused(self, tmp_path, monkeypatch):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in "abc":
                archive.writestr(name, bytes(100_000))
        assert path.stat().st_size < 2000
        monkeypatch.setitem(archives.MOST_UNPACKED, "zip", 250_000)
        with (
            pytest.raises(SpecError, match=r"at most .* of 250000 bytes"),
            archives.zip_members(path),
        ):
            pass
        monkeypatch.setitem(archives.MOST_UNPACKED, "zip", 300_000)
        monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
        with pytest.raises(SpecError, match="at most 2 members"), archives.zip_members(path):
            pass

    def test_a_member_that_lies_about_its_size_gives_no_more(self, tmp_path):
        path = tmp_path / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a", bytes(3_000_000))
        true, false = struct.pack("<I", 3_000_000), struct.pack("<I", 10)
        path.write_bytes(path.read_bytes().replace(true, false))
        with archives.zip_members(path) as members, pytest.raises(SpecError, match="Bad CRC"):
            members["a"]()

    def test_links_are_no_files(self, tmp_path):
        path = tmp_path / "a.zip"
        link = zipfile.ZipInfo("a.png")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(link, "/etc/passwd")
        with (
            archives.zip_members(path) as members,
            pytest.raises(SpecError, match="no plain file"),
        ):
            members["a.png"]()


def test_an_idx_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "_MOST_VALUES", 1000)
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", 10, 10, 11) + bytes(1100)))
    with pytest.raises(SpecError, match="claims to hold 10 x 10 x 11 bytes; at most 1000"):
        idx.read_idx(path, 3)


def test_a_pickle_that_asks_for_much_memory_is_refused():
    with pytest.raises(SpecError, match="remembers more than"):
        batches.read_batch(b"\x80\x02]r\xff\xff\xff\x7f.", "batch")
    held = {b"data": pickle.PickleBuffer(b"x"), b"labels": []}
    with pytest.raises(SpecError, match="batch"):
        batches.read_batch(pickle.dumps(held, protocol=5), "batch")


def png(width, height, rows=None):
    """Write a picture that is all one colour, some bytes for any number of pixels."""

    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * (height if rows is None else rows)))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_pictures_that_unpack_to_too_much_are_refused(monkeypatch):
    assert pictures.decoded("a.png", png(100, 100), None, 1).shape == (1, 100, 100)
    monkeypatch.setattr(pictures, "_MOST_PIXELS", 9_999)
    with pytest.raises(SpecError, match="claims to have 100 x 100 pixels; at most 9999"):
        pictures.decoded("a.png", png(100, 100), None, 1)
    monkeypatch.undo()
    with pytest.raises(SpecError, match=r"exceeds limit|claims to have"):
        pictures.decoded("a.png", png(60_000, 60_000, rows=1), 8, 1)
    monkeypatch.setattr(pictures, "_MOST_BYTES", 100)
    with pytest.raises(SpecError, match="do not fit into memory"):
        pictures.stacked([("a", png(9, 9)), ("b", png(9, 9))], 2, None, 1)


class TestTables:
    def test_a_small_parquet_file_of_a_huge_table_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(files, "_MOST_VALUES", 1_000_000)
        path = tmp_path / "a.parquet"
        pd.DataFrame({"x": [0] * 600_000, "y": [1] * 600_000}).to_parquet(path)
        assert path.stat().st_size < 10_000
        with pytest.raises(SpecError, match="holds 600000 rows of 2 columns"):
            files.read_table(path)

    def test_a_parquet_file_of_huge_values_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(files, "_MOST_BYTES", 1_000_000)
        path = tmp_path / "a.parquet"
        pd.DataFrame({"x": ["a" * 2_000_000]}).to_parquet(path, compression="zstd")
        assert path.stat().st_size < 10_000
        with pytest.raises(SpecError, match=r"at most .* values and 1000000 bytes"):
            files.read_table(path)

    def test_a_huge_text_is_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(files, "_MOST_BYTES", 1_000)
        path = tmp_path / "a.csv"
        path.write_text("x\n" + "1\n" * 500)
        with pytest.raises(SpecError, match="too large: at most 1000 bytes"):
            files.read_table(path)

    def test_endless_columns_are_refused(self, tmp_path):
        path = tmp_path / "a.csv"
        path.write_text(",".join(f"c{i}" for i in range(100_000)) + "\n")
        with pytest.raises(SpecError, match="has 100000 columns; at most 10000"):
            files.read_table(path)


def test_a_huge_text_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(texts, "_MOST_BYTES", 100)
    path = tmp_path / "a.txt"
    path.write_text("a" * 101)
    with pytest.raises(SpecError, match="too large: at most 100 bytes"):
        texts.TextFile(str(path))


class TestHub:
    def test_rows_name_files_of_their_own_set_only(self, tmp_path):
        place = str(tmp_path)
        for path in (f"{place}/a.png", f"zip://a.png::{place}/b.zip", f"{place}/c/../a.png"):
            assert hub_records._belongs(path, place)
        for path in ("/etc/passwd", f"{place}/../a.png", "file:///etc/passwd", f"{place}x/a.png"):
            assert not hub_records._belongs(path, place)
            assert not hub_records._belongs(path, "someone/tiny")
        assert hub_records._belongs("hf://datasets/someone/tiny/a.png", "someone/tiny")
        assert not hub_records._belongs("zip://a.png::/etc/x.zip", "someone/tiny")

    def test_a_row_that_names_another_file_is_refused(self, tmp_path):
        row = {"bytes": None, "path": "/etc/passwd"}
        with pytest.raises(SpecError, match="Row 0 is refused: its image is /etc/passwd, outside"):
            hub_records._bytes(row, "Row 0", str(tmp_path))

    def test_a_set_without_an_end_is_refused(self, tmp_path, monkeypatch):
        datasets = pytest.importorskip("datasets")
        monkeypatch.setattr(hub_records, "_MOST_BYTES", 1000)
        features = datasets.Features({"text": datasets.Value("string")})

        class Endless:
            def __iter__(self):
                while True:
                    yield {"text": "a" * 100}

        stream = Endless()
        stream.features = features
        wanted = hub_records.Wanted("a/b", "train", None, None, None, None, None)
        with pytest.raises(SpecError, match="The first 11 rows of a/b have more than 1000 bytes"):
            hub_records._read(wanted, stream, "a/b")
