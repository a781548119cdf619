"""Finite image sets: scaling, splits, classes; those that ship with packages."""

import hashlib
import sys

import numpy as np
import pytest
import torch
from picture_files import pixels

from ganbench.api import SpecError
from ganbench_images import Digits, Patches, patches, sets
from ganbench_images.scaling import padded, shrunk
from ganbench_images.sets import ImageSet


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


def test_the_fingerprint_follows_labels():
    images = {"train": pixels(3, 1, 2, 2), "test": pixels(3, 1, 2, 2, seed=1)}
    labels = {"train": np.array([0, 1, 2]), "test": np.array([0, 1, 2])}
    for split in ("train", "test"):
        others = labels | {split: np.array([0, 2, 1])}
        assert ImageSet(images, labels).fingerprint() != ImageSet(images, others).fingerprint()
    assert ImageSet(images, labels).fingerprint() != ImageSet(images).fingerprint()


def test_images_beyond_the_bound_are_only_drawn(monkeypatch):
    data = Digits()
    drawn, size = data.sample(20, "train", rng(3)), data.rows("train").numel()
    fingerprint = data.fingerprint()
    monkeypatch.setattr(sets, "_MOST_VALUES", size)
    assert data.rows("train").shape[0] == 898
    monkeypatch.setattr(sets, "_MOST_VALUES", size - 1)
    assert data.rows("train") is None
    assert data.labels("train") is None, "labels belong to rows"
    scaled, scale = [], data._scaled
    monkeypatch.setattr(data, "_scaled", lambda x: scaled.append(len(x)) or scale(x))
    assert torch.equal(data.sample(20, "train", rng(3)), drawn)
    assert scaled == [20], "only what is drawn is scaled"
    assert data.fingerprint() == fingerprint


def test_the_digits_stay_the_same():
    rows = torch.cat([Digits().rows("train"), Digits().rows("test")])
    assert hashlib.sha256(rows.numpy().tobytes()).hexdigest()[:16] == "4deea46f2b025112"
    assert Digits().fingerprint() == "181fa7e6cf280428"
    assert Digits(split_seed=3).fingerprint() == "42cb7a634377be12"


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
