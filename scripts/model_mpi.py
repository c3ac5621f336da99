#!/usr/bin/env python3
"""A model of how fast several machines train one network together: nothing here is measured on several machines.

    python3 scripts/model_mpi.py                                  the tables of docs/scale.md
    python3 scripts/model_mpi.py --machine 900,80 --network 3,11  with your own figures

A machine is GFLOP/s of large matrix products in single precision, and GB/s of memory; a network is microseconds for a small
message and GB/s of a large one, between two processes of MPI on two machines (scripts/mpi_ping_pong.c measures them).

A step of P machines, one process each, with a layer of W weights in a network of L layers, takes

    operations of products / P / GFLOP/s                          each has a part of the rows
    + bytes of activations / P / GB/s of memory                   12 passes over each hidden layer
    + bytes of updates / GB/s of memory                           each updates all weights: 28 bytes with Adam, 20 with SGD
    + bytes of exchanged weights / GB/s of memory                 copied and added: 24 for each weight, if P > 1
    + L * OVERHEAD                                                calls, threads that begin and end
    + exchanges of sums: log2(P) messages and their bytes each    statistics, gradients of norms and biases, the loss
    + exchanges of weights: 2 (P - 1) messages, 8 W (P - 1) / P bytes

The rate of products is that of large ones, for small layers as well. Not in it: machines that are slower than others, a
network with other work or with fewer links than machines, exchanges that MPI does better or worse than one message after
the other.
"""

import argparse
import math
import tomllib
from pathlib import Path

from bench_mpi import LARGE

# GFLOP/s, GB/s of memory.
MACHINES = {
    # Measured: half of a step of 4096-4096-10 in 6.24 s of a processor, see docs/scale.md. The memory is assumed.
    "2 cores": (88.0, 12.0),
    # Half of the peak of 64 cores at 2.45 GHz with 32 operations a cycle, 70 % of 8 channels of DDR4-3200.
    "64 cores": (2500.0, 143.0),
}

# Microseconds of a small message, GB/s of a large one. Bandwidths are 95 % of what the link is sold for; latencies are
# assumed, of the order that is usual for TCP in the kernel of Linux and for InfiniBand.
NETWORKS = {
    "10 Gbit/s Ethernet": (25.0, 1.19),
    "100 Gbit/s Ethernet": (15.0, 11.9),
    "HDR InfiniBand": (1.5, 23.8),
}

OVERHEAD = 5e-6  # seconds for a layer
WORTH = 0.7  # of as many times as fast as there are machines
BLOCKS = 8  # more if there are more machines
SMALL = 50_000  # bytes of an exchange that is done in log2(P) messages
COUNTS = [2, 4, 8, 16, 64, 256]
BATCHES = [256, 1024, 8192, 65536]


def exchange(machines, size, network):
    """Seconds until each machine has what all have, `size` bytes together."""
    latency, bandwidth = network[0] * 1e-6, network[1] * 1e9
    messages = math.ceil(math.log2(machines)) if size < SMALL else machines - 1
    return messages * latency + size * (machines - 1) / machines / bandwidth


def step(widths, batch, optimizer, machines, machine, network):
    """Seconds for a step, and those of them in exchanges."""
    rate, memory = machine[0] * 1e9, machine[1] * 1e9
    weights = [rows * columns for rows, columns in zip(widths, widths[1:])]
    hidden = widths[1:-1]
    operations = 2 * batch * (3 * sum(weights) - weights[0])
    seconds = operations / machines / rate + 12 * 4 * batch * sum(hidden) / machines / memory
    seconds += {"adam": 28, "sgd": 20}[optimizer] * sum(weights) / memory + OVERHEAD * len(weights)
    if machines == 1:
        return seconds, 0.0
    seconds += 24 * sum(weights) / memory
    blocks = max(BLOCKS, machines)
    # Batch norm forward and backward, the bias of the last layer, the loss.
    columns = [3 * width for width in hidden] + [2 * width for width in hidden] + [widths[-1], 1]
    waiting = sum(exchange(machines, 8 * blocks * count, network) for count in columns)
    waiting += sum(2 * exchange(machines, 4 * count, network) for count in weights)
    return seconds + waiting, waiting


def speedup(network, machines, machine, link):
    arguments = network["widths"], network["batch_size"], network["optimizer"]
    return step(*arguments, 1, machine, link)[0] / step(*arguments, machines, machine, link)[0]


def print_table(heading, rows, words=1):
    print("| " + " | ".join(heading) + " |")
    print("|" + "---|" * words + "---:|" * (len(heading) - words))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def times(value):
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def speedups(networks, machine, links):
    for network in networks:
        # With more machines than rows, some would have nothing to do.
        counts = [machines for machines in COUNTS if machines <= network["batch_size"]]
        cells = [" / ".join(times(speedup(network, machines, machine, link)) for link in links) for machines in counts]
        cells += [""] * (len(COUNTS) - len(cells))
        yield ["-".join(map(str, network["widths"])) + f", {network['batch_size']} rows", *cells]


def smallest_width(batch, machines, machine, link):
    """The smallest of equal widths of two hidden layers from which the machines are worth it."""
    for power in range(6, 15):
        network = {"widths": [2**power] * 3 + [10], "batch_size": batch, "optimizer": "adam"}
        if speedup(network, machines, machine, link) >= WORTH * machines:
            return str(2**power)
    return "none"


def pair(text):
    first, second = map(float, text.split(","))
    return first, second


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", type=pair, help="GFLOP/s,GB/s of memory")
    parser.add_argument("--network", type=pair, help="microseconds,GB/s")
    options = parser.parse_args()
    machines = {"yours": options.machine} if options.machine else MACHINES
    links = {"yours": options.network} if options.network else NETWORKS
    with open(Path(__file__).resolve().parent.parent / "benches" / "workloads.toml", "rb") as file:
        networks = [*tomllib.load(file)["workload"], LARGE]
    for name, machine in machines.items():
        print(f"Times as fast as one machine, modelled: machines of {name}; {' / '.join(links)}\n")
        print_table(["network", *map(str, COUNTS)], speedups(networks, machine, links.values()))
    print(f"The smallest width of n-n-n-10 from which k machines are {WORTH} k times as fast, modelled; Adam\n")
    rows = [
        [name, link_name, str(count), *(smallest_width(batch, count, machine, link) for batch in BATCHES)]
        for name, machine in machines.items()
        for link_name, link in links.items()
        for count in [2, 8, 64]
    ]
    print_table(["cores of a machine", "network", "machines", *(f"{batch} rows" for batch in BATCHES)], rows, words=2)


if __name__ == "__main__":
    main()
