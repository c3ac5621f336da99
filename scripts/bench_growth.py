"""Time whole jobs of bntrain: growing files, and many runs on more cores; print two tables.

    python scripts/bench_growth.py
    python scripts/bench_growth.py --rows 1000,1000000 --repeats 5
    python scripts/bench_growth.py --binary target/release/bntrain

The files are made of random numbers in a temporary folder, 21 columns with six digits, and removed
at the end. Needs Linux, for the peak memory of a process, and nothing but Python.

growth: one epoch of 20-64-64-2 with batch norm, batches of 256. `read` is all that is neither
training nor evaluation: starting, reading, splitting, scaling, writing. Memory is the peak of the
process, less what it needs for a file of 100 rows.

many runs: one comparison, two norms by some seeds, with one thread and with more. Every time is the
best of some repeats; the thread counts take turns.
"""

import argparse
import csv
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FEATURES = 20
CONFIG = """
[data]
path = "data.csv"
label = "label"
scale = "standardize"

[model]
hidden = [64, 64]
norm = "batch_norm"
activation = "relu"

[optimizer]
type = "adam"
learning_rate = 1e-3

[training]
epochs = 1
batch_size = 256
seed = 1
"""


def main():
    options = arguments()
    binary = options.binary or build()
    with tempfile.TemporaryDirectory() as folder:
        growth(binary, Path(folder), [int(rows) for rows in options.rows.split(",")], options.repeats)
    print()
    with tempfile.TemporaryDirectory() as folder:
        threads = [int(count) for count in options.threads.split(",")]
        many_runs(binary, Path(folder), threads, options.seeds, options.repeats)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", default="1000,10000,100000,1000000")
    parser.add_argument("--threads", default=f"1,{os.cpu_count()}")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--binary", help="built with --release by default")
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    return ROOT / "target/release/bntrain"


def growth(binary, folder, counts, repeats):
    print("| rows | file, MB | all, s | read, us/row | train, us/row | evaluate, us/row | memory, bytes/row |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    write_data(folder, 100)
    base = min(run(binary, folder, []).memory for _ in range(repeats))
    for rows in counts:
        size = write_data(folder, rows)
        best = min((run(binary, folder, []) for _ in range(repeats)), key=lambda job: job.seconds)
        read = best.seconds - best.train - best.evaluate
        times = " | ".join(f"{1e6 * seconds / rows:.2f}" for seconds in (read, best.train, best.evaluate))
        memory = (best.memory - base) / rows
        print(f"| {rows:,} | {size / 1e6:.1f} | {best.seconds:.3f} | {times} | {memory:.0f} |")


def many_runs(binary, folder, thread_counts, seeds, repeats):
    write_data(folder, 5000)
    runs = 2 * seeds
    extra = ["--epochs", "5", "--set", f"compare.seeds={seeds}", "--set", 'compare.norms=["batch_norm", "none"]']
    best = dict.fromkeys(thread_counts, float("inf"))
    for _ in range(repeats):
        for count in thread_counts:
            job = run(binary, folder, [*extra, "--threads", str(count)])
            best[count] = min(best[count], job.seconds)
    print(f"| threads | {runs} runs, s | times as fast as with {thread_counts[0]} |")
    print("|---:|---:|---:|")
    for count in thread_counts:
        print(f"| {count} | {best[count]:.3f} | {best[thread_counts[0]] / best[count]:.2f} |")


def write_data(folder, rows):
    """Two classes, separated by a sum of some columns; returns the size of the file."""
    source = random.Random(1)
    (folder / "config.toml").write_text(CONFIG)
    path = folder / "data.csv"
    with path.open("w") as file:
        file.write(",".join(f"x{place}" for place in range(FEATURES)) + ",label\n")
        for _ in range(rows):
            values = [source.gauss(0.0, 1.0) for _ in range(FEATURES)]
            label = "yes" if sum(values[:5]) > 0.0 else "no"
            file.write(",".join(f"{value:.6f}" for value in values) + f",{label}\n")
    return path.stat().st_size


class Job:
    """What one process took: seconds in all and in its parts, bytes at its peak."""

    def __init__(self, seconds, memory, train, evaluate):
        self.seconds, self.memory, self.train, self.evaluate = seconds, memory, train, evaluate


def run(binary, folder, extra):
    out = folder / "run"
    command = [binary, "--config", folder / "config.toml", "--out", out, "--force", "-q", *extra]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status:
        raise SystemExit(f"bntrain failed: {' '.join(map(str, command))}")
    with (out / "metrics.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    return Job(seconds, 1024 * usage.ru_maxrss, float(last["train_seconds"]), float(last["eval_seconds"]))


if __name__ == "__main__":
    main()
