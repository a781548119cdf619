"""Pictures of the user's own: folders, zip files, and CelebA."""

import io
import os
import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from picture_files import picture, pixels, write_pictures, zipped
from PIL import Image

from ganbench.api import NotCachedError, SpecError
from ganbench.cache import fetching
from ganbench_images import CelebA, ImageFolder
from ganbench_images.pictures import decoded


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_DATA", str(tmp_path / "data"))


def levels(rows):
    return ((rows + 1) * 127.5).round().to(torch.uint8).numpy()


def a_folder(path, count=6, shape=(8, 8, 3), prefix=""):
    return write_pictures(path, {f"{prefix}{i}.png": pixels(*shape, seed=i) for i in range(count)})


class TestImageFolder:
    def test_pictures_are_read_without_loss_and_divided_into_halves(self, tmp_path):
        data = ImageFolder(str(a_folder(tmp_path / "f")))
        seen = np.concatenate([levels(data.rows(split)) for split in ("train", "test")])
        where = np.concatenate([data.positions["train"], data.positions["test"]])
        for position, image in zip(where, seen, strict=True):
            assert np.array_equal(image, pixels(8, 8, 3, seed=int(position)).transpose(2, 0, 1))
        assert len(data.rows("train")) == len(data.rows("test")) == 3
        assert data.labels("train") is None
        assert torch.equal(data.project(data.rows("test")), data.rows("test"))

    def test_subfolders_are_classes(self, tmp_path):
        for name in ("dog", "cat", "deep/er"):
            a_folder(tmp_path / "f", 4, prefix=f"{name}/")
        data = ImageFolder(str(tmp_path / "f"))
        assert data.classes == ["cat", "deep", "dog"]
        labels = torch.cat([data.labels("train"), data.labels("test")])
        assert labels.bincount().tolist() == [4, 4, 4]

    def test_train_and_test_folders_are_the_split(self, tmp_path):
        a_folder(tmp_path / "f", 5, prefix="train/a/")
        a_folder(tmp_path / "f", 3, prefix="test/b/")
        data = ImageFolder(str(tmp_path / "f"))
        assert data.classes == ["a", "b"]
        assert data.labels("train").tolist() == [0] * 5
        assert data.labels("test").tolist() == [1] * 3

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM"])
    def test_every_kind_of_file_is_read(self, tmp_path, kind):
        array = np.full((16, 16, 3), 90, np.uint8)
        for i in range(2):
            (tmp_path / f"{i}.{kind.lower()}").write_bytes(picture(array, kind))
        seen = levels(ImageFolder(str(tmp_path)).rows("train"))
        assert np.abs(seen.astype(int) - 90).max() <= (2 if kind in ("JPEG", "WEBP") else 0)

    def test_a_zip_file_is_read_as_its_folder(self, tmp_path):
        folder = a_folder(tmp_path / "f", prefix="a/")
        members = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*.png")
        }
        extra = {"__MACOSX/a/._0.png": b"?", ".hidden.png": b"?", "readme.txt": b"?"}
        path = zipped(tmp_path / "f.zip", members | extra)
        assert ImageFolder(str(path)).fingerprint() == ImageFolder(str(folder)).fingerprint()

    def test_a_side_crops_the_middle_and_scales_it(self, tmp_path):
        wide = np.zeros((10, 30, 3), np.uint8)
        wide[:, 10:20] = 200
        write_pictures(
            tmp_path, {"a.png": wide, "b.png": wide[:, 10:20].repeat(3, 0).repeat(3, 1)}
        )
        data = ImageFolder(str(tmp_path), size=5)
        for split in ("train", "test"):
            assert (levels(data.rows(split)) == 200).all()

    def test_channels_convert(self, tmp_path):
        write_pictures(tmp_path, {"a.png": pixels(8, 8), "b.png": pixels(8, 8, 3)})
        grey, colour = ImageFolder(str(tmp_path), channels=1), ImageFolder(str(tmp_path))
        assert grey.spec.shape == (1, 8, 8)
        assert colour.spec.shape == (3, 8, 8)

    def test_pictures_that_are_not_square_are_taken(self, tmp_path):
        assert ImageFolder(str(a_folder(tmp_path, shape=(6, 9)))).spec.shape == (3, 6, 9)

    def test_a_photograph_is_turned_upright(self):
        file, exif = io.BytesIO(), Image.Exif()
        exif[0x0112] = 6  # to be turned by 90 degrees
        Image.fromarray(pixels(4, 6, 3)).save(file, "PNG", exif=exif)
        turned = decoded("a.png", file.getvalue(), None, 3)
        assert np.array_equal(turned, np.rot90(pixels(4, 6, 3), -1).transpose(2, 0, 1))


