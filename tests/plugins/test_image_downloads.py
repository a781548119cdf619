"""Image sets that are fetched: read from the cache, checked, damaged."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from picture_files import cifar_batch, pixels, tar_gz, write_idx, write_mnist

from ganbench.api import NotCachedError, SpecError
from ganbench.cache import fetching
from ganbench_images import Cifar10, FashionMnist, Kmnist, Mnist, StackedMnist


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


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
        with pytest.raises(
            SpecError, match=r"only 17 follow\..* `ganbench fetch --again mnist`\.$"
        ):
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
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(SpecError, match=r"tar file: .*\. Make .*--again cifar10`\.$"):
            Cifar10()

    def test_it_says_what_it_fetches(self):
        from ganbench_images.cifar import _ARCHIVE

        assert _ARCHIVE.size == 170498071
        assert _ARCHIVE.checksum.startswith("sha256:6d958be0745778")
