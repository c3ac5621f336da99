"""Time one training step of bntrain and of other tools, alternately in one session; print a table.

    pip install numpy==2.4.6 torch==2.15.0 jax==0.10.2 optax==0.2.8 scikit-learn==1.9.1
    python scripts/bench_peers.py                          # everything: about half an hour
    python scripts/bench_peers.py --only mnist --rounds 3 --tools bntrain,torch,jax

The networks are those of benches/workloads.toml. Each tool is a process for each thread count;
it builds a network, keeps it in training, and times some epochs of it whenever asked. They are
asked in turn, A B C ... A B C ..., so that whatever else the machine does hits all of them.

Burn and candle are built from benches/peers, which needs a newer compiler than bntrain itself and
takes some minutes the first time.

A tool's figure is its best epoch at its best thread count. The table is Markdown.
"""

import argparse
import datetime
import importlib.metadata
import json
import math
import os
import platform
import re
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKLOADS = tomllib.loads((ROOT / "benches/workloads.toml").read_text())["workload"]
OURS = "bntrain"
TITLES = {
    OURS: "bntrain",
    "torch": "PyTorch",
    "compile": "compiled",
    "jax": "JAX",
    "sklearn": "scikit-learn",
    "burn": "Burn",
    "candle": "candle",
}


def main():
    options = arguments()
    if os.getloadavg()[0] > 0.5:
        print("the machine is busy: times will be longer than they need be", file=sys.stderr)
    tools = options.tools.split(",")
    binaries = build(tools)
    threads = [int(count) for count in options.threads.split(",")]
    workers = [Worker(tool, count, binaries) for count in threads for tool in tools]
    networks = [
        (workload, batch_norm)
        for workload in WORKLOADS
        if options.only in workload["name"]
        for batch_norm in (True, False)
    ]
    rows = []
    for workload, batch_norm in networks:
        able = [worker for worker in workers if worker.tool != "sklearn" or not batch_norm]
        rows.append(Row(workload, batch_norm, time_network(able, workload, batch_norm, options)))
    for worker in workers:
        worker.end()
    peers = [tool for tool in tools if tool != OURS]
    print(table(peers, rows), end="\n\n")
    if OURS in tools and peers:
        print(means(rows), end="\n\n")
    print(conditions(tools, options))


def time_network(workers, workload, batch_norm, options):
    """The answers of all rounds, by tool and thread count."""
    answers = {}
    for number in range(options.rounds):
        for worker in workers:
            answer = worker.ask(workload["name"], batch_norm, options.seconds)
            answers.setdefault(worker.tool, {}).setdefault(worker.threads, []).append(answer)
            print(
                f"{workload['name']} {norm_name(batch_norm)} round {number + 1}:",
                f"{worker.tool} with {worker.threads}: {answer['best_us']:.1f} us",
                file=sys.stderr,
            )
    return answers


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    processors = len(os.sched_getaffinity(0))
    counts = ",".join(str(count) for count in sorted({1, processors}))
    parser.add_argument("--rounds", type=int, default=5, help="times that each tool is asked; default 5")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each answer; default 0.5")
    parser.add_argument("--threads", default=counts, help=f"default {counts}")
    parser.add_argument("--tools", default=",".join(TITLES), help="default: all")
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    return parser.parse_args()


def build(tools):
    """The binaries of the Rust tools."""
    binaries = {}
    if OURS in tools:
        # A benchmark's file name has a hash in it; cargo says which one it is.
        command = ["cargo", "bench", "--bench", "speed", "--no-run", "--locked", "--message-format=json"]
        lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        messages = [json.loads(line) for line in lines.splitlines()]
        binaries[OURS] = next(
            message["executable"]
            for message in messages
            if message["reason"] == "compiler-artifact" and message["target"]["name"] == "speed"
        )
    if "burn" in tools or "candle" in tools:
        peers = ROOT / "benches/peers"
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=peers, check=True)
        binaries["burn"] = binaries["candle"] = peers / "target/release/bench-peers"
    return binaries


