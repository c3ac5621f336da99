#!/usr/bin/env python3
"""Convert the original files of MNIST and CIFAR-10 into CSV files for `bntrain reproduce --images`.

    python3 scripts/convert_images.py FOLDER OUT

FOLDER has MNIST's IDX files (train-images-idx3-ubyte, train-labels-idx1-ubyte, .gz or not), or CIFAR-10's
"python version" (data_batch_1 and so on, or cifar-10-python.tar.gz), or both. They are at

    https://ossci-datasets.s3.amazonaws.com/mnist/
    https://www.cs.toronto.edu/~kriz/cifar.html

OUT gets

    mnist.csv           the 60,000 training images, black and white as in Ioffe and Szegedy 2015
    cifar10_2000.csv    the first 2,000 training images: the course trains on 1,000 and validates on others

Each row has the pixels and then the label. Nothing but the standard library is needed.
"""

import gzip
import io
import pickle
import struct
import sys
import tarfile
from pathlib import Path


def read(folder, name):
    """The bytes of a file, compressed or not; None if it is not there."""
    for path in [folder / name, folder / f"{name}.gz"]:
        if path.is_file():
            data = path.read_bytes()
            return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return None


def idx(data, name):
    """The numbers of an IDX file and the number of them in each entry."""
    zero, kind, dimensions = struct.unpack(">HBB", data[:4])
    if zero != 0 or kind != 8:
        sys.exit(f"{name} is not an IDX file of bytes")
    sizes = struct.unpack(f">{dimensions}I", data[4 : 4 + 4 * dimensions])
    numbers = data[4 + 4 * dimensions :]
    size = 1
    for length in sizes[1:]:
        size *= length
    if len(numbers) != sizes[0] * size:
        sys.exit(f"{name} has {len(numbers)} bytes, but declares {sizes[0]} entries of {size}")
    return numbers, size


def write(path, rows):
    """Rows of pixels and a label; the first one says how many pixels there are."""
    count = 0
    with path.open("w", newline="") as file:
        for pixels, label in rows:
            if count == 0:
                file.write(",".join(f"p{index}" for index in range(len(pixels))) + ",label\n")
            file.write(",".join(map(str, pixels)) + f",{label}\n")
            count += 1
    print(f"{path}: {count} rows")


def mnist(folder):
    images = read(folder, "train-images-idx3-ubyte")
    labels = read(folder, "train-labels-idx1-ubyte")
    if images is None or labels is None:
        return None
    (images, size), (labels, _) = idx(images, "train-images-idx3-ubyte"), idx(labels, "train-labels-idx1-ubyte")
    return (
        ([int(pixel > 127) for pixel in images[size * row : size * (row + 1)]], label)
        for row, label in enumerate(labels)
    )


class Plain(pickle.Unpickler):
    """Of CIFAR-10's pickles, only what is needed to read an array of bytes: a pickle could run any code."""

    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): lambda *_: Bytes(),
        ("numpy", "ndarray"): object,
        ("numpy", "dtype"): lambda *_: Ignored(),
        ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),
    }

    def find_class(self, module, name):
        if (module, name) in self.ALLOWED:
            return self.ALLOWED[(module, name)]
        raise pickle.UnpicklingError(f"{module}.{name} is not part of CIFAR-10")


class Ignored:
    def __setstate__(self, state):
        pass


class Bytes:
    def __setstate__(self, state):
        self.shape, self.data = state[1], state[4]


def cifar10(folder, count):
    batch = read(folder, "data_batch_1") or read(folder / "cifar-10-batches-py", "data_batch_1")
    archive = folder / "cifar-10-python.tar.gz"
    if batch is None and archive.is_file():
        with tarfile.open(archive) as tar:
            batch = tar.extractfile("cifar-10-batches-py/data_batch_1").read()
    if batch is None:
        return None
    batch = Plain(io.BytesIO(batch), encoding="bytes").load()
    pixels, labels = batch[b"data"], batch[b"labels"]
    size = pixels.shape[1]
    return ((pixels.data[size * row : size * (row + 1)], labels[row]) for row in range(count))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    found = {"mnist.csv": mnist(folder), "cifar10_2000.csv": cifar10(folder, 2000)}
    if not any(found.values()):
        sys.exit(f"{folder} has neither the files of MNIST nor those of CIFAR-10\n{__doc__}")
    for name, rows in found.items():
        if rows is not None:
            write(out / name, rows)


if __name__ == "__main__":
    main()