class TestBadFolders:
    def refused(self, path, message, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(SpecError, match=message):
                ImageFolder(str(path), **options)

    def test_a_missing_folder(self, tmp_path):
        self.refused(tmp_path / "none", r"none does not exist\.$")

    def test_an_empty_folder(self, tmp_path):
        (tmp_path / "notes.txt").write_text("no picture")
        self.refused(tmp_path, r"has no pictures, that is files that end in \.bmp, ")

    def test_a_file_that_is_neither(self, tmp_path):
        (tmp_path / "notes.txt").write_text("no picture")
        self.refused(tmp_path / "notes.txt", r"notes\.txt cannot be read as a zip file")

    def test_mixed_sizes_name_two_files_and_their_sizes(self, tmp_path):
        write_pictures(tmp_path, {"a.png": pixels(8, 8), "b.png": pixels(8, 9)})
        self.refused(
            tmp_path,
            r"^The images differ in size: .*a\.png has 8 x 8, .*b\.png has 8 x 9; give `size`",
        )
        assert ImageFolder(str(tmp_path), size=8).spec.shape == (3, 8, 8)

    @pytest.mark.parametrize("cut", [0, 10, 60, -300])
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
    def test_a_damaged_picture_is_named(self, tmp_path, kind, cut):
        content = picture(pixels(40, 40, 3), kind)
        (tmp_path / "a.png").write_bytes(content)
        (tmp_path / "b.png").write_bytes(content[:cut])
        self.refused(tmp_path, r"b\.png cannot be read: ")

    def test_something_else_with_the_name_of_a_picture(self, tmp_path):
        (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
        self.refused(tmp_path, r"a\.jpg cannot be read: it is no image of a known kind")

    @pytest.mark.parametrize("side", [9000, 30000, 2**31 - 1])
    def test_absurd_sizes_are_refused_before_they_are_decoded(self, tmp_path, side):
        head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")]
        content = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        (tmp_path / "a.png").write_bytes(content)
        self.refused(tmp_path, r"a\.png (claims to have 9000 x 9000|cannot be read)", size=8)

    def test_too_many_large_pictures_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr("ganbench_images.pictures._MOST_BYTES", 1000)
        self.refused(a_folder(tmp_path), "6 images of 8 x 8 pixels do not fit into memory")

    def test_more_than_eight_bits(self, tmp_path):
        write_pictures(tmp_path, {"a.png": np.full((8, 8), 4000, np.uint16)})
        self.refused(tmp_path, r"a\.png has more than eight bits a value")

    def test_classes_for_some_only(self, tmp_path):
        a_folder(tmp_path, 2)
        a_folder(tmp_path, 2, prefix="dog/")
        self.refused(
            tmp_path, r"with a class, such as dog/0\.png, and without one, such as 0\.png"
        )

    def test_a_single_picture(self, tmp_path):
        self.refused(a_folder(tmp_path / "f", 1), r"f has a single picture; at least two are need")

    def test_a_zip_file_that_leaves_its_folder(self, tmp_path):
        path = zipped(tmp_path / "f.zip", {"../a.png": picture(pixels(8, 8))})
        self.refused(path, r"f\.zip is refused: its member '\.\./a\.png' lies outside")


def faces(path, names=("000001", "162770", "162771", "182637", "182638", "202599")):
    return write_pictures(path, {f"{n}.jpg": pixels(218, 178, 3, seed=int(n)) for n in names})


class TestCelebA:
    def test_the_split_is_by_number_and_the_middle_is_scaled(self, tmp_path):
        folder = faces(tmp_path / "img_align_celeba")
        with pytest.raises(NotCachedError):
            CelebA(str(folder))
        with fetching() as used:
            data = CelebA(str(folder), size=16)
        assert len(used) == 2
        assert data.spec.shape == (3, 16, 16)
        assert data.numbers == {"train": ["000001.jpg", "162770.jpg"],
                                "test": ["182638.jpg", "202599.jpg"]}  # fmt: skip
        middle = Image.open(folder / "162770.jpg").crop((0, 20, 178, 198))
        expected = np.asarray(middle.resize((16, 16), Image.Resampling.LANCZOS))
        assert np.array_equal(levels(data.rows("train"))[1], expected.transpose(2, 0, 1))

    def test_decoded_images_are_kept(self, tmp_path, monkeypatch):
        folder = faces(tmp_path / "img_align_celeba")
        with fetching():
            first = CelebA(str(folder), size=8)
        monkeypatch.setattr("ganbench_images.celeba.stacked", lambda *_: pytest.fail("again"))
        assert CelebA(str(folder), size=8).fingerprint() == first.fingerprint()
        with pytest.raises(NotCachedError):
            CelebA(str(folder), size=16)

    def test_changed_pictures_are_not_taken_from_the_cache(self, tmp_path):
        folder = faces(tmp_path / "img_align_celeba")
        with fetching():
            first = CelebA(str(folder), size=8)
        changed = folder / "000001.jpg"
        dates = changed.stat().st_atime_ns, changed.stat().st_mtime_ns
        os.utime(changed, ns=(dates[0], dates[1] + 10**9))
        with pytest.raises(NotCachedError):
            CelebA(str(folder), size=8)
        os.utime(changed, ns=dates)
        assert CelebA(str(folder), size=8).fingerprint() == first.fingerprint()
        changed.write_bytes(picture(pixels(218, 178, 3, seed=9)) + b"!")
        os.utime(changed, ns=dates)
        with pytest.raises(NotCachedError):
            CelebA(str(folder), size=8)

    def test_a_changed_zip_file_is_not_taken_from_the_cache(self, tmp_path):
        folder = faces(tmp_path / "f")
        members = {f"img_align_celeba/{p.name}": p.read_bytes() for p in folder.iterdir()}
        path = zipped(tmp_path / "img_align_celeba.zip", members)
        with fetching():
            CelebA(str(path), size=8)
        CelebA(str(path), size=8)
        members["img_align_celeba/000001.jpg"] = members["img_align_celeba/162770.jpg"]
        zipped(path, members)
        with pytest.raises(NotCachedError):
            CelebA(str(path), size=8)

    def test_the_zip_file_gives_the_same(self, tmp_path):
        folder = faces(tmp_path / "img_align_celeba")
        members = {f"img_align_celeba/{p.name}": p.read_bytes() for p in folder.iterdir()}
        path = zipped(tmp_path / "img_align_celeba.zip", members)
        with fetching():
            prints = [CelebA(str(each), size=8).fingerprint() for each in (path, folder)]
        assert prints[0] == prints[1]

    def test_a_part_of_it_is_refused(self, tmp_path):
        folder = faces(tmp_path / "f", names=("000001", "000002"))
        with pytest.raises(SpecError, match="is not img_align_celeba, whose pictures are named"):
            CelebA(str(folder))

    @pytest.mark.parametrize("damage", [b"", b"nonsense", None])
    def test_damage_in_the_cache_is_said_with_what_mends_it(self, tmp_path, damage):
        folder = faces(tmp_path / "img_align_celeba")
        with fetching() as used:
            CelebA(str(folder), size=8)
        if damage is None:
            np.save(used[0], np.zeros((1, 3, 8, 8), np.uint8))
        else:
            used[0].write_bytes(damage)
        wanted = rf"fetch --again .celeba\(path=.*{folder}.*, size=8\).`\.$"
        with pytest.raises(SpecError, match=wanted) as caught:
            CelebA(str(folder), size=8)
        assert str(caught.value).startswith(str(used[0]))

    def test_nothing_is_kept_of_a_damaged_copy(self, tmp_path):
        folder = faces(tmp_path / "f")
        (folder / "162770.jpg").write_bytes(b"no picture")
        with fetching(), pytest.raises(SpecError, match=r"162770\.jpg cannot be read: [^.]*\.$"):
            CelebA(str(folder), size=8)
        assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
