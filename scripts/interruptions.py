#!/usr/bin/env python3
"""Tries interruptions and surroundings that the tests cannot make, and compares the results with those of a run
without them.

    python3 scripts/interruptions.py target/release/bntrain [NAME...]

`clock` needs faketime, `read_only` needs root or a user for whom permissions count. The data are generated.
"""

import hashlib
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kill_test import differences, results

# Two runs, each of some seconds: long enough for what happens to them.
CONFIG = """[data]
path = "data.csv"
label = "kind"
valid = 0.25
[model]
hidden = [64, 64]
norm = "batch_norm"
dropout = 0.2
[optimizer]
type = "adam"
[training]
epochs = 8000
batch_size = 20
checkpoint = "1 s"
baselines = false
[compare]
seeds = 2
"""
NOBODY = 65534
# What differs with another rule for checkpoints: the config, which the models have, too.
RULE = ["config.toml", *(f"{norm}/seed-{seed}/model.safetensors" for norm in ["batch_norm", "none"] for seed in range(2))]


class Wrong(Exception):
    """A broken promise."""


def expect(condition, what):
    if not condition:
        raise Wrong(what)


class Bench:
    def __init__(self, program, work):
        self.program, self.work = program, work
        rows = [f"{i % 7 / 3:.3f},{i % 11 / 5 - 1:.3f},{'up' if i % 3 else 'down'}\n" for i in range(200)]
        (work / "data.csv").write_text("a,b,kind\n" + "".join(rows))
        (work / "config.toml").write_text(CONFIG)
        self.command("whole").check_returncode()

    def arguments(self, out, *more):
        return [self.program, "-q", "-c", "config.toml", "-o", str(out), "--threads", "1", *more]

    def command(self, out, *more, **options):
        return subprocess.run(self.arguments(out, *more), cwd=self.work, capture_output=True, text=True, **options)

    def start(self, out, *more, **options):
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(self.arguments(out, *more), cwd=self.work, **streams, **options)

    def wait_for_checkpoint(self, out):
        begin = time.monotonic()
        while not list((self.work / out).glob("*/*/checkpoint.safetensors")):
            expect(time.monotonic() < begin + 60, f"no checkpoint in {out}")
            time.sleep(0.01)

    def resume(self, out, *more):
        return subprocess.run([self.program, "resume", out, *more], cwd=self.work, capture_output=True, text=True)

    def expect_same(self, out, but=()):
        different = differences(results(self.work / out), results(self.work / "whole"))
        expect(set(different) <= set(but), f"{different} differ")

    def expect_resumed(self, out, but=()):
        ended = self.resume(out)
        expect(ended.returncode == 0, f"resume: exit code {ended.returncode}: {ended.stderr}")
        self.expect_same(out, but)
        return ended


def stopped_and_continued(bench):
    """`kill -STOP`, as by Ctrl-Z or a lid that is closed, and `-CONT`."""
    process = bench.start("stopped")
    for _ in range(3):
        bench.wait_for_checkpoint("stopped")
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.1)
    _, errors = process.communicate()
    expect(process.returncode == 0, f"exit code {process.returncode}: {errors}")
    bench.expect_same("stopped")


def ctrl_c_twice(bench):
    """The second one ends the program at once; what was saved is there."""
    process = bench.start("twice")
    bench.wait_for_checkpoint("twice")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate()
    expect(process.returncode == 130, f"exit code {process.returncode}")
    bench.expect_resumed("twice")


def signals_in_a_row(bench):
    """`timeout` and terminals may send a signal twice: the run is saved all the same."""
    for kind, code in [(signal.SIGTERM, 143), (signal.SIGHUP, 143)]:
        out = f"row-{kind.name}"
        process = bench.start(out, "--set", "training.checkpoint=1 h")
        time.sleep(1.0)
        for _ in range(3):
            process.send_signal(kind)
            time.sleep(0.001)
        _, errors = process.communicate()
        expect(process.returncode == code, f"{kind.name}: exit code {process.returncode}: {errors}")
        expect(list((bench.work / out).glob("*/*/checkpoint.safetensors")), f"{kind.name}: not saved")
        bench.expect_resumed(out, RULE)


