"""Write network.json, layers.json and optimizers.json: numbers from PyTorch in float64.

    pip install numpy==2.4.6 torch==2.15.0
    python tests/golden/make_golden.py            # writes the three files
    python tests/golden/make_golden.py --check    # writes nothing; compares within 1e-12

No random generator is used: every input comes from the closed formula in `numbers`. README.md
describes the files. Two habits of PyTorch are translated here: affine weights are written as
(inputs, outputs), and the weight and bias of batch norm are written as gamma and beta.
"""

import argparse
import json
import math
import sys
from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
EPS = 1e-5
UPDATE = 0.1  # running = (1 - UPDATE) * running + UPDATE * batch; PyTorch calls it momentum

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


# Inputs

def numbers(tag, *shape, scale=1.0, offset=0.0):
    """Irregular numbers in [offset - scale, offset + scale], different for each tag.

    Three decimals, so that they are the same whatever sin() the machine has. The square of the
    index matters: sin(a * k + b) alone would make matrices of rank two.
    """
    count = math.prod(shape)
    values = [math.sin(12.9898 * k + 0.37 * k * k + tag) for k in range(count)]
    return torch.tensor([round(offset + scale * v, 3) for v in values]).reshape(shape)


BATCHES = [
    (numbers(1, 10, 6, scale=2.0), torch.tensor([0, 1, 2, 3, 0, 1, 2, 0, 1, 0])),
    (numbers(2, 10, 6, scale=1.5, offset=0.5), torch.tensor([3, 2, 2, 1, 0, 3, 1, 2, 3, 0])),
    (numbers(3, 10, 6, scale=2.5, offset=-0.3), torch.tensor([1, 1, 0, 2, 3, 3, 0, 2, 2, 1])),
]


# Networks

def network(norm):
    """6-8-7-4 with relu. With `norm`, batch norm after each hidden affine, which has no bias."""
    widths = [6, 8, 7, 4]
    layers = []

    def add(name, layer):
        layers.append((f"{len(layers)}_{name}", layer))

    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        is_last = outputs == widths[-1]
        affine = nn.Linear(inputs, outputs, bias=is_last or not norm)
        affine.weight.data = numbers(10 + i, inputs, outputs, scale=0.8).T.contiguous()
        if affine.bias is not None:
            affine.bias.data = numbers(20 + i, outputs, scale=0.4)
        add("affine", affine)
        if is_last:
            break
        if norm:
            batch_norm = nn.BatchNorm1d(outputs, eps=EPS, momentum=UPDATE)
            batch_norm.weight.data = numbers(30 + i, outputs, scale=0.5, offset=1.0)  # gamma
            batch_norm.bias.data = numbers(40 + i, outputs, scale=0.5)  # beta
            add("batch_norm", batch_norm)
        add("relu", nn.ReLU())
    return nn.Sequential(OrderedDict(layers))


def batch_norms(model):
    return {name: m for name, m in model.named_children() if isinstance(m, nn.BatchNorm1d)}


def named(model, get):
    """{our name: get(parameter)}; weights as (inputs, outputs), gamma and beta by name."""
    result = {}
    for name, layer in model.named_children():
        for torch_name, parameter in layer.named_parameters():
            if isinstance(layer, nn.Linear):
                ours = torch_name
            else:
                ours = {"weight": "gamma", "bias": "beta"}[torch_name]
            value = get(parameter)
            result[f"{name}.{ours}"] = value.T if value.ndim == 2 else value
    return result


def parameters(model):
    return named(model, lambda p: p.detach().clone())


def gradients(model):
    return named(model, lambda p: p.grad)


def running(model):
    result = {}
    for name, layer in batch_norms(model).items():
        result[f"{name}.running_mean"] = layer.running_mean.clone()
        result[f"{name}.running_var"] = layer.running_var.clone()
    return result


def forward(model, x):
    """The output of every layer by name, each with its gradient kept."""
    outputs = {}
    for name, layer in model.named_children():
        if isinstance(layer, nn.ReLU):
            # A golden number must not hang on the side of the kink that rounding error picks.
            assert x.abs().min() > 1e-6, f"an input of {name} is too close to 0"
        x = layer(x)
        if x.requires_grad:
            x.retain_grad()
        outputs[name] = x
    return outputs


def losses(logits, labels):
    rows = F.cross_entropy(logits, labels, reduction="none")
    return {"logits": logits, "row_losses": rows, "loss": rows.mean()}


# network.json

def training_pass(model, x, labels):
    x = x.clone().requires_grad_()
    activations = forward(model, x)
    logits = list(activations.values())[-1]
    result = losses(logits, labels)
    result["loss"].backward()
    return {
        "activations": activations,
        **result,
        "d_activations": {name: y.grad for name, y in activations.items()},
        "gradients": gradients(model),
        "dx": x.grad,
    }


