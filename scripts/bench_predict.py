"""Time predictions of a large file: `bntrain predict` beside a script with polars and onnxruntime.

    pip install numpy==2.4.6 onnxruntime==1.32.0 polars==2.1.0
    python scripts/bench_predict.py
    python scripts/bench_predict.py --rows 20000 --columns 10 --hidden 32,32 --repeats 2
    python scripts/bench_predict.py --binary target/release/bntrain

A file of random numbers, 7 classes and no missing values, and a small model trained on its first
rows are made in a temporary folder and removed at the end. Both sides read the file, predict the class
of each row with its probabilities, and write them as CSV. They take turns, each as a process of its own;
memory is the peak of the process. The two must agree in the class of nearly every row.

Needs Linux, for the peak memory of a process.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLASSES = 7
TRAINED_ROWS = 5000
BATCH = 8192
CONFIG = """
[data]
path = "train.csv"
label = "kind"

[model]
hidden = [{hidden}]
norm = "batch_norm"
activation = "relu"

[optimizer]
type = "adam"
learning_rate = 1e-3

[training]
epochs = 1
batch_size = 128
seed = 1
"""


def main():
    if sys.argv[1:2] == ["--beside"]:
        return predict_beside(*sys.argv[2:])
    options = arguments()
    binary = Path(options.binary or build()).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        size = write_data(folder, options.rows, options.columns)
        make_model(binary, folder, options.hidden)
        sides = {
            "bntrain predict": [
                *[binary, "predict", "model.safetensors", "--data", "data.csv"],
                *["-o", "ours.csv", "--force", "-q"],
            ],
            "polars and onnxruntime": [
                *[sys.executable, Path(__file__).resolve()],
                *["--beside", "model.onnx", "data.csv", "beside.csv"],
            ],
        }
        print(f"{options.rows:,} rows of {options.columns} columns, {size / 1e6:.1f} MB\n")
        print("| | seconds | MB/s | memory, MB |")
        print("|---|---:|---:|---:|")
        for _ in range(options.repeats):
            for name, command in sides.items():
                seconds, memory = run(command, folder)
                print(f"| {name} | {seconds:.2f} | {size / 1e6 / seconds:.0f} | {memory / 1e6:.0f} |", flush=True)
        compare(folder)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=54)
    parser.add_argument("--hidden", default="256,256", help="units of the hidden layers")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--binary", help="built with --release by default")
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return ROOT / "target/release/bntrain"


def write_data(folder, rows, columns):
    """The file to be predicted, and its first rows with a class; returns the size of the former."""
    source = random.Random(1)
    names = ",".join(f"x{place}" for place in range(columns))
    path = folder / "data.csv"
    with path.open("w") as data, (folder / "train.csv").open("w") as train:
        data.write(names + "\n")
        train.write(names + ",kind\n")
        for row in range(rows):
            values = [source.gauss(0.0, 1.0) for _ in range(columns)]
            text = ",".join(f"{value:.6f}" for value in values)
            data.write(text + "\n")
            if row < TRAINED_ROWS:
                train.write(f"{text},class {values.index(max(values[:CLASSES]))}\n")
    return path.stat().st_size


def make_model(binary, folder, hidden):
    (folder / "config.toml").write_text(CONFIG.format(hidden=hidden))
    quiet = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([binary, "--config", "config.toml", "--out", "run", "-q"], **quiet)
    [model] = (folder / "run").rglob("model.safetensors")
    model.rename(folder / "model.safetensors")
    subprocess.run([binary, "export", "model.safetensors", "--to", "onnx", "-o", "model.onnx", "-q"], **quiet)


def run(command, folder):
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(map(str, command))}")
    return time.perf_counter() - begin, 1024 * usage.ru_maxrss


def predict_beside(model, data, out):
    """What a user would write: all of the file at once, rows through the graph in large batches."""
    import json

    import numpy
    import onnxruntime
    import polars

    session = onnxruntime.InferenceSession(model)
    about = session.get_modelmeta().custom_metadata_map
    classes = json.loads(about["classes"])
    numbers = polars.read_csv(data).select(json.loads(about["numbers"])).to_numpy()

    def probabilities_of(batch):
        return session.run(["probabilities"], {"numbers": numpy.ascontiguousarray(batch, dtype=float)})[0]

    starts = range(0, len(numbers), BATCH)
    probabilities = numpy.concatenate([probabilities_of(numbers[start : start + BATCH]) for start in starts])
    table = {"prediction": numpy.array(classes)[probabilities.argmax(axis=1)]}
    table.update((f"probability {name}", probabilities[:, place]) for place, name in enumerate(classes))
    polars.DataFrame(table).write_csv(out)


def compare(folder):
    """Exits if the two sides differ in the class of more than one row in a thousand."""
    with (folder / "ours.csv").open() as ours, (folder / "beside.csv").open() as beside:
        pairs = [(one.split(",")[0], other.split(",")[0]) for one, other in zip(ours, beside, strict=True)][1:]
    different = sum(one != other for one, other in pairs)
    if different > len(pairs) / 1000:
        raise SystemExit(f"the predictions differ in {different} of {len(pairs)} rows")
    print(f"\nthe same class in all but {different} of {len(pairs):,} rows")


if __name__ == "__main__":
    main()