def closed_terminal(bench):
    """The terminal of an interactive shell goes away while it trains."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(bench.work)
        os.execvp("bash", ["bash", "--norc", "-i"])
    command = " ".join(bench.arguments("closed", "--set", "training.checkpoint='1 h'"))
    os.write(terminal, command.encode() + b"\n")
    begin = time.monotonic()
    while not (bench.work / "closed/batch_norm/seed-0/metrics.csv").exists():
        expect(time.monotonic() < begin + 60, "it does not start")
        time.sleep(0.01)
    time.sleep(1.0)
    os.close(terminal)
    os.waitpid(child, 0)
    begin = time.monotonic()
    while not (bench.work / "closed/run.json").exists():
        expect(time.monotonic() < begin + 60, "no results after the terminal was closed")
        time.sleep(0.01)
    time.sleep(0.2)
    expect(list((bench.work / "closed").glob("*/*/checkpoint.safetensors")), "not saved")
    bench.expect_resumed("closed", RULE)


def two_at_once(bench):
    """The second process is told which one has the directory."""
    process = bench.start("owned")
    bench.wait_for_checkpoint("owned")
    for ended in [bench.command("owned"), bench.command("owned", "--resume"), bench.command("owned", "--force"),
                  bench.resume("owned")]:
        expect(ended.returncode == 7, f"exit code {ended.returncode}: {ended.stderr}")
        expect(str(process.pid) in ended.stderr, f"without the id {process.pid}: {ended.stderr}")
    _, errors = process.communicate()
    expect(process.returncode == 0, errors)
    bench.expect_same("owned")


def older_checkpoint(bench):
    """Checkpoints of another version and processor: a note, and here the same bits; of a newer format: begun anew."""
    def killed(out):
        process = bench.start(out)
        bench.wait_for_checkpoint(out)
        process.kill()
        process.communicate()
        return list((bench.work / out).glob("*/*/checkpoint*.safetensors"))

    def forge(path, change):
        content = path.read_bytes()
        size = struct.unpack("<Q", content[:8])[0]
        header = content[8 : 8 + size].decode()
        begin = header.index('sha256\\":\\"') + len('sha256\\":\\"')
        blank = header[:begin] + "0" * 64 + header[begin + 64 :]
        changed = change(blank)
        expect(changed != blank, "nothing was forged")
        changed += " " * (-len(changed) % 8)
        content = struct.pack("<Q", len(changed)) + changed.encode() + content[8 + size :]
        digest = hashlib.sha256(content).hexdigest().encode()
        path.write_bytes(content[: 8 + begin] + digest + content[8 + begin + 64 :])

    version = subprocess.run([bench.program, "--version"], capture_output=True, text=True).stdout.split()[1]
    for path in killed("older"):
        forge(path, lambda text: text.replace(f'version\\":\\"{version}', 'version\\":\\"0.0.9').replace("x86_64 ", "riscv "))
    ended = bench.expect_resumed("older")
    for part in ["from bntrain 0.0.9, this is", "from a processor riscv"]:
        expect(part in ended.stderr, f"{part!r} is not said: {ended.stderr}")
    for path in killed("newer"):
        forge(path, lambda text: text.replace('format\\":1', 'format\\":9'))
    ended = bench.expect_resumed("newer")
    expect("written by a newer bntrain" in ended.stderr, ended.stderr)


def clock(bench):
    """The clocks of the system jump by years, forward and back, while it trains."""
    if shutil.which("faketime") is None:
        return "left out, since it needs faketime"
    library = next(Path("/usr/lib").rglob("libfaketimeMT.so.1"))
    for monotonic in ["1", "0"]:
        out, offset = f"clock-{monotonic}", bench.work / "offset"
        offset.write_text("+0")
        environment = {**os.environ, "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(offset),
                       "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": monotonic}
        process = bench.start(out, env=environment)
        for jump in ["-3650d", "+3650d", "-1d", "+0"]:
            time.sleep(0.7)
            offset.write_text(jump)
        _, errors = process.communicate()
        expect(process.returncode == 0, f"exit code {process.returncode}: {errors}")
        bench.expect_same(out)
        seconds = [float(line.split(",")[-2]) for line in (bench.work / out / "metrics.csv").read_text().splitlines()[1:]]
        expect(min(seconds) >= 0, "negative times")
    return None


def read_only(bench):
    """A directory without the permission to write, as another user than root, and a file system that is read only."""
    user = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
    process = bench.start("locked")
    bench.wait_for_checkpoint("locked")
    process.kill()
    process.communicate()
    folder = bench.work / "locked"
    everything = [folder, *folder.rglob("*")]
    before = {path: path.read_bytes() for path in everything if path.is_file()}
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    bench.work.chmod(0o755)
    model = "whole/batch_norm/seed-0/model.safetensors"
    commands = [
        [bench.program, "resume", "locked"],
        bench.arguments("locked", "--force"),
        bench.arguments("locked/inside"),
        bench.arguments("new"),
        [bench.program, "predict", model, "--data", "data.csv", "-o", "locked/p.csv"],
        [bench.program, "export", model, "--to", "onnx", "-o", "locked/m.onnx"],
    ]
    for command in commands:
        ended = subprocess.run(command, cwd=bench.work, capture_output=True, text=True, **user)
        expect(ended.returncode == 6, f"{command[1:]}: exit code {ended.returncode}: {ended.stderr}")
        expect("ermission denied" in ended.stderr, f"{command[1:]}: {ended.stderr}")
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    expect(before == after, "something was changed")
    for path in everything:
        path.chmod(0o755 if path.is_dir() else 0o644)
    bench.expect_resumed("locked")
    disk = bench.work / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", disk]).returncode != 0:
        return "without a file system that is read only, which needs root"
    try:
        ended = bench.command("disk/out")
        expect(ended.returncode == 6 and "Read-only file system" in ended.stderr, ended.stderr)
    finally:
        subprocess.run(["umount", disk], check=True)
    return None


CASES = {
    "stop": stopped_and_continued,
    "twice": ctrl_c_twice,
    "row": signals_in_a_row,
    "terminal": closed_terminal,
    "two": two_at_once,
    "older": older_checkpoint,
    "clock": clock,
    "read_only": read_only,
}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.environ["CI"] = "1"
    os.environ["LC_ALL"] = "C"
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="bntrain-interruptions-") as folder:
        bench = Bench(str(Path(sys.argv[1]).resolve()), Path(folder).resolve())
        for name in sys.argv[2:] or CASES:
            try:
                print(f"{name}: {CASES[name](bench) or 'as promised'}", flush=True)
            except Wrong as problem:
                wrong += 1
                print(f"{name}: {problem}", flush=True)
    sys.exit(f"{wrong} broke a promise" if wrong else 0)


if __name__ == "__main__":
    main()