def evaluation_passes(model):
    model.eval()
    with torch.no_grad():
        return [losses(model(x), labels) for x, labels in BATCHES]


def running_pytorch(n_batches, momentum):
    """Running statistics as nn.BatchNorm1d keeps them; momentum=None is the cumulative average."""
    model = network(norm=True)
    for layer in batch_norms(model).values():
        layer.momentum = momentum
    for x, _ in BATCHES[:n_batches]:
        model(x)
    return running(model)


def running_biased(n_batches, cumulative):
    """The same with the biased variance, which PyTorch has no switch for: from the inputs."""
    model = network(norm=True)
    result = running(model)
    for step, (x, _) in enumerate(BATCHES[:n_batches]):
        update = 1 / (step + 1) if cumulative else UPDATE
        with torch.no_grad():
            for name, layer in model.named_children():
                if isinstance(layer, nn.BatchNorm1d):
                    batch = {"running_mean": x.mean(0), "running_var": x.var(0, correction=0)}
                    for key, value in batch.items():
                        old = result[f"{name}.{key}"]
                        result[f"{name}.{key}"] = (1 - update) * old + update * value
                x = layer(x)
    return result


def weighted_pass(x, labels):
    """With batch norm; each row has a weight of its own times that of its class."""
    model = network(norm=True)
    rows = numbers(70, len(labels), scale=0.9, offset=1.0)
    classes = torch.tensor([0.5, 2.0, 1.25, 0.75])
    weights = rows * classes[labels]
    weights = weights / weights.mean()
    losses = F.cross_entropy(model(x), labels, reduction="none")
    loss = (weights * losses).mean()
    loss.backward()
    return {
        "row_weights": rows,
        "class_weights": classes,
        "weights": weights,
        "loss": loss,
        "gradients": gradients(model),
    }


def network_json():
    with_norm = network(norm=True)
    without = network(norm=False)
    return {
        "eps": EPS,
        "running_update": UPDATE,
        "batches": [{"x": x, "labels": labels} for x, labels in BATCHES],
        "batch_norm": {
            "layers": list(dict(with_norm.named_children())),
            "parameters": parameters(with_norm),
            "training": training_pass(with_norm, *BATCHES[0]),
            "running": {
                "initial": running(network(norm=True)),
                "unbiased_after_1": running_pytorch(1, UPDATE),
                "unbiased_after_3": running_pytorch(3, UPDATE),
                "biased_after_1": running_biased(1, cumulative=False),
                "biased_after_3": running_biased(3, cumulative=False),
                "cumulative_unbiased_after_3": running_pytorch(3, None),
                "cumulative_biased_after_3": running_biased(3, cumulative=True),
            },
            # with_norm has seen batch 0 once: its running statistics are unbiased_after_1.
            "evaluation": evaluation_passes(with_norm),
        },
        "none": {
            "layers": list(dict(without.named_children())),
            "parameters": parameters(without),
            "training": training_pass(without, *BATCHES[0]),
            "evaluation": evaluation_passes(without),
        },
        "weighted": weighted_pass(*BATCHES[1]),
    }


# layers.json

def layer_case(f, x, dy, config=None, **tensors):
    """y = f(x, **tensors) and what dy becomes on the way back."""
    x = x.clone().requires_grad_()
    tensors = {name: value.clone().requires_grad_() for name, value in tensors.items()}
    y = f(x, **tensors)
    y.backward(dy)
    return {
        "config": config or {},
        "parameters": tensors,
        "x": x,
        "dy": dy,
        "y": y,
        "dx": x.grad,
        "gradients": {name: value.grad for name, value in tensors.items()},
    }


def batch_norm_case(x, dy, eps, scale=True, shift=True):
    def f(x, gamma=None, beta=None):
        return F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)

    tensors = {}
    if scale:
        tensors["gamma"] = numbers(58, x.shape[1], scale=0.7, offset=1.2)
    if shift:
        tensors["beta"] = numbers(59, x.shape[1], scale=0.9)
    case = layer_case(f, x, dy, {"eps": eps, "scale": scale, "shift": shift}, **tensors)
    mean, variance = x.mean(0), x.var(0, correction=0)
    return case | {"mean": mean, "variance": variance, "x_hat": (x - mean) / (variance + eps).sqrt()}


def batch_norm_evaluation_case(x):
    config = {"eps": EPS, "scale": True, "shift": True}
    tensors = {
        "gamma": numbers(58, x.shape[1], scale=0.7, offset=1.2),
        "beta": numbers(59, x.shape[1], scale=0.9),
        "running_mean": numbers(60, x.shape[1]),
        "running_var": numbers(61, x.shape[1], scale=0.9, offset=1.5),
    }
    y = F.batch_norm(x, tensors["running_mean"], tensors["running_var"], tensors["gamma"],
                     tensors["beta"], training=False, eps=EPS)
    return {"config": config, "parameters": tensors, "x": x, "y": y}