class Worker:
    """A process that times one tool with one thread count."""

    def __init__(self, tool, threads, binaries):
        self.tool, self.threads = tool, threads
        environment = os.environ | {"RAYON_NUM_THREADS": str(threads)}
        if tool == OURS:
            command = [binaries[tool], "serve", "--json", "--threads", str(threads)]
        elif tool in binaries:
            command = [binaries[tool], tool]
        else:
            command = [sys.executable, ROOT / "benches/peers/python_peer.py", tool, str(threads)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, workload, batch_norm, seconds):
        request = {"workload": workload, "batch_norm": batch_norm, "seconds": seconds}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.tool} with {self.threads} threads ended at {request}")
        return json.loads(answer)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Row:
    """What was found about one network."""

    def __init__(self, workload, batch_norm, answers):
        self.workload, self.batch_norm = workload, batch_norm
        self.tools = {tool: Figure(by_threads) for tool, by_threads in answers.items()}
        self.ours = self.tools.get(OURS)
        peers = [figure for tool, figure in self.tools.items() if tool != OURS]
        if self.ours and peers:
            self.ratio = min(peer.best for peer in peers) / self.ours.best
            rounds = zip(*(peer.rounds for peer in peers), strict=True)
            self.ratios = [min(peers) / ours for peers, ours in zip(rounds, self.ours.rounds, strict=True)]
        else:
            self.ratio, self.ratios = math.nan, [math.nan]

    def cells(self, peers):
        widths = "-".join(str(width) for width in self.workload["widths"])
        yield f"{widths} b{self.workload['batch_size']} {self.workload['optimizer']}"
        yield norm_name(self.batch_norm)
        yield str(self.ours or "")
        yield f"{self.ours.median:.1f}" if self.ours else ""
        yield f"{100 * self.ours.share_of_bound:.0f} %" if self.ours else ""
        for peer in peers:
            yield str(self.tools.get(peer, ""))
        yield f"{self.ratio:.1f}"
        yield f"{min(self.ratios):.1f} to {max(self.ratios):.1f}"


class Figure:
    """Microseconds per step of one tool, at the thread count with its best epoch."""

    def __init__(self, by_threads):
        def best(threads):
            return min(answer["best_us"] for answer in by_threads[threads])

        self.threads = min(by_threads, key=best)
        answers = by_threads[self.threads]
        self.best = best(self.threads)
        self.rounds = [answer["best_us"] for answer in answers]
        self.median = statistics.median(answer["median_us"] for answer in answers)
        self.share_of_bound = answers[0].get("bound_us", math.nan) / self.best

    def __str__(self):
        return f"{self.best:.1f} ({self.threads})"


def norm_name(batch_norm):
    return "batch norm" if batch_norm else "none"


def table(peers, rows):
    """A line for each network, then the means of the ratios."""
    titles = ["network", "norm", "bntrain", "median", "of bound", *(TITLES[peer] for peer in peers)]
    titles += ["times faster", "over rounds"]
    lines = [titles, ["---", "---", *["---:"] * (len(titles) - 2)], *(row.cells(peers) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def means(rows):
    """The ratios of all networks together."""
    lines = []
    for name, some in [
        ("with batch norm", [row.ratio for row in rows if row.batch_norm]),
        ("without", [row.ratio for row in rows if not row.batch_norm]),
        ("all", [row.ratio for row in rows]),
    ]:
        mean = statistics.geometric_mean(some)
        lines.append(f"- {name}: {mean:.2f} times faster in geometric mean, {min(some):.2f} at least")
    return "\n".join(lines)


def conditions(tools, options):
    """What the numbers depend on."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    lock = tomllib.loads((ROOT / "benches/peers/Cargo.lock").read_text())
    locked = {package["name"]: package["version"] for package in lock["package"]}
    versions = []
    for tool in tools:
        if tool in ("torch", "jax"):
            versions.append(f"{TITLES[tool]} {importlib.metadata.version(tool)}")
        elif tool == "sklearn":
            versions.append(f"{TITLES[tool]} {importlib.metadata.version('scikit-learn')}")
        elif tool in ("burn", "candle"):
            versions.append(f"{TITLES[tool]} {locked[{'burn': 'burn', 'candle': 'candle-core'}[tool]]}")
    return (
        "Microseconds per training step (threads): best epoch at the best thread count of "
        f"{options.threads}; {options.rounds} rounds of {options.seconds} s.\n"
        f"{model[1] if model else platform.processor()}, {len(os.sched_getaffinity(0))} processors, "
        f"{datetime.date.today()}. {', '.join(versions)}."
    )


if __name__ == "__main__":
    main()
