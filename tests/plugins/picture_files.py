"""Tiny files in the forms in which images are published."""

import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
from PIL import Image


def pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=shape, dtype=np.uint8)


def idx_bytes(array, magic=None):
    head = bytes([0, 0, 8, array.ndim]) if magic is None else magic
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_idx(path, array, magic=None, extra=b"", cut=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress((idx_bytes(array, magic) + extra)[:cut]))
    return path


def write_mnist(folder, train=40, test=20, side=28):
    """Write the four files of MNIST, with classes in turn, and return what they hold."""
    written = {}
    for seed, (part, count) in enumerate({"train": train, "t10k": test}.items()):
        images = pixels(count, side, side, seed=seed)
        labels = np.arange(count, dtype=np.uint8) % 10
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)
        written[part] = images, labels
    return written


def cifar_batch(images, labels):
    """Pickle a batch as Python 2 and its numpy did: texts are bytes, by opcodes U and T."""
    data = images.reshape(len(images), -1)
    kind = b"cnumpy\ndtype\n" + _text(b"u1") + b"K\x00K\x01\x87R"
    kind += b"(K\x03" + _text(b"|") + b"NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\x00tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + _text(b"b")
    array += b"\x87R(K\x01" + _number(data.shape[0]) + _number(data.shape[1]) + b"\x86" + kind
    array += b"\x89" + _text(data.tobytes()) + b"tb"
    listed = b"](" + b"".join(_number(int(label)) for label in labels) + b"e"
    pairs = {b"batch_label": _text(b"a batch"), b"labels": listed, b"data": array}
    return b"\x80\x02}(" + b"".join(_text(k) + v for k, v in pairs.items()) + b"u."


def _text(content):
    short = len(content) < 256
    return (b"U" + bytes([len(content)]) if short else b"T" + _four(len(content))) + content


def _number(value):
    return b"J" + _four(value)


def _four(value):
    return struct.pack("<i", value)


def tar_gz(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def picture(array, kind="PNG"):
    """Encode (h, w) or (h, w, 3) levels."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind)
    return file.getvalue()


def write_pictures(folder, pictures):
    """Write pictures, name -> levels; the suffix says in which form."""
    for name, array in pictures.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path)
    return folder