def softmax_case(x, labels, dy):
    case = layer_case(lambda x: F.cross_entropy(x, labels, reduction="none"), x, dy)
    return case | {"labels": labels}


def logistic_case(x, labels, dy):
    def f(x):
        return F.binary_cross_entropy_with_logits(x[:, 0], labels.double(), reduction="none")

    return layer_case(f, x, dy) | {"labels": labels}


def value_case(f, x, targets, dy, config=None):
    case = layer_case(lambda x: f(x, targets).mean(dim=1), x, dy, config)
    return case | {"targets": targets}


def layers_json():
    x = numbers(50, 5, 4, scale=3.0)
    dy = numbers(51, 5, 4)

    # The kink itself, and inputs at which exp() overflows when it is written carelessly.
    kink = x.clone()
    kink[1, 2] = 0.0
    saturated = x.clone()
    saturated[0] = torch.tensor([40.0, -40.0, 800.0, -800.0])

    constant_column = x.clone()
    constant_column[:, 1] = 2.5

    huge = torch.tensor([
        [1e4, 0.0, -1e4, 5.0],
        [1e4, 0.0, -1e4, 5.0],
        [1e4, 1e4, 1e4, 1e4],
        [-1e4, -1e4, -1e4 + 1, -1e4 - 2],
        [1e4, 1e4 - 1, -1e4, 1e4 - 3],
        [-1e4, 1e4, 0.0, 1e4],
    ])

    affine_x, affine_w = numbers(52, 5, 4), numbers(53, 4, 3)
    affine_b, affine_dy = numbers(54, 3), numbers(55, 5, 3)

    return {
        "relu": layer_case(F.relu, kink, dy),
        "leaky_relu": layer_case(lambda x: F.leaky_relu(x, 0.01), kink, dy, {"slope": 0.01}),
        "sigmoid": layer_case(torch.sigmoid, saturated, dy),
        "tanh": layer_case(torch.tanh, saturated, dy),
        # PyTorch gives x itself from 20 on, which is exact in float64 for the 40 and 800 here.
        "softplus": layer_case(F.softplus, saturated, dy),
        "softmax_loss": softmax_case(x, torch.tensor([2, 0, 3, 1, 0]), numbers(56, 5)),
        "softmax_loss_huge": softmax_case(huge, torch.tensor([0, 2, 1, 2, 1, 3]), numbers(57, 6)),
        "logistic_loss": logistic_case(numbers(62, 5, 1, scale=3.0), torch.tensor([1, 0, 0, 1, 1]),
                                       numbers(63, 5)),
        "logistic_loss_huge": logistic_case(
            torch.tensor([[1e4], [1e4], [-1e4], [-1e4], [40.0], [-40.0]]),
            torch.tensor([1, 0, 1, 0, 1, 0]), numbers(57, 6)),
        "squared_loss": value_case(lambda x, t: F.mse_loss(x, t, reduction="none"), x,
                                   numbers(64, 5, 4, scale=3.0), numbers(65, 5)),
        "huber_loss": value_case(lambda x, t: F.huber_loss(x, t, reduction="none", delta=0.8), x,
                                 numbers(64, 5, 4, scale=3.0), numbers(65, 5), {"delta": 0.8}),
        "affine": layer_case(lambda x, weight, bias: x @ weight + bias, affine_x, affine_dy,
                             {"bias": True}, weight=affine_w, bias=affine_b),
        "affine_no_bias": layer_case(lambda x, weight: x @ weight, affine_x, affine_dy,
                                     {"bias": False}, weight=affine_w),
        "batch_norm": batch_norm_case(x, dy, 1e-5),
        "batch_norm_eps_1e-3": batch_norm_case(x, dy, 1e-3),
        "batch_norm_no_scale": batch_norm_case(x, dy, 1e-5, scale=False),
        "batch_norm_no_shift": batch_norm_case(x, dy, 1e-5, shift=False),
        "batch_norm_no_scale_no_shift": batch_norm_case(x, dy, 1e-5, scale=False, shift=False),
        "batch_norm_constant_column": batch_norm_case(constant_column, dy, 1e-5),
        "batch_norm_evaluation": batch_norm_evaluation_case(x),
        "mean_only": layer_case(lambda x, beta: x - x.mean(0) + beta, x, dy,
                                beta=numbers(59, 4, scale=0.9)),
    }


# optimizers.json

STEPS = 10


