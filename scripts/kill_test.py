#!/usr/bin/env python3
"""Kills training at random moments, resumes it, and compares every result with that of a run without interruption.

    python3 scripts/kill_test.py target/release/bntrain --kills 200 --seed 1
    python3 scripts/kill_test.py target/release/bntrain --preempt configs/deep.toml --seconds 20

The first form draws a config for each case: optimizer, norms, dropout, early stopping, schedule, precision, size of
the batches, rule for checkpoints, and data in memory or mapped from a temporary file. Each case is trained once
without interruption. Then it is started, killed by SIGKILL at a random moment and resumed with another number of
threads, again and again until it ends. metrics.csv, steps.csv, summary.json and the model files must be equal to the
byte, but for the columns and keys of times.

The second form stops the training of one config by SIGTERM every so many seconds, as a CI job that is pre-empted.

The same seed draws the same cases; the moments of the kills depend on the machine.
"""

import argparse
import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TIMES = {"train_seconds", "eval_seconds", "seconds"}


def write_data(path, draw, rows=120):
    lines = ["a,b,c,kind"]
    for row in range(rows):
        kind = draw.randrange(3)
        numbers = [kind * 0.8 + draw.gauss(0, 1), math.sin(row) + kind * 0.3, draw.gauss(0, 1)]
        lines.append(",".join(f"{number:.4f}" for number in numbers) + f",{'xyz'[kind]}")
    path.write_text("\n".join(lines) + "\n")


def draw_config(draw):
    optimizer = draw.choice(
        [
            'type = "sgd"\nlearning_rate = 0.05',
            'type = "sgd"\nlearning_rate = 0.05\nmomentum = 0.9\nnesterov = true\nl2 = 1e-3',
            'type = "adagrad"\nlearning_rate = 0.05',
            'type = "rmsprop"\nlearning_rate = 0.003',
            'type = "adam"\nlearning_rate = 0.005',
            'type = "adamw"\nlearning_rate = 0.005\nweight_decay = 0.1',
            'type = "sgd"\nlearning_rate = 1e20',  # diverges
        ]
    )
    schedule = draw.choice(
        [
            'type = "constant"',
            'type = "constant"\nwarmup_steps = 17',
            'type = "step"\nevery_epochs = 3\nfactor = 0.5',
            'type = "exponential"\nfactor = 0.95',
            'type = "cosine"\nwarmup_steps = 5\nfloor = 0.1',
        ]
    )
    stopping = draw.choice(
        [
            "",
            "",
            '[training.early_stopping]\nmetric = "valid_loss"\npatience = 5\n',
            '[training.early_stopping]\nmetric = "valid_accuracy"\npatience = 3\nmin_delta = 0.01\n',
        ]
    )
    norms = draw.choice([["batch_norm"], ["none"], ["mean_only"], ["batch_norm", "none"]])
    clip = draw.choice(["", "clip_norm = 0.5\n"])
    units = draw.choice([8, 24, 64])
    return f"""[data]
path = "data.csv"
label = "kind"
valid = 0.2
test = 0.1
memory = "{draw.choice(["1 B", "4 GiB"])}"
[model]
hidden = [{units}, {units}]
norm = "batch_norm"
activation = "{draw.choice(["relu", "tanh", "leaky_relu"])}"
dropout = {draw.choice([0, 0.3])}
[optimizer]
{optimizer}
[training]
epochs = {draw.randrange(5, 60)}
batch_size = {draw.choice([7, 16, 50])}
last_batch = "{draw.choice(["merge", "drop"])}"
sampling = "{draw.choice(["shuffle", "shuffle", "replacement"])}"
seed = {draw.randrange(1000)}
dtype = "{draw.choice(["f32", "f64"])}"
log_every_steps = {draw.choice([1, 1, 7])}
checkpoint = "{draw.choice(["epoch", "epoch", "1 s", "30 s", "off"])}"
{clip}[training.schedule]
{schedule}
{stopping}[compare]
norms = {json.dumps(norms)}
seeds = {draw.randrange(1, 3)}
"""


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(entry) for key, entry in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [without_times(entry) for entry in value]
    return value


def table(path):
    lines = [line.split(",") for line in path.read_text().splitlines()]
    kept = [place for place, name in enumerate(lines[0]) if name not in TIMES]
    # The settings of a grid point may hold commas, in quotes: times are last, so count from the end.
    from_end = [place - len(lines[0]) for place in range(len(lines[0])) if place not in kept]
    for line in lines:
        for place in from_end:
            del line[place]
    return lines


