"""Sets in the forms that Hugging Face datasets reads: local, without any network."""

import logging
import shlex
import sys

import numpy as np
import pytest
import torch
from picture_files import picture, pixels, write_pictures

from ganbench.api import DeviceError, NotCachedError, SpecError
from ganbench.cache import fetching
from ganbench_hub import ganbench_datasets, hf, hub, network, records

datasets = pytest.importorskip("datasets")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(autouse=True)
def offline(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()


def write_set(folder, columns, features, split="train"):
    """Write tiny/data/train-00000-of-00001.parquet as `datasets` does."""
    path = folder / "tiny" / "data" / f"{split}-00000-of-00001.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = datasets.Dataset.from_dict(columns, features=datasets.Features(features))
    rows.to_parquet(str(path))
    return str(folder / "tiny")


def image_rows(count=6, shape=(8, 8, 3)):
    return [{"bytes": picture(pixels(*shape, seed=i)), "path": None} for i in range(count)]


CLASSES = datasets.ClassLabel(names=["cat", "dog"])
IMAGE = datasets.Image()


@pytest.fixture
def tiny(tmp_path):
    columns = {"image": image_rows(), "label": [0, 1, 0, 1, 1, 1]}
    return write_set(tmp_path, columns, {"image": IMAGE, "label": CLASSES})


def in_order(data, values):
    """Put the rows of both halves in their original order."""
    where = np.concatenate([data.positions["train"], data.positions["test"]])
    return torch.cat([values("train"), values("test")])[where.argsort()]


class TestLocalFolders:
    def test_a_folder_of_parquet_files_is_read_as_it_is(self, tiny, tmp_path):
        data = hf(tiny)
        levels = ((in_order(data, data.rows) + 1) * 127.5).round().to(torch.uint8).numpy()
        for i, image in enumerate(levels):
            assert np.array_equal(image, pixels(8, 8, 3, seed=i).transpose(2, 0, 1))
        assert in_order(data, data.labels).tolist() == [0, 1, 0, 1, 1, 1]
        assert not (tmp_path / "cache").exists(), "nothing is kept of a folder"

    def test_a_folder_of_pictures_is_read_as_it_is(self, tmp_path):
        for seed, name in enumerate(("cat", "dog")):
            pictures = {f"train/{name}/{i}.png": pixels(8, 8, 3, seed=seed) for i in range(2)}
            write_pictures(tmp_path / "f", pictures)
        data = hf(str(tmp_path / "f"))
        assert in_order(data, data.labels).tolist() == [0, 0, 1, 1]
        levels = ((in_order(data, data.rows) + 1) * 127.5).round().to(torch.uint8).numpy()
        assert np.array_equal(levels[2], pixels(8, 8, 3, seed=1).transpose(2, 0, 1))

    def test_size_channels_samples_and_split(self, tiny, tmp_path):
        write_set(tmp_path, {"image": image_rows(4), "label": [0] * 4},
                  {"image": IMAGE, "label": CLASSES}, split="test")  # fmt: skip
        assert hf(tiny, size=4, channels=1).spec.shape == (1, 4, 4)
        assert len(hf(tiny, samples=4).rows("train")) == 2
        assert len(hf(tiny, split="test").rows("train")) == 2
        assert hf(tiny).fingerprint() == hf(tiny).fingerprint()
        assert hf(tiny).fingerprint() != hf(tiny, split_seed=1).fingerprint()

    def test_columns_are_chosen_by_name(self, tmp_path):
        columns = {"a": image_rows(4), "b": image_rows(4, (6, 6, 3)), "n": [3, 1, 2, 0]}
        kinds = {"a": IMAGE, "b": IMAGE, "n": datasets.Value("int32")}
        name = write_set(tmp_path, columns, kinds)
        with pytest.raises(SpecError, match="several columns of image: a, b; give `column`"):
            hf(name)
        data = hf(name, column="b", label="n")
        assert data.spec.shape == (3, 6, 6)
        assert in_order(data, data.labels).tolist() == [3, 1, 2, 0]
        assert hf(name, column="a").labels("train") is None


class TestTheHub:
    def load(self, monkeypatch, tiny):
        asked, load = [], datasets.load_dataset

        def standing_in(place, *args, **options):
            asked.append((place, options.pop("revision")))
            return load(tiny, *args, **options)

        monkeypatch.setattr(datasets, "load_dataset", standing_in)
        monkeypatch.setattr(records, "check_reachable", lambda *_: None)
        return asked

    def test_a_set_is_fetched_once_and_then_read_without_the_library(self, tiny, monkeypatch):
        with pytest.raises(NotCachedError):
            hf("someone/tiny")
        asked = self.load(monkeypatch, tiny)
        with fetching() as used:
            fetched = hf("someone/tiny", revision="v1")
        assert asked == [("someone/tiny", "v1")]
        assert used[0].name.startswith("someone--tiny-")
        monkeypatch.setitem(sys.modules, "datasets", None)
        again = hf("someone/tiny", revision="v1")
        assert again.fingerprint() == fetched.fingerprint()
        assert torch.equal(again.labels("train"), fetched.labels("train"))
        for other in ({"revision": "v2"}, {"revision": "v1", "samples": 3}):
            with pytest.raises(NotCachedError):
                hf("someone/tiny", **other)

    @pytest.mark.parametrize("damage", [b"", b"nonsense", None])
    def test_damage_in_the_cache_is_said_with_what_mends_it(self, tiny, monkeypatch, damage):
        self.load(monkeypatch, tiny)
        with fetching() as used:
            hf("someone/tiny", samples=4)
        if damage is None:
            pq.write_table(pq.read_table(used[0]).replace_schema_metadata(), used[0])
        else:
            used[0].write_bytes(damage)
        with pytest.raises(SpecError) as caught:
            hf("someone/tiny", samples=4)
        said = str(caught.value)
        assert said.startswith(f"{used[0]} cannot be read: ")
        command = shlex.split(said.split("`")[1])
        assert command[:3] == ["ganbench", "fetch", "--again"]
        assert command[3:] == ["hf(name='someone/tiny', split='train', samples=4)"]

    def test_pictures_beside_the_rows_are_kept_with_them(self, tmp_path, monkeypatch):
        names = [f"train/{kind}/{i}.png" for kind in ("cat", "dog") for i in range(2)]
        pictures = {name: pixels(8, 8, 3, seed=i) for i, name in enumerate(names)}
        folder = write_pictures(tmp_path / "f", pictures)
        self.load(monkeypatch, str(folder))
        monkeypatch.setattr(records, "_belongs", lambda path, place: True)  # here "hub" is local
        with fetching() as used:
            fetched = hf("someone/pictures")
        for path in folder.rglob("*.png"):
            path.unlink()
        assert hf("someone/pictures").fingerprint() == fetched.fingerprint()
        assert pq.read_table(used[0]).column_names == ["value", "label"]

    @pytest.mark.parametrize("checked", [True, False])
    def test_no_network_is_one_sentence_and_nothing_is_kept(
        self, tmp_path, monkeypatch, caplog, checked
    ):
        if not checked:  # the connection is lost later
            monkeypatch.setattr(records, "check_reachable", lambda *_: None)
        message = r"^nobody/nothing could not be fetched, because the Hugging Face hub cannot be "
        with fetching(), pytest.raises(DeviceError, match=message + r"reached: .*[^.]\.$"):
            hf("nobody/nothing")
        assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        assert not caplog.records

    def test_the_hub_is_tried_once(self, monkeypatch):
        from huggingface_hub.utils import get_session

        tried, session = [], get_session()

        def refused(*args, **options):
            tried.append(args)
            raise OSError("no route")

        monkeypatch.setattr(session, "get", refused)
        with pytest.raises(DeviceError, match="no route"):
            network.check_reachable("a/b", None)
        assert len(tried) == 1

    def test_patience_and_loggers_come_back(self):
        def state():
            loggers = [logging.getLogger(name).level for name in ("huggingface_hub", "datasets")]
            return [getattr(datasets.config, name) for name in network._PATIENCE], loggers

        before = state()
        with network.impatient():
            assert state()[0] == [1, 0, 1, 0]
            assert not logging.getLogger("huggingface_hub.utils").isEnabledFor(logging.CRITICAL)
        assert state() == before

    def test_what_leads_to_an_error_tells_whether_the_network_is_the_cause(self):
        outer = ValueError("no set")
        assert not network.lost_connection(outer)
        outer.__cause__ = KeyError("inner")
        outer.__cause__.__context__ = TimeoutError()
        assert network.lost_connection(outer)


class TestBadInput:
    def test_a_missing_library_is_said_with_what_installs_it(self, tiny, monkeypatch):
        monkeypatch.setitem(sys.modules, "datasets", None)
        with pytest.raises(SpecError, match=r'pip install "ganbench\[hf\]"'):
            hf(tiny)

    @pytest.mark.parametrize("name", ["/no/such/folder", "a/b/c", "a b", "../up"])
    def test_names_of_nothing(self, name):
        with pytest.raises(SpecError, match=f"^{name} is no folder, and no name on the hub"):
            hf(name)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"split": "dev"}, r"tiny cannot be read: Bad split: dev.*\['train'\]"),
            ({"config": "odd"}, "'odd' not found"),
            ({"column": "picture"}, r"no column 'picture'; it has image \(image\), label \(class"),
            ({"label": "kind"}, "no column 'kind'"),
            ({"label": "image"}, "The column 'image' of .* holds image; labels are classes or"),
            ({"column": "label"}, "The column 'label' of .* holds class; hf takes columns of im"),
        ],
    )
    def test_wrong_parameters(self, tiny, options, message):
        with pytest.raises(SpecError, match=message):
            hf(tiny, **options)

    def test_texts_are_cut_into_windows_row_by_row(self, tmp_path):
        rows = {"text": [f"row {i:06b} of the set" for i in range(40)]}
        name = write_set(tmp_path, rows, {"text": datasets.Value("string")})
        data = hf(name, length=8)
        found = [text for split in ("train", "test") for text in data.to_text(data.rows(split))]
        assert sorted(found) == sorted(
            text[at : at + 8] for text in rows["text"] for at in range(0, len(text) - 7, 8)
        )
        assert hf(name, length=8, split_seed=1).fingerprint() != data.fingerprint()

    def test_numbers_are_neither_images_nor_text(self, tmp_path):
        texts = {"text": ["one", "two"], "n": [1.0, 2.0]}
        kinds = {"text": datasets.Value("string"), "n": datasets.Value("float32")}
        name = write_set(tmp_path, texts, kinds)
        with pytest.raises(SpecError, match=r"'n' of .* holds float32"):
            hf(name, column="n")
        name = write_set(tmp_path / "numbers", {"n": [1.0]}, {"n": kinds["n"]})
        with pytest.raises(SpecError, match=r"no column of images or text; it has n \(float32\)"):
            hf(name)

    def test_texts_are_read_as_they_are_for_a_set_of_texts(self, tmp_path):
        name = write_set(tmp_path, {"t": ["één", ""]}, {"t": datasets.Value("string")})
        wanted = records.Wanted(name, "train", None, None, None, None, None)
        read = records.read_records(wanted, name)
        assert [value.decode() for value in read.values()] == ["één", ""]
        read.save(tmp_path / "kept.parquet")
        again = records.Records.load(tmp_path / "kept.parquet")
        assert (again.column, again.kind, list(again.values())) == ("t", "text", [*read.values()])

    def test_rows_that_cannot_be_used_are_named(self, tmp_path):
        kinds = {"image": IMAGE, "n": datasets.Value("int64")}
        rows = [*image_rows(2), {"bytes": b"no picture", "path": None}]
        name = write_set(tmp_path / "a", {"image": rows, "n": [0] * 3}, kinds)
        with pytest.raises(SpecError, match=r"^.*tiny \(row 2\) cannot be read: it is no image"):
            hf(name)
        name = write_set(tmp_path / "b", {"image": [*image_rows(2), None], "n": [0] * 3}, kinds)
        with pytest.raises(SpecError, match=r"^Row 2 of .*tiny is empty"):
            hf(name)
        name = write_set(tmp_path / "c", {"image": image_rows(3), "n": [0, None, 1]}, kinds)
        with pytest.raises(SpecError, match=r"^Row 1 of .*tiny has no 'n'"):
            hf(name, label="n")
        rows = [*image_rows(2), *image_rows(1, (9, 9, 3))]
        name = write_set(tmp_path / "d", {"image": rows, "n": [0] * 3}, kinds)
        with pytest.raises(SpecError, match=r"tiny \(row 0\) has 8 x 8, .* \(row 2\) has 9 x 9; "):
            hf(name)

    def test_a_single_row(self, tmp_path):
        name = write_set(tmp_path, {"image": image_rows(1)}, {"image": IMAGE})
        with pytest.raises(SpecError, match=r"tiny has a single row; at least two are needed"):
            hf(name)

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(SpecError, match=r"cannot be read: .*doesn't contain any data files"):
            hf(str(tmp_path))

    def test_damaged_parquet(self, tiny, tmp_path):
        path = tmp_path / "tiny/data/train-00000-of-00001.parquet"
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(SpecError, match=r"^.*tiny cannot be read: "):
            hf(tiny)


def test_the_plugin_names_its_dataset():
    assert dict(ganbench_datasets()) == {"hf": hub.hf}
