"""Finite image sets: scaling, splits, classes; those that ship and those that are fetched."""

import hashlib
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from picture_files import cifar_batch, pixels, tar_gz, write_idx, write_mnist

from ganbench.api import NotCachedError, SpecError
from ganbench.cache import fetching
from ganbench_images import (
    Cifar10,
    Digits,
    FashionMnist,
    Kmnist,
    Mnist,
    Patches,
    StackedMnist,
    patches,
)
from ganbench_images.scaling import padded, shrunk
from ganbench_images.sets import ImageSet


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def a_set(top=255, seed=0):
    levels = np.arange(2 * (top + 1)) % (top + 1)
    images = levels.astype(np.uint8).reshape(-1, 1, 1, 2)
    order = np.random.default_rng(seed).permutation(len(images))
    return ImageSet({"train": images, "test": images[order]}, top=top)


@pytest.mark.parametrize("top", [1, 16, 255])
class TestEveryLevel:
    def test_is_scaled_to_the_range_of_players(self, top):
        rows = a_set(top).rows("train")
        assert rows.dtype == torch.float32
        assert rows.min() == -1
        assert rows.max() == 1
        steps = rows.unique().diff()
        torch.testing.assert_close(steps, torch.full((top,), 2 / top))

    def test_is_a_fixed_point_of_project_and_nearest_to_what_lies_around(self, top):
        data = a_set(top)
        rows = data.rows("train")
        assert torch.equal(data.project(rows), rows)
        noise = torch.rand(rows.shape, generator=rng()) - 0.5
        assert torch.equal(data.project(rows + 0.99 * noise * 2 / top), rows)
        assert data.project(torch.tensor([-9.0, 9.0])).tolist() == [-1, 1]


def test_samples_are_rows_drawn_by_the_stream():
    data = Digits()
    picks = torch.randint(898, (20,), generator=rng(3))
    assert torch.equal(data.sample(20, "train", rng(3)), data.rows("train")[picks])


def test_the_fingerprint_follows_content_and_split():
    assert a_set().fingerprint() == a_set().fingerprint()
    assert a_set().fingerprint() != a_set(seed=1).fingerprint()
    assert a_set(15).fingerprint() != a_set(16).fingerprint()


def test_the_digits_are_those_of_committed_results():
    assert Digits().fingerprint() == "4deea46f2b025112"
    assert Digits(split_seed=3).fingerprint() == "9d2b19574dedf934"


def test_an_empty_split_is_refused():
    none = np.empty((0, 1, 2, 2), np.uint8)
    with pytest.raises(SpecError, match="no image for the split 'test'"):
        ImageSet({"train": pixels(1, 1, 2, 2), "test": none})


def test_sides_change_by_borders_and_by_means():
    images = pixels(2, 3, 4, 4)
    assert np.array_equal(padded(images, 6)[:, :, 1:5, 1:5], images)
    assert padded(images, 6).sum() == images.sum()
    means = images.reshape(2, 3, 2, 2, 2, 2).mean(axis=(3, 5))
    assert np.array_equal(shrunk(images, 2), np.floor(means + 0.5))
    assert np.array_equal(shrunk(images, 4), images)
    assert shrunk(np.full((1, 1, 8, 8), 255, np.uint8), 1).item() == 255


