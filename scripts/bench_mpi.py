#!/usr/bin/env python3
"""Measures how much of a training step processes of MPI wait in exchanges, on this machine.

    cargo build --release --features mpi --bin bntrain
    python3 scripts/bench_mpi.py target/release/bntrain [--only wide] [--ranks 1,2,4] [--steps 40]

The networks are those of benches/workloads.toml with batch norm, and 4096-4096-10 with batches of 8192 rows; random data;
8 blocks; one thread for each process. Needs mpirun and mpicc. What is measured is described in scripts/mpi_times.c; figures
are medians over all steps of all processes. Waiting is all of the time in exchanges: copying, too, and for processes
that the machine had no core for.
"""

import argparse
import csv
import os
import random
import statistics
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
BLOCKS = 8
LARGE = {"name": "large", "widths": [4096, 4096, 10], "batch_size": 8192, "optimizer": "adam"}
MPIRUN = ["mpirun", "--oversubscribe", "--allow-run-as-root", "--bind-to", "none"]


def workloads():
    with open(SCRIPTS.parent / "benches" / "workloads.toml", "rb") as file:
        return [*tomllib.load(file)["workload"], LARGE]


def write_data(path, network, rows):
    """Random digits; they need few bytes and are as good as other numbers."""
    random.seed(0)
    digits = bytes(ord("0") + value % 10 for value in range(256))
    features, classes = network["widths"][0], network["widths"][-1]
    with open(path, "w") as file:
        file.write(",".join([*(f"x{column}" for column in range(features)), "kind"]) + "\n")
        for row in range(rows):
            # Every class occurs.
            kind = row if row < classes else random.randrange(classes)
            file.write(",".join(random.randbytes(features).translate(digits).decode()) + f",k{kind}\n")


def write_config(path, data, network):
    path.write_text(f"""
[data]
path = "{data}"
label = "kind"
[model]
hidden = {network["widths"][1:-1]}
norm = "batch_norm"
[training]
epochs = 1
batch_size = {network["batch_size"]}
blocks = {BLOCKS}
eval_rows = 1
checkpoint = "off"
[optimizer]
type = "{network["optimizer"]}"
learning_rate = 0.001
""")


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}")
    return done.stdout


def of_one(program, config, out, steps):
    """Microseconds for a step of a single process; the first one is in it."""
    run([program, config, "--quiet", "--threads", "1", "--out", out])
    with open(out / "metrics.csv") as file:
        seconds = [float(row["train_seconds"]) for row in csv.DictReader(file)]
    return 1e6 * max(seconds) / steps


def of_several(program, config, out, ranks, tensors, library):
    """What each step of each process took, see scripts/mpi_times.c."""
    times = out.parent / "times"
    variables = ["-x", f"LD_PRELOAD={library}", "-x", f"MPI_TIMES_OUT={times}", "-x", f"MPI_TIMES_TENSORS={tensors}"]
    run([*MPIRUN, "-n", str(ranks), *variables, program, config, "--quiet", "--threads", "1", "--out", out])
    lines = []
    for rank in range(ranks):
        file = Path(f"{times}.{rank}")
        lines += [[int(number) for number in line.split()] for line in file.read_text().splitlines()]
        file.unlink()
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--only", default="", help="networks whose name contains this")
    parser.add_argument("--ranks", default="1,2,4")
    parser.add_argument("--steps", type=int, default=0, help="3 for the large network, 40 for others by default")
    options = parser.parse_args()
    program = options.program.resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        library, ping_pong = folder / "mpi_times.so", folder / "ping_pong"
        run(["mpicc", "-O2", "-shared", "-fPIC", "-o", library, SCRIPTS / "mpi_times.c"])
        run(["mpicc", "-O2", "-o", ping_pong, SCRIPTS / "mpi_ping_pong.c"])
        for name, transport in [("shared memory", []), ("TCP", ["--mca", "btl", "tcp,self"])]:
            latency, bandwidth = map(float, run([*MPIRUN, *transport, "-n", "2", ping_pong]).split())
            print(f"two processes, {name}: {latency:.1f} us for 8 bytes, {bandwidth / 1e9:.2f} GB/s for 16 MiB")
        print(f"load of the machine with {os.cpu_count()} processors: {os.getloadavg()[0]:.1f}\n")
        print("| network | processes | us per step | waiting | us of the processor per step, not waiting | exchanges | kB received |")
        print("|---|---:|---:|---:|---:|---:|---:|", flush=True)
        for network in workloads():
            if options.only not in network["name"]:
                continue
            steps = options.steps or (3 if network is LARGE else 40)
            data, config = folder / "data.csv", folder / "study.toml"
            write_data(data, network, steps * network["batch_size"])
            write_config(config, data, network)
            label = "-".join(map(str, network["widths"])) + f", {network['batch_size']} rows"
            for ranks in map(int, options.ranks.split(",")):
                out = folder / f"{network['name']}-{ranks}"
                if ranks == 1:
                    step = of_one(program, config, out, steps)
                    print(f"| {label} | 1 | {step:.0f} | 0 % | | 0 | 0 |", flush=True)
                    continue
                lines = of_several(program, config, out, ranks, len(network["widths"]) - 1, library)
                wall, computing, exchanges, received = (
                    statistics.median(line[place] for line in lines) for place in [0, 2, 3, 4]
                )
                share = statistics.median(waiting / wall for wall, waiting, *_ in lines)
                print(
                    f"| {label} | {ranks} | {wall / 1e3:.0f} | {100 * share:.0f} % | {computing / 1e3:.0f} | "
                    f"{exchanges:.0f} | {received / 1e3:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
