"""Write the CSV files in data/ and their checksums, data/SHA256SUMS.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python scripts/make_data.py            # writes the files
    python scripts/make_data.py --check    # writes nothing; exit code 1 if anything differs

Running it twice gives the same bytes. `--check` makes every file again in memory and compares it
with data/SHA256SUMS, and the file in data/ too. Nothing is downloaded: scikit-learn brings its
data sets along.
"""

import argparse
import hashlib
import math
import re
import sys
from pathlib import Path

import numpy as np
from sklearn import datasets

DATA = Path(__file__).resolve().parent.parent / "data"
SUMS = DATA / "SHA256SUMS"

SPIRAL_SEED = 231
TINY_SEED = 7


def generator(seed):
    """PCG64 by name, because `default_rng` may come to mean another generator."""
    return np.random.Generator(np.random.PCG64(seed))


def number(value):
    """The shortest decimal that reads back as the same f64: no exponent, no trailing `.0`."""
    return np.format_float_positional(value, trim="-")


def csv(header, features, labels):
    """UTF-8 bytes of a CSV file: the label is the last column, lines end in LF."""
    lines = [",".join(header)]
    for row, label in zip(features, labels, strict=True):
        lines.append(",".join([*map(number, row), label]))
        assert len(row) + 1 == len(header)
    return ("\n".join(lines) + "\n").encode()


def snake_case(name):
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def from_scikit_learn(bunch, label, header=None):
    names = header or [snake_case(name) for name in bunch.feature_names]
    classes = [str(name) for name in bunch.target_names]
    return csv([*names, label], bunch.data, [classes[k] for k in bunch.target])


def digits():
    pixels = [f"p{row}_{col}" for row in range(8) for col in range(8)]
    return from_scikit_learn(datasets.load_digits(), "digit", pixels)


def iris():
    header = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    return from_scikit_learn(datasets.load_iris(), "species", header)


def wine():
    return from_scikit_learn(datasets.load_wine(), "cultivar")


def breast_cancer():
    return from_scikit_learn(datasets.load_breast_cancer(), "diagnosis")


def spiral():
    """Three arms of 100 points, as in the CS231n notes (neural-networks-case-study)."""
    rng = generator(SPIRAL_SEED)
    n = 100
    points, arms = [], []
    for j, arm in enumerate("abc"):
        radius = np.linspace(0, 1, n)
        theta = np.linspace(4 * j, 4 * (j + 1), n) + 0.2 * rng.standard_normal(n)
        for r, t in zip(radius, theta):
            # Six decimals: far coarser than the differences between C libraries in sin and cos.
            points.append([round(r * math.sin(t), 6), round(r * math.cos(t), 6)])
            arms.append(arm)
    return csv(["x", "y", "arm"], np.array(points) + 0.0, arms)  # + 0.0 turns -0 into 0


def tiny():
    """Three kinds of parts, 20 each: their centres lie many standard deviations apart."""
    rng = generator(TINY_SEED)
    spread = np.array([1.0, 0.5, 5.0])
    centres = {"bolt": [10, 8, 60], "nut": [20, 8, 20], "washer": [20, 2, 60]}
    points, kinds = [], []
    for _ in range(20):
        for kind, centre in centres.items():
            points.append(np.round(centre + spread * rng.standard_normal(3), 2))
            kinds.append(kind)
    return csv(["width", "height", "mass", "kind"], points, kinds)


def main():
    parser = argparse.ArgumentParser(description="Write the CSV files in data/ and SHA256SUMS.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check

    makers = [breast_cancer, digits, iris, spiral, tiny, wine]
    files = {f"{maker.__name__}.csv": maker() for maker in makers}
    # The format of the sha256sum program: `cd data && sha256sum -c SHA256SUMS` works as well.
    sums = "".join(f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in files.items())

    if check:
        on_disk = {**files, SUMS.name: sums.encode()}
        wrong = [name for name, text in on_disk.items()
                 if not (DATA / name).is_file() or (DATA / name).read_bytes() != text]
        for name in wrong:
            print(f"data/{name} is missing or differs from what this script makes")
        sys.exit(1 if wrong else 0)

    DATA.mkdir(exist_ok=True)
    for name, text in files.items():
        (DATA / name).write_bytes(text)
    SUMS.write_bytes(sums.encode())
    print(f"wrote {len(files)} files and {SUMS.name}")


if __name__ == "__main__":
    main()