def results(directory):
    """Everything that must be the same."""
    found = {"summary.json": without_times(json.loads((directory / "summary.json").read_text()))}
    for name in ["metrics.csv", "steps.csv"]:
        found[name] = table(directory / name)
    for name in ["confusion.csv", "curves.svg", "config.toml"]:
        found[name] = (directory / name).read_bytes()
    for path in sorted(directory.glob("**/*")):
        name = str(path.relative_to(directory))
        if path.name == "model.safetensors":
            found[name] = path.read_bytes()
        elif path.is_file() and path.name != "checkpoint.previous.safetensors":
            found.setdefault(name, "there")
    return found


def differences(found, expected):
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def train(binary, work, out, draw, seconds=None, how=signal.SIGKILL):
    """Runs a training, or resumes it; returns its exit code, or None if it was killed after `seconds`."""
    command = [binary, "-q", "-c", "config.toml", "--resume", "-o", out, "--threads", str(draw.randrange(1, 4))]
    process = subprocess.Popen(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(how)
        _, errors = process.communicate()
        if process.returncode == -how:
            return None
    # A single run that diverges has an exit code of its own.
    if process.returncode not in (0, 5):
        sys.exit(f"{command} in {work} ended with {process.returncode}: {errors}")
    return process.returncode


def random_kills(arguments):
    binary = str(Path(arguments.binary).resolve())
    kills = cases = 0
    begin = time.monotonic()
    while kills < arguments.kills:
        draw = random.Random(f"{arguments.seed}/{cases}")
        with tempfile.TemporaryDirectory(prefix="bntrain-kill-", dir=arguments.folder) as folder:
            work = Path(folder)
            write_data(work / "data.csv", draw)
            config = draw_config(draw)
            (work / "config.toml").write_text(config)
            start = time.monotonic()
            train(binary, work, "whole", draw)
            seconds = time.monotonic() - start
            # Often early, so that a run is killed many times, and now and then late, when results are written.
            longest = draw.choice([0.15, 0.4, 1.3]) * seconds
            own = 0
            # Runs that are never saved begin anew each time, so the number of kills is limited.
            while train(binary, work, "cut", draw, draw.uniform(0, longest)) is None:
                own += 1
                if own >= arguments.kills_per_case:
                    train(binary, work, "cut", draw)
                    break
            different = differences(results(work / "cut"), results(work / "whole"))
            if different:
                kept = Path(tempfile.mkdtemp(prefix="bntrain-kill-failed-"))
                subprocess.run(["cp", "-r", f"{work}/.", str(kept)], check=True)
                sys.exit(f"case {cases} of seed {arguments.seed}, after {own} kills: {different} differ; see {kept}")
        kills += own
        cases += 1
        if cases % arguments.report_every == 0:
            print(f"{kills} kills in {cases} cases, {time.monotonic() - begin:.0f} s, all equal", flush=True)
    print(f"seed {arguments.seed}: {kills} kills in {cases} cases, every result equal")


def preempted(arguments):
    binary = str(Path(arguments.binary).resolve())
    config = str(Path(arguments.preempt).resolve())
    with tempfile.TemporaryDirectory(prefix="bntrain-preempt-", dir=arguments.folder) as folder:
        command = [binary, "-q", "-c", config, "-o"]
        start = time.monotonic()
        subprocess.run([*command, "whole"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        print(f"{time.monotonic() - start:.1f} s without interruption", flush=True)
        stops = 0
        while True:
            process = subprocess.Popen(
                [*command, "cut", "--resume"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
            try:
                _, errors = process.communicate(timeout=arguments.seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                _, errors = process.communicate()
            if process.returncode == 0:
                break
            # Before its handlers are there, the signal ends it at once.
            if process.returncode not in (143, -signal.SIGTERM):
                sys.exit(f"ended with {process.returncode}: {errors}")
            stops += 1
        different = differences(results(Path(folder) / "cut"), results(Path(folder) / "whole"))
        if different:
            sys.exit(f"{different} differ after {stops} stops")
        print(f"stopped {stops} times, every result equal")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--kills-per-case", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report-every", type=int, default=10, help="cases between two lines of progress")
    parser.add_argument("--folder", help="for temporary files; /dev/shm makes more kills in less time")
    parser.add_argument("--preempt", metavar="CONFIG")
    parser.add_argument("--seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    os.environ["CI"] = "1"
    if arguments.preempt:
        preempted(arguments)
    else:
        random_kills(arguments)


if __name__ == "__main__":
    main()