class TestPatches:
    @pytest.mark.parametrize(
        ("source", "size", "channels", "classes", "count"),
        [
            ("photos", 8, 3, 2, 4160),
            ("photos", 16, 3, 2, 1040),
            ("photos", 32, 3, 2, 260),
            ("china", 16, 3, 1, 520),
        ],
    )
    def test_photographs_give_so_many(self, source, size, channels, classes, count):
        data = Patches(source, size)
        for split in ("train", "test"):
            assert data.rows(split).shape == (count, channels, size, size)
            labels = data.labels(split)
            if classes == 1:
                assert labels is None
            else:
                assert labels.bincount().tolist() == [count // classes] * classes

    def test_train_and_test_share_no_block_of_pixels(self, monkeypatch):
        places = np.arange(64 * 96).reshape(64, 96)
        coded = np.stack([places // 256, places % 256], axis=-1).astype(np.uint8)
        monkeypatch.setattr(patches, "_photo", lambda name: coded)
        data = Patches("china", 8)
        blocks = {}
        for split in ("train", "test"):
            levels = ((data.rows(split) + 1) * 127.5).round().long()
            places = levels[:, 0] * 256 + levels[:, 1]
            rows, columns = places // 96, places % 96
            assert torch.equal(rows[:, 1:] - rows[:, :-1], torch.ones_like(rows[:, 1:]))
            assert (columns[:, :, 1:] - columns[:, :, :-1] == 1).all()
            blocks[split] = set((rows // 32 * 3 + columns // 32).flatten().tolist())
        assert blocks["train"] | blocks["test"] == set(range(6))
        assert not blocks["train"] & blocks["test"]

    def test_the_seed_decides_which_half(self):
        assert Patches("china").fingerprint() != Patches("china", split_seed=1).fingerprint()

    @pytest.mark.parametrize(
        ("source", "shape", "classes"),
        [("textures", (1536, 1, 16, 16), 3), ("moon", (512, 1, 16, 16), 1),
         ("astronaut", (512, 3, 16, 16), 1), ("chelsea", (252, 3, 16, 16), 1)],
    )  # fmt: skip
    def test_textures_are_those_of_scikit_image(self, source, shape, classes):
        pytest.importorskip("skimage")
        data = Patches(source, 16)
        assert data.rows("train").shape == data.rows("test").shape == shape
        assert (data.labels("train") is None) == (classes == 1)

    def test_a_missing_scikit_image_is_said_with_what_installs_it(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "skimage", None)
        with pytest.raises(SpecError, match=r"'grass' is in scikit-image.*ganbench\[images\]"):
            Patches("grass")


class TestMnist:
    @pytest.mark.parametrize("family", [Mnist, FashionMnist, Kmnist])
    def test_the_files_are_read_from_the_cache(self, folder, family):
        with pytest.raises(NotCachedError):
            family()
        written = write_mnist(folder / family.folder)
        data = family()
        for split, part in (("train", "train"), ("test", "t10k")):
            images, labels = written[part]
            expected = torch.from_numpy(images)[:, None].float() / 127.5 - 1
            torch.testing.assert_close(data.rows(split), expected)
            assert data.rows(split).dtype == torch.float32
            assert data.labels(split).tolist() == labels.tolist()
            assert data.labels(split).bincount().unique().tolist() == [len(images) // 10]

    @pytest.mark.parametrize("size", [8, 16, 28, 32])
    def test_other_sides(self, folder, size):
        write_mnist(folder / "mnist")
        data, whole = Mnist(size), Mnist(32)
        assert data.spec.shape == (1, size, size)
        assert torch.equal(data.project(data.rows("test")), data.rows("test"))
        if size < 28:
            means = torch.nn.functional.avg_pool2d(whole.rows("test"), 32 // size)
            assert (means - data.rows("test")).abs().max() <= 1 / 255 + 1e-6

    def test_the_wrong_side_is_refused(self, folder):
        write_mnist(folder / "mnist", side=20)
        with pytest.raises(SpecError, match=r"images-idx3-ubyte\.gz holds images of 20 x 20"):
            Mnist()

    def test_a_damaged_file_in_the_cache_is_refused(self, folder):
        write_mnist(folder / "mnist")
        write_idx(folder / "mnist/t10k-labels-idx1-ubyte.gz", pixels(20), cut=-3)
        with pytest.raises(SpecError, match="only 17 follow"):
            Mnist()

    @pytest.mark.parametrize("family", [Mnist, FashionMnist, Kmnist])
    def test_all_files_are_named_with_checksum_and_size(self, family):
        parts = [f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images", "labels")]
        assert sorted(name.rsplit("-idx")[0] for name in family.files) == sorted(parts)
        for checksum, size in family.files.values():
            assert len(bytes.fromhex(checksum)) == 32
            assert size > 4000

    def test_they_are_fetched_once_and_checked(self, tmp_path, folder, monkeypatch):
        write_mnist(tmp_path / "served")
        served = {path.name: path.read_bytes() for path in (tmp_path / "served").iterdir()}
        known = {
            name: (hashlib.sha256(content).hexdigest(), len(content))
            for name, content in served.items()
        }

        class Quiet(SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

        handler = partial(Quiet, directory=str(tmp_path / "served"))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(Mnist, "mirrors", (f"http://127.0.0.1:{server.server_port}/",))
        monkeypatch.setattr(Mnist, "files", known)
        try:
            with fetching() as used:
                fetched = Mnist()
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
        assert sorted(path.name for path in used) == sorted(served)
        assert Mnist().fingerprint() == fetched.fingerprint()


class TestStackedMnist:
    def test_each_channel_is_a_digit_of_its_own_and_the_label_their_number(self, folder):
        written = write_mnist(folder / "mnist")
        data = StackedMnist(samples=3000)
        for split, part in (("train", "train"), ("test", "t10k")):
            images, labels = written[part]
            pairs = zip(images, labels, strict=True)
            known = {image.tobytes(): int(label) for image, label in pairs}
            levels = ((data.rows(split)[:50] + 1) * 127.5).round().to(torch.uint8).numpy()
            for stack, label in zip(levels, data.labels(split)[:50].tolist(), strict=True):
                shown = [known[channel.tobytes()] for channel in stack]
                assert label == 100 * shown[0] + 10 * shown[1] + shown[2]

    def test_the_thousand_modes_are_even(self, folder):
        write_mnist(folder / "mnist")
        labels = StackedMnist(samples=20000, size=8).labels("train")
        counts = labels.bincount(minlength=1000)
        assert len(counts) == 1000
        # Pearson's statistic has mean 999 and standard deviation 45 where all are as likely.
        assert abs((counts - 20).square().sum() / 20 - 999) < 4 * 45

    def test_the_seed_decides_and_the_splits_differ(self, folder):
        write_mnist(folder / "mnist", 40, 40)
        first = StackedMnist(samples=50, size=8)
        assert first.fingerprint() == StackedMnist(samples=50, size=8).fingerprint()
        assert first.fingerprint() != StackedMnist(samples=50, size=8, seed=1).fingerprint()
        assert not torch.equal(first.labels("train"), first.labels("test"))


def write_cifar(folder, count=10, **changed):
    members = {}
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    for seed, name in enumerate(names):
        content = cifar_batch(pixels(count, 3, 32, 32, seed=seed), np.arange(count) % 10)
        members[f"cifar-10-batches-py/{name}"] = content
    members = {"cifar-10-batches-py/readme.html": b"read me", **members, **changed}
    return tar_gz(folder / "cifar10/cifar-10-python.tar.gz", members)


class TestCifar10:
    def test_the_batches_are_read_from_the_archive(self, folder):
        with pytest.raises(NotCachedError):
            Cifar10()
        write_cifar(folder)
        data = Cifar10()
        assert data.rows("train").shape == (50, 3, 32, 32)
        assert data.rows("test").shape == (10, 3, 32, 32)
        second = torch.from_numpy(pixels(10, 3, 32, 32, seed=1)).float() / 127.5 - 1
        torch.testing.assert_close(data.rows("train")[10:20], second)
        assert data.labels("train").bincount().tolist() == [5] * 10
        assert Cifar10(size=8).spec.shape == (3, 8, 8)

    def test_a_damaged_batch_is_named(self, folder):
        path = write_cifar(folder, **{"cifar-10-batches-py/data_batch_3": b"nonsense"})
        with pytest.raises(SpecError, match=f"data_batch_3 in {path} cannot be read as a pickle"):
            Cifar10()

    def test_it_says_what_it_fetches(self):
        from ganbench_images.cifar import _ARCHIVE

        assert _ARCHIVE.size == 170498071
        assert _ARCHIVE.checksum.startswith("sha256:6d958be0745778")
