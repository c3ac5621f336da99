#!/usr/bin/env python3
"""Runs the job files of docs/scale.md, and compares what they merge with the results of one process.

    python3 scripts/check_scale.py target/release/bntrain

The Slurm script is run once for each task of its array, in random order and with the variables that Slurm sets; three
tasks are killed and submitted again by themselves. The container of the Kubernetes job is run likewise. GNU parallel is
run as it is, if it is installed. Needs PyYAML.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from kill_test import differences, results

ROOT = Path(__file__).resolve().parent.parent


def blocks(page):
    """The code blocks of a page with their languages."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def block(page, language, word):
    found = [text for of, text in blocks(page) if of == language and word in text]
    if len(found) != 1:
        sys.exit(f"docs/scale.md has {len(found)} blocks of {language} with {word}")
    return found[0]


def study(folder):
    """A comparison of 42 runs."""
    config = (ROOT / "configs/deep.toml").read_text()
    config = re.sub(r"^epochs = .*$", 'epochs = 2\ncheckpoint = "epoch"', config, flags=re.MULTILINE)
    (folder / "study.toml").write_text(config.replace("../data/", f"{ROOT}/data/"))


class Folder:
    """A folder with the study, and `bntrain` in the path."""

    def __init__(self, binary):
        self.path = Path(tempfile.mkdtemp(prefix="bntrain-scale-"))
        study(self.path)
        programs = self.path / "bin"
        programs.mkdir()
        (programs / "bntrain").symlink_to(binary)
        kept = ["PATH", "HOME", "TMPDIR", "LANG"]
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"

    def run(self, command, variables=None, kill_after=None):
        environment = self.environment | (variables or {})
        process = subprocess.Popen(
            command, cwd=self.path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            _, errors = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return
        if process.returncode != 0:
            sys.exit(f"{command} with {variables} ended with {process.returncode}: {errors}")

    def results(self):
        """Those of the study; the config there names the one that it is from by its path."""
        found = results(self.path / "runs/study")
        found["config.toml"] = found["config.toml"].replace(bytes(self.path), b"")
        return found

    def compare(self, what, expected):
        different = differences(self.results(), expected)
        if different:
            sys.exit(f"{what}: {different} differ from one process; see {self.path}")
        shutil.rmtree(self.path)
        print(f"{what}: equal to one process", flush=True)


def slurm(binary, page, expected):
    folder = Folder(binary)
    script = block(page, "bash", "#SBATCH")
    (folder.path / "study.sh").write_text(script)
    first, last = map(int, re.search(r"--array=(\d+)-(\d+)$", script, re.MULTILINE).groups())
    cpus = re.search(r"--cpus-per-task=(\d+)", script).group(1)

    def submit(tasks, kill_after=None):
        low, high = min(tasks), max(tasks)
        for task in tasks:
            variables = {
                "SLURM_ARRAY_TASK_ID": str(task),
                "SLURM_ARRAY_TASK_MIN": str(low),
                "SLURM_ARRAY_TASK_MAX": str(high),
                "SLURM_ARRAY_TASK_STEP": "1",
                "SLURM_ARRAY_TASK_COUNT": str(len(tasks)),
                "SLURM_CPUS_PER_TASK": cpus,
            }
            folder.run(["bash", "study.sh"], variables, kill_after)

    draw = random.Random(1)
    tasks = list(range(first, last + 1))
    draw.shuffle(tasks)
    killed = tasks[:3]
    submit(killed, kill_after=0.05)
    submit(tasks[3:])
    submit(killed)
    folder.run(["sh", "-c", "bntrain merge shares/* --out runs/study"])
    folder.compare(f"Slurm: {len(tasks)} tasks, {len(killed)} of them killed and submitted again", expected)


def kubernetes(binary, page, expected):
    folder = Folder(binary)
    job = yaml.safe_load(block(page, "yaml", "kind: Job"))
    spec = job["spec"]
    [container] = spec["template"]["spec"]["containers"]
    if (job["apiVersion"], spec["completionMode"]) != ("batch/v1", "Indexed"):
        sys.exit("docs/scale.md: the Kubernetes job is not an indexed job")
    mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    volumes = {volume["name"] for volume in spec["template"]["spec"]["volumes"]}
    if mounted.get(container["workingDir"]) not in volumes:
        sys.exit("docs/scale.md: the working directory of the container is not a volume of the job")
    indices = list(range(spec["completions"]))
    random.Random(2).shuffle(indices)
    for index in indices:
        folder.run(container["command"] + container["args"], {"JOB_COMPLETION_INDEX": str(index)})
    folder.run(["sh", "-c", "bntrain merge shares/* --out runs/study"])
    folder.compare(f"Kubernetes: {len(indices)} indices", expected)


def gnu_parallel(binary, page, expected):
    if shutil.which("parallel") is None:
        print("NOT RUN: GNU parallel is not installed (Debian: apt-get install parallel)", file=sys.stderr)
        return
    folder = Folder(binary)
    (folder.path / "study.sh").write_text("set -e\n" + block(page, "bash", "parallel "))
    folder.run(["bash", "study.sh"])
    folder.compare("GNU parallel", expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    binary = str(Path(parser.parse_args().binary).resolve())
    page = (ROOT / "docs/scale.md").read_text()
    whole = Folder(binary)
    whole.run(["bntrain", "-q", "study.toml", "--out", "runs/study"])
    expected = whole.results()
    for check in [slurm, kubernetes, gnu_parallel]:
        check(binary, page, expected)
    shutil.rmtree(whole.path)


if __name__ == "__main__":
    main()
