"""Results as one file: the same bytes for the same results, and nothing that does harm is read."""

import errno
import gzip
import io
import os
import tarfile

import pytest

from ganbench.errors import StoreError
from ganbench.store import bundle
from ganbench.store.bundle import pack, unpacked
from ganbench.store.upkeep import merge


@pytest.fixture
def packed(store, run_files, tmp_path):
    """A bundle of two runs and a floor."""
    store.publish(run_files("a"))
    store.publish(run_files("b", status="failed"))
    store.write_floor("f", {"floors": {"x": 1}})
    assert pack(store, tmp_path / "mine.tar.gz") == 2
    return tmp_path / "mine.tar.gz"


def members(path):
    with tarfile.open(path) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}


def forged(path, contents, change=lambda info: None):
    """Write an archive as anybody can, with checksums that fit."""
    sums = "".join(f"{bundle.hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in contents.items())
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, data in {**contents, bundle.SUMS: sums.encode()}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            change(info)
            archive.addfile(info, io.BytesIO(data))
    return path


def refused(path, reason):
    with pytest.raises(StoreError, match=reason) as caught, unpacked(path):
        pytest.fail("it was read")
    assert "is no bundle of results, or a damaged one" in str(caught.value)
    assert caught.value.exit_code == 4


def test_equal_results_give_equal_bytes_and_come_back_whole(store, packed, make_store, tmp_path):
    pack(store, tmp_path / "again.tar.gz")
    assert packed.read_bytes() == (tmp_path / "again.tar.gz").read_bytes()
    with unpacked(packed) as found:
        merged = merge(there := make_store("there"), found)
        place = found.folder
    assert not place.exists()
    assert (merged.added, merged.notes) == (2, [])
    assert there.experiment()["commands"] == ["there", "results"]
    for run_id in store.ids():
        assert there.checked(run_id) == store.checked(run_id)
    assert there.floors() == store.floors()


def test_networks_that_were_left_out_come_back_with_another_bundle(
    store, packed, make_store, tmp_path
):
    pack(store, tmp_path / "slim.tar.gz", ["generator", "critic"])
    target = make_store("there")
    with unpacked(tmp_path / "slim.tar.gz") as slim, unpacked(packed) as whole:
        merge(target, slim)
        assert target.checked("a")[1] == ""
        with pytest.raises(StoreError, match=r"holds no generator\.safetensors"):
            target.generator("a")
        assert target.critic("a") is None
        assert len(target.samples("a"))
        merge(target, whole)
    assert target.checked("a") == store.checked("a")


def test_a_damaged_bundle_is_refused_wherever_the_damage_is(packed, tmp_path):
    data, bad = packed.read_bytes(), tmp_path / "bad.tar.gz"
    for place in range(10, len(data), len(data) // 20):
        bad.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
        refused(bad, "bad.tar.gz")
    for end in (0, 1, 30, len(data) // 2, len(data) - 1):
        bad.write_bytes(data[:end])
        refused(bad, "bad.tar.gz")
    bad.write_bytes(data + gzip.compress(b"more"))
    refused(bad, "something stands behind its end")
    refused(tmp_path / "nowhere", "No such file")


def test_checksums_must_fit_what_is_there(packed, tmp_path):
    contents = members(packed)
    sums = contents.pop(bundle.SUMS)
    assert [line.split()[1] for line in sums.decode().splitlines()] == list(contents)
    assert forged(tmp_path / "fine", contents)
    with unpacked(tmp_path / "fine") as found:
        assert found.ids() == ["a", "b"]
    del contents["experiment.json"]
    refused(forged(tmp_path / "x", contents), "it lacks experiment.json")
    with tarfile.open(tmp_path / "y", "w:gz") as archive:
        for name, data in {**members(packed), "floors/f.json": b"{}"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    refused(tmp_path / "y", "floors/f.json does not have the sha256")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../x",
            "/tmp/x",
            "runs/../../x",
            "runs/a/../../../x",
            "x",
            "runs/a/run.py",
            ".work/lock",
        ),
        *("runs/a/.hidden.json", "runs/a\\b/run.json", "runs/é/run.json", "cells/x.exe", "runs/a"),
        *("runs/" + "a" * 65 + "/run.json", "experiment.json/x", "./experiment.json", "a" * 300),
    ],
)
def test_nothing_but_files_of_results_is_written(packed, tmp_path, name):
    before = sorted(os.listdir(tmp_path))
    bad = forged(tmp_path / "bad", {**members(packed), name: b"{}"})
    refused(bad, "is no (file of results|plain file)")
    bad.unlink()
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
     tarfile.DIRTYPE, tarfile.CONTTYPE],
)  # fmt: skip
def test_links_devices_and_folders_are_refused(packed, tmp_path, kind):
    def change(info):
        if info.name == "floors/f.json":
            info.type, info.linkname, info.size = kind, "/etc/passwd", 0

    refused(forged(tmp_path / "bad", members(packed), change), "'floors/f.json' is no plain file")


def test_bombs_are_not_unpacked(packed, tmp_path, monkeypatch):
    header = tarfile.TarInfo("experiment.json")
    header.size = 1 << 40
    (tmp_path / "large").write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT)))
    refused(tmp_path / "large", "has 1,099,511,627,776 bytes, and at most 67,108,864 are read")
    longname = tarfile.TarInfo("x")  # which tarfile itself would read into memory
    longname.type, longname.size = tarfile.GNUTYPE_LONGNAME, 1 << 40
    (tmp_path / "long").write_bytes(gzip.compress(longname.tobuf(tarfile.GNU_FORMAT)))
    refused(tmp_path / "long", "'x' is no plain file")
    twice = tmp_path / "twice"
    with gzip.open(packed) as file, gzip.open(twice, "wb") as out:
        data = file.read()
        size = int(data[124:135], 8)
        out.write(data[: 512 + size + -size % 512] + data)
    refused(twice, "it holds experiment.json twice")
    monkeypatch.setattr(bundle, "_MOST_FILES", 3)
    refused(packed, "it holds more than 3 files")
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "_MOST_BYTES", 1000)
    refused(packed, "it holds more than")


def test_damaged_results_are_not_packed(store, packed, tmp_path):
    (store.folder / "runs" / "a" / "log.txt").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"The run a of .* is damaged .*--quarantine"):
        pack(store, tmp_path / "new.tar.gz")
    with pytest.raises(StoreError, match="Cannot write"):
        pack(store, tmp_path / "no" / "new.tar.gz")
    assert sorted(os.listdir(tmp_path)) == ["mine.tar.gz", "results"]


def test_a_disk_that_is_full_is_not_the_bundle(packed, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle, "_write", full)
    with (
        pytest.raises(StoreError, match=r"Cannot unpack .* No space left on device\. TMPDIR"),
        unpacked(packed),
    ):
        pytest.fail("it was read")
