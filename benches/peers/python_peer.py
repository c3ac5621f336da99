"""Trains the networks of `benches/workloads.toml` in a Python tool and says how long a step takes.

    python python_peer.py torch|compile|jax|sklearn THREADS
    {"workload": "iris", "batch_norm": true, "seconds": 0.5}        a request on stdin
    {"best_us": .., "median_us": ..}                                its answer on stdout

The data are in memory; rows are reshuffled each epoch; a step gathers its rows, goes forward,
backward, and updates. Requests for one network come together; it stays in training.
"""

import json
import os
import sys
import time
import tomllib
import warnings
from pathlib import Path

SGD_RATE, SGD_MOMENTUM, ADAM_RATE = 0.01, 0.9, 1e-3
WORKLOADS = tomllib.loads((Path(__file__).parent.parent / "workloads.toml").read_text())["workload"]


def main(tool, threads):
    limit_threads(tool, threads)  # before anything that reads the settings is imported
    start = {"torch": torch_epoch, "compile": compiled_epoch, "jax": jax_epoch, "sklearn": sklearn_epoch}[tool]
    if tool in ("torch", "compile"):
        import torch

        torch.set_num_threads(threads)
    workloads = {workload["name"]: workload for workload in WORKLOADS}
    current, epoch = None, None
    for line in sys.stdin:
        request = json.loads(line)
        workload = workloads[request["workload"]]
        if current != (request["workload"], request["batch_norm"]):
            current = (request["workload"], request["batch_norm"])
            epoch = None  # the last network's memory is free before the next one's is taken
            epoch = start(workload, request["batch_norm"], *samples(workload))
            epoch()  # warms up, and compiles
        print(json.dumps(timing(epoch, workload, request["seconds"])), flush=True)


def limit_threads(tool, threads):
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = str(threads)
    if tool == "jax":
        # It takes its thread count from the processors that it may run on.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def samples(workload):
    """Normal features and uniform labels."""
    import numpy as np

    random = np.random.default_rng(0)
    x = random.standard_normal((workload["rows"], workload["widths"][0]), dtype=np.float32)
    return x, random.integers(0, workload["widths"][-1], workload["rows"])


def timing(epoch, workload, seconds):
    """Best and median microseconds per step, over the epochs of about `seconds`."""
    steps = workload["rows"] // workload["batch_size"]
    times, begin = [], time.perf_counter()
    while not times or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        epoch()
        times.append((time.perf_counter() - start) / steps * 1e6)
    times.sort()
    return {"best_us": times[0], "median_us": times[len(times) // 2]}


def torch_epoch(workload, batch_norm, x, y, compiled=False):
    import torch
    from torch import nn

    widths, batch = workload["widths"], workload["batch_size"]
    *hidden, scores = zip(widths, widths[1:])
    layers = []
    for inputs, outputs in hidden:
        layers.append(nn.Linear(inputs, outputs, bias=not batch_norm))
        layers += [nn.BatchNorm1d(outputs), nn.ReLU()] if batch_norm else [nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(*scores))
    if workload["optimizer"] == "sgd":
        update = torch.optim.SGD(model.parameters(), lr=SGD_RATE, momentum=SGD_MOMENTUM, fused=True)
    else:
        update = torch.optim.Adam(model.parameters(), lr=ADAM_RATE, fused=True)
    criterion = nn.CrossEntropyLoss()

    def loss_of(rows, labels):
        return criterion(model(rows), labels)

    if compiled:
        torch.compiler.reset()
        loss_of = torch.compile(loss_of)
    x, y = torch.from_numpy(x), torch.from_numpy(y)

    def epoch():
        for rows in torch.randperm(len(x)).split(batch):
            update.zero_grad(set_to_none=True)
            loss_of(x[rows], y[rows]).backward()
            update.step()

    return epoch


def compiled_epoch(workload, batch_norm, x, y):
    return torch_epoch(workload, batch_norm, x, y, compiled=True)


def jax_epoch(workload, batch_norm, x, y):
    import jax
    import jax.numpy as jnp
    import numpy as np
    import optax

    widths, batch = workload["widths"], workload["batch_size"]
    random = np.random.default_rng(1)
    last = len(widths) - 2
    params, running = [], []
    for index, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        weights = random.standard_normal((inputs, outputs)) * np.sqrt(2 / inputs)
        layer = {"weight": jnp.asarray(weights, jnp.float32)}
        if batch_norm and index < last:
            layer |= {"gamma": jnp.ones(outputs), "beta": jnp.zeros(outputs)}
            running.append((jnp.zeros(outputs), jnp.ones(outputs)))
        else:
            layer["bias"] = jnp.zeros(outputs)
        params.append(layer)
    if workload["optimizer"] == "sgd":
        update = optax.sgd(SGD_RATE, momentum=SGD_MOMENTUM)
    else:
        update = optax.adam(ADAM_RATE)

    def loss_of(params, running, rows, labels):
        moved = []
        for index, layer in enumerate(params):
            rows = rows @ layer["weight"]
            if "bias" in layer:
                rows += layer["bias"]
            else:
                mean, var = rows.mean(0), rows.var(0)
                old_mean, old_var = running[index]
                unbiased = var * (batch / (batch - 1))
                moved.append((0.9 * old_mean + 0.1 * mean, 0.9 * old_var + 0.1 * unbiased))
                rows = (rows - mean) * jax.lax.rsqrt(var + 1e-5) * layer["gamma"] + layer["beta"]
            if index < last:
                rows = jax.nn.relu(rows)
        return optax.softmax_cross_entropy_with_integer_labels(rows, labels).mean(), moved

    x, y = jnp.asarray(x), jnp.asarray(y)

    def step(carry, rows):
        params, running, state = carry
        (loss, running), grads = jax.value_and_grad(loss_of, has_aux=True)(params, running, x[rows], y[rows])
        updates, state = update.update(grads, state, params)
        return (optax.apply_updates(params, updates), running, state), loss

    run = jax.jit(lambda carry, order: jax.lax.scan(step, carry, order), donate_argnums=0)
    carry = (params, running, update.init(params))

    def epoch():
        nonlocal carry
        order = np.random.permutation(len(x)).reshape(-1, batch)
        carry, losses = run(carry, jnp.asarray(order))
        losses.block_until_ready()

    return epoch


def sklearn_epoch(workload, batch_norm, x, y):
    from sklearn.neural_network import MLPClassifier

    assert not batch_norm, "scikit-learn has none"
    warnings.filterwarnings("ignore")  # one epoch at a time does not converge, and need not
    sgd = workload["optimizer"] == "sgd"
    model = MLPClassifier(
        workload["widths"][1:-1],
        solver="sgd" if sgd else "adam",
        learning_rate_init=SGD_RATE if sgd else ADAM_RATE,
        momentum=SGD_MOMENTUM,
        nesterovs_momentum=False,
        batch_size=workload["batch_size"],
        alpha=0,
        max_iter=1,
        warm_start=True,
    )
    return lambda: model.fit(x, y)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
