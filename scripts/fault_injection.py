#!/usr/bin/env python3
"""Makes the system calls of bntrain fail one by one, and checks what each failure leaves behind.

    python3 scripts/fault_injection.py target/debug/bntrain [--calls 400] [--only NAME] [--errors EIO,ENOSPC]

Needs strace, which answers the call in the place of the system (`strace -e inject`). Each of the first calls on
files of a training, a training that replaces another one, a prediction, an export and a check whose data go to a
temporary file fails once with each error. Whatever fails, the program

- ends with exit code 6 and a message, or with 0 and complete results where the failure does no harm;
- leaves no file under its final name that is not whole, and no temporary file;
- keeps the run that was to be replaced, until the new one is whole;
- continues what it began, if it has the command `resume`.

The threads of the program are not allowed to start, so that its calls always come in the same order.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CALLS = (
    "open,openat,read,pread64,write,pwrite64,writev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,linkat,unlink,"
    "unlinkat,mkdir,mkdirat,rmdir,statx,newfstatat,fstat,flock,getdents64,lseek,fchmod,fchown,readlink,readlinkat"
)
CONFIG = """
[data]
path = "data.csv"
label = "kind"
valid = 0.25
[model]
hidden = [5]
norm = "batch_norm"
[optimizer]
type = "adam"
[training]
epochs = 2
batch_size = 16
[compare]
seeds = 1
"""
# The columns of metrics.csv with times, which differ from run to run.
TIMES = 2
# What a failure of these may leave behind: they are what removes files.
REMOVALS = ("unlink", "unlinkat", "rmdir")


class Wrong(Exception):
    """A broken promise."""


def without_times(text):
    return [line.rsplit(",", TIMES)[0] for line in text.splitlines()]


class Case:
    """A command whose calls fail."""

    def __init__(self, name, arguments, prepare, check):
        self.name, self.arguments, self.prepare, self.check = name, arguments, prepare, check


class Bench:
    def __init__(self, program, folder):
        self.program = program
        self.inputs = folder / "inputs"
        self.reference = folder / "reference"
        self.work = folder / "work"
        commands = subprocess.run([program, "--help"], capture_output=True, text=True).stdout
        self.has_resume = "\n  resume " in commands
        self.inputs.mkdir()
        rows = [f"{i % 7 / 3:.3f},{i % 11 / 5 - 1:.3f},{'up' if i % 2 else 'down'}\n" for i in range(60)]
        (self.inputs / "data.csv").write_text("a,b,kind\n" + "".join(rows))
        (self.inputs / "config.toml").write_text(CONFIG)
        # In the folder of all later runs, since models name the file that they learned from.
        shutil.copytree(self.inputs, self.work)
        self.run(TRAIN)
        shutil.move(self.work / "out", self.reference)
        shutil.copy(self.reference / "batch_norm/seed-0/model.safetensors", self.inputs / "m.safetensors")
        self.run(["predict", "m.safetensors", "--data", "data.csv", "-o", self.reference / "p.csv"], self.inputs)
        self.run(["export", "m.safetensors", "--to", "onnx", "-o", self.reference / "m.onnx"], self.inputs)

    def run(self, arguments, folder=None, expected=0):
        command = [self.program, *map(str, arguments)]
        ended = subprocess.run(command, cwd=folder or self.work, capture_output=True, text=True)
        if ended.returncode != expected:
            raise Wrong(f"{' '.join(map(str, arguments))} ends with {ended.returncode}: {ended.stderr}")
        return ended

    def fresh(self, case):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.inputs, self.work)
        case.prepare(self)

    def traced(self, case, *inject):
        trace = self.work.parent / "trace"
        options = [option for rule in inject for option in ("-e", f"inject={rule}")]
        command = ["strace", "-f", "-o", trace, "-e", f"trace={CALLS},clone,clone3"]
        command += ["-e", "inject=clone,clone3:error=EAGAIN", *options, self.program, *case.arguments]
        ended = subprocess.run(command, cwd=self.work, capture_output=True, text=True, timeout=120)
        lines = [line for line in trace.read_text(errors="replace").splitlines() if re.match(r"\d+ +\w+\(", line)]
        return ended, [line for line in lines if not re.match(r"\d+ +clone", line)]

    # What must hold after a failure.

    def check_rows(self, path, reference, is_complete):
        """Both tables have whole rows only, those of the reference from the first on."""
        found, expected = path.read_text(), reference.read_text()
        if found and not found.endswith("\n"):
            raise Wrong(f"{path.name} ends within a row")
        strip = without_times if path.name == "metrics.csv" else str.splitlines
        found, expected = strip(found), strip(expected)
        if found != expected[: len(found)] or (is_complete and len(found) != len(expected)):
            raise Wrong(f"{path} has other rows than it should")

    def check_run(self, run, is_complete):
        """A run directory that may not be finished, but has nothing torn."""
        for path in sorted(run.rglob("*")):
            name = path.relative_to(run)
            reference = self.reference / name
            if path.is_dir() or path.name in ("lock", "replaces", "replaced"):
                continue
            if path.name in ("metrics.csv", "steps.csv"):
                self.check_rows(path, reference, is_complete or len(name.parts) == 1)
            elif path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".html":
                # Times and paths are in it.
                if not path.read_text().rstrip().endswith("</html>"):
                    raise Wrong(f"{name} is torn")
            elif path.name.startswith("checkpoint"):
                if path.stat().st_size == 0:
                    raise Wrong(f"{name} is empty")
            elif path.read_bytes() != reference.read_bytes():
                raise Wrong(f"{name} is not what it should be")
        if is_complete:
            missing = [path for path in self.reference.rglob("*") if path.is_file()
                       and path.name not in ("p.csv", "m.onnx") and not path.name.startswith("checkpoint")
                       and not (run / path.relative_to(self.reference)).exists()]
            if missing:
                raise Wrong(f"{missing[0].name} is missing")

    def check_files(self, expected, may_leave):
        found = {path.name for path in self.work.iterdir()}
        allowed = {path.name for path in self.inputs.iterdir()} | set(expected)
        temporary = [str(path) for path in self.work.rglob(".*")]
        if not may_leave and (found - allowed or temporary):
            raise Wrong(f"files are left behind: {sorted(found - allowed)} {temporary}")


def check_training(bench, code, may_leave):
    bench.check_files({"out"}, may_leave)
    out = bench.work / "out"
    if out.exists():
        bench.check_run(out, code == 0)
    if code == 0:
        return
    if not (out / "config.toml").exists():
        bench.run(TRAIN)
    elif (out / "run.json").exists():
        pass
    elif bench.has_resume:
        bench.run(["resume", "out", "--threads", "1"])
    else:
        bench.run([*TRAIN, "--force"])
    bench.check_run(out, True)


def check_replacing(bench, code, may_leave):
    bench.check_files({"out", "out.new"}, may_leave)
    out, waiting = bench.work / "out", bench.work / "out.new"
    # The old run has one epoch less, and is whole unless the new one is.
    if len((out / "metrics.csv").read_text().splitlines()) == len(bench.old_metrics):
        if without_times((out / "metrics.csv").read_text()) != bench.old_metrics:
            raise Wrong("the old run was changed")
        for name, content in bench.old_files.items():
            if (out / name).read_bytes() != content:
                raise Wrong(f"{name} of the old run was changed")
        if code == 0:
            raise Wrong("the old run was not replaced")
    else:
        bench.check_run(out, True)
    if waiting.exists() and (waiting / "replaces").exists():
        bench.check_run(waiting, False)
    if code == 6:
        bench.run([*TRAIN, "--force"])
        bench.check_run(out, True)
        bench.check_files({"out"}, may_leave)


def prepare_replacing(bench):
    old = bench.work.parent / "old"
    if not old.exists():
        bench.run([*TRAIN[:2], "-o", old, "--epochs", "1", "--threads", "1"])
        bench.old_metrics = without_times((old / "metrics.csv").read_text())
        bench.old_files = {path.relative_to(old): path.read_bytes() for path in old.rglob("*") if path.is_file()}
    shutil.copytree(old, bench.work / "out")


def check_output(name):
    def check(bench, code, may_leave):
        bench.check_files({name}, may_leave)
        path = bench.work / name
        if code == 0 and not path.exists():
            raise Wrong(f"{name} is missing")
        if path.exists() and path.read_bytes() != (bench.reference / name).read_bytes():
            raise Wrong(f"{name} is torn")

    return check


def check_nothing(bench, code, may_leave):
    bench.check_files(set(), may_leave)


def check_no_sync(bench):
    """A file system that cannot sync: one note, and everything else as always."""
    bench.fresh(CASES[0])
    ended, _ = bench.traced(CASES[0], "fsync,fdatasync:error=EINVAL")
    if ended.returncode != 0 or ended.stderr.count("cannot sync") != 1:
        raise Wrong(f"without sync: exit code {ended.returncode}: {ended.stderr}")
    bench.check_run(bench.work / "out", True)


def check_full_disk(bench):
    """Disks that are full sooner or later, and larger ones afterwards."""
    disk = bench.work.parent / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        print("full disks: left out, since mounting them needs root")
        return
    codes = {0: 0, 6: 0}
    try:
        for pages in range(1, 80):
            bench.fresh(CASES[0])
            size = lambda pages: subprocess.run(["mount", "-o", f"remount,size={4 * pages}k", disk], check=True)
            size(pages)
            out = disk / "out"
            arguments = [*TRAIN[:2], "-o", out, "--threads", "1"]
            ended = subprocess.run([bench.program, *arguments], cwd=bench.work, capture_output=True, text=True)
            if ended.returncode not in codes or "panicked" in ended.stderr:
                raise Wrong(f"a disk of {pages} pages: exit code {ended.returncode}: {ended.stderr}")
            codes[ended.returncode] += 1
            left = [path for path in disk.rglob(".*")]
            if left:
                raise Wrong(f"a disk of {pages} pages: left behind: {left}")
            if out.exists():
                bench.check_run(out, ended.returncode == 0)
            if ended.returncode == 6:
                if "No space left" not in ended.stderr:
                    raise Wrong(f"a disk of {pages} pages: {ended.stderr}")
                size(1000)
                has_begun = out.exists() and (out / "config.toml").exists()
                if has_begun and bench.has_resume:
                    bench.run(["resume", out, "--threads", "1"])
                else:
                    bench.run([*arguments, *(["--force"] if has_begun else [])])
                bench.check_run(out, True)
            for path in list(disk.iterdir()):
                shutil.rmtree(path)
    finally:
        subprocess.run(["umount", disk])
    print(f"full disks: exit code 6 {codes[6]} times, 0 {codes[0]} times", flush=True)


def nothing(_):
    pass


TRAIN = ["-c", "config.toml", "-o", "out", "--threads", "1"]
CHECK = ["check", "-c", "config.toml", "--set", 'data.memory="1 kB"']
CASES = [
    Case("train", TRAIN, nothing, check_training),
    Case("replace", [*TRAIN, "--force"], prepare_replacing, check_replacing),
    Case("predict", ["predict", "m.safetensors", "--data", "data.csv", "-o", "p.csv", "--threads", "1"],
         nothing, check_output("p.csv")),
    Case("export", ["export", "m.safetensors", "--to", "onnx", "-o", "m.onnx"], nothing, check_output("m.onnx")),
    Case("numbers", CHECK, nothing, check_nothing),
]


def first_call(calls):
    """The calls before are those of the loader, which cannot be helped."""
    inputs = ("config.toml", "m.safetensors")
    return next(index for index, call in enumerate(calls) if any(f'"{name}"' in call for name in inputs))


def name_of(call):
    return re.match(r"\d+ +(\w+)", call)[1]


def inject(bench, case, calls, number, error):
    """Lets the call with this number fail."""
    name = name_of(calls[number])
    # strace counts each kind of call by itself.
    count = sum(name_of(call) == name for call in calls[: number + 1])
    bench.fresh(case)
    ended, calls = bench.traced(case, f"{name}:error={error}:when={count}")
    failed = next((call for call in calls if "(INJECTED)" in call), None)
    if failed is None:
        raise Wrong("the call does not come again")
    may_leave = name in REMOVALS
    if "panicked" in ended.stderr or ended.returncode not in (0, 6):
        raise Wrong(f"exit code {ended.returncode}: {ended.stderr.strip()}", failed)
    is_said = re.search(r"^error: .*(could not|Input/output error|No space left|changed while)", ended.stderr, re.M)
    if ended.returncode == 6 and not is_said:
        raise Wrong(f"no message: {ended.stderr.strip()}", failed)
    try:
        case.check(bench, ended.returncode, may_leave)
    except (Wrong, OSError, ValueError) as error:
        raise Wrong(f"exit code {ended.returncode}, {error}\n    said: {ended.stderr.strip()[-300:]}", failed) from error
    return ended.returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--only")
    parser.add_argument("--errors", default="EIO,ENOSPC")
    arguments = parser.parse_args()
    if shutil.which("strace") is None:
        sys.exit("this needs strace; install it, for example with `apt-get install strace`")
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments.program.resolve(), Path(folder).resolve())
        for case in CASES:
            if arguments.only not in (None, case.name):
                continue
            bench.fresh(case)
            ended, calls = bench.traced(case)
            if ended.returncode != 0:
                sys.exit(f"{case.name} ends with {ended.returncode}: {ended.stderr}")
            case.check(bench, 0, False)
            begin = first_call(calls)
            numbers = range(begin, min(begin + arguments.calls, len(calls)))
            for error in arguments.errors.split(","):
                codes = {0: 0, 6: 0}
                for number in numbers:
                    try:
                        codes[inject(bench, case, calls, number, error)] += 1
                    except Wrong as problem:
                        wrong += 1
                        print(f"{case.name}, call {number}, {error}: {problem.args[0]}\n    call: {problem.args[1:]}")
                print(f"{case.name}: {len(numbers)} of {len(calls) - begin} calls failed with {error}: "
                      f"exit code 6 {codes[6]} times, 0 {codes[0]} times", flush=True)
        for name, check in (("sync", check_no_sync), ("disk", check_full_disk)):
            if arguments.only in (None, name):
                try:
                    check(bench)
                except Wrong as problem:
                    wrong += 1
                    print(problem)
    sys.exit(f"{wrong} failures broke a promise" if wrong else 0)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    main()