def decayed_groups(model, decay):
    """The affine weights get the decay; biases, gamma and beta do not."""
    weights = [m.weight for m in model if isinstance(m, nn.Linear)]
    others = [p for p in model.parameters() if all(p is not w for w in weights)]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def optimizer_case(config, make, clip_norm=None):
    """Ten steps from the same start. Odd steps (1, 3, ..) use batch 0, even steps batch 1."""
    model = network(norm=True)
    optimizer = make(model, config["learning_rate"])
    step_losses, norms = [], []
    for step in range(1, STEPS + 1):
        x, labels = BATCHES[(step - 1) % 2]
        logits = list(forward(model, x).values())[-1]
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        step_losses.append(loss.detach())

        norm = torch.sqrt(sum((p.grad**2).sum() for p in model.parameters()))
        norms.append(norm)
        if clip_norm is not None:
            # Exactly max_norm / norm; torch.nn.utils.clip_grad_norm_ divides by norm + 1e-6.
            for p in model.parameters():
                p.grad *= min(1.0, clip_norm / norm.item())
        optimizer.step()
    return {
        "config": config,
        "losses": step_losses,
        "gradient_norms": norms,
        "parameters": parameters(model),
        "running": running(model),
    }


def optimizers_json():
    def sgd(**options):
        return lambda model, rate: torch.optim.SGD(model.parameters(), rate, **options)

    def sgd_l2(model, rate):
        return torch.optim.SGD(decayed_groups(model, 0.01), rate)

    def adagrad(model, rate):
        return torch.optim.Adagrad(model.parameters(), rate, eps=1e-8)

    def rmsprop(model, rate):
        return torch.optim.RMSprop(model.parameters(), rate, alpha=0.99, eps=1e-8)

    def adam(model, rate):
        return torch.optim.Adam(model.parameters(), rate, betas=(0.9, 0.999), eps=1e-8)

    def adamw(model, rate):
        return torch.optim.AdamW(decayed_groups(model, 0.05), rate, betas=(0.9, 0.999), eps=1e-8)

    moments = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    return {
        "eps": EPS,
        "running_update": UPDATE,
        "batches": [{"x": x, "labels": labels} for x, labels in BATCHES[:2]],
        "layers": list(dict(network(norm=True).named_children())),
        "initial": parameters(network(norm=True)),
        "cases": {
            "sgd": optimizer_case({"learning_rate": 0.1}, sgd()),
            "sgd_momentum": optimizer_case(
                {"learning_rate": 0.05, "momentum": 0.9}, sgd(momentum=0.9)),
            "sgd_nesterov": optimizer_case(
                {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
                sgd(momentum=0.9, nesterov=True)),
            "sgd_l2": optimizer_case({"learning_rate": 0.1, "l2": 0.01}, sgd_l2),
            # A norm of 1 clips some of the steps, a norm of 0.5 all of them.
            "sgd_clipped": optimizer_case(
                {"learning_rate": 0.1, "clip_norm": 1.0}, sgd(), clip_norm=1.0),
            "sgd_momentum_clipped": optimizer_case(
                {"learning_rate": 0.1, "momentum": 0.9, "clip_norm": 0.5},
                sgd(momentum=0.9), clip_norm=0.5),
            "adagrad": optimizer_case({"learning_rate": 0.01, "eps": 1e-8}, adagrad),
            "rmsprop": optimizer_case(
                {"learning_rate": 0.01, "alpha": 0.99, "eps": 1e-8}, rmsprop),
            "adam": optimizer_case({"learning_rate": 0.01, **moments}, adam),
            "adamw": optimizer_case(
                {"learning_rate": 0.01, **moments, "weight_decay": 0.05}, adamw),
        },
    }


# Files

def plain(value):
    """Tensors become lists, everything else stays."""
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def to_json(value, indent=""):
    """Like json.dumps, with one row of numbers per line. Floats are written to the last bit."""
    deeper = indent + " "
    if isinstance(value, dict) and value:
        items = [f"{json.dumps(key)}: {to_json(item, deeper)}" for key, item in value.items()]
        brackets = "{}"
    elif isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
        items = [to_json(item, deeper) for item in value]
        brackets = "[]"
    else:
        return json.dumps(value, allow_nan=False)
    lines = ",\n".join(deeper + item for item in items)
    return f"{brackets[0]}\n{lines}\n{indent}{brackets[1]}"


def agree(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(agree(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(agree, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= 1e-12 * max(1.0, abs(a), abs(b))
    return a == b


def main():
    parser = argparse.ArgumentParser(description="Write the golden numbers of tests/golden.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    check = parser.parse_args().check

    makers = {"network": network_json, "layers": layers_json, "optimizers": optimizers_json}
    is_same = True
    for name, make in makers.items():
        path = HERE / f"{name}.json"
        content = plain(make())
        if not check:
            path.write_bytes((to_json(content) + "\n").encode())
        elif not agree(content, json.loads(path.read_text())):
            print(f"{path.name} differs from what this script computes")
            is_same = False
    sys.exit(0 if is_same else 1)


if __name__ == "__main__":
    main()
