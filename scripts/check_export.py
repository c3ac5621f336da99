"""Runs exported models in onnxruntime and PyTorch.

    python scripts/check_export.py target/release/bntrain [NETWORKS]

Trains random networks with all kinds of layers and columns, exports them, and compares what
onnxruntime and PyTorch compute with `bntrain predict`. The graphs also go through ONNX's checker. If
PyTorch is not installed, NumPy definitions of its modules take its place. Then the examples of
docs/export.md are run. Packages: scripts/check_export.txt, and optionally torch.
"""

import csv
import json
import math
import random
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from safetensors import safe_open

try:
    import torch
except ImportError:
    torch = None

ROOT = Path(__file__).resolve().parent.parent
OPERATORS = [schema.name for schema in onnx.defs.get_all_schemas()]
DATE_FORMATS = ["%Y-%m-%d", "%d.%m.%Y %H:%M", "%Y-%m", "%H:%M"]
# In units of a target's spread. These networks have norms over a few numbers that can be nearly equal, which multiply what was
# rounded before by up to 1 / sqrt(eps) = 316: 316 * 2^-24 = 1.9e-5.
TOLERANCE = {"f32": 2e-5, "f64": 1e-9}


def run(program, *arguments):
    ended = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if ended.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}\n{ended.stdout}{ended.stderr}")
    return ended.stdout


def documented():
    """The layers and the activations of the config reference, so that a new one cannot be forgotten here."""
    pages = [ROOT / "docs" / "config.md", ROOT / "README.md"]
    reference = "".join(page.read_text() for page in pages if page.exists())
    layers = re.search(r"\n(#+) `\[\[layers\]\]`\n(.*?)\n\1 ", reference, re.S)
    activations = re.search(r"\n\| `activation` \| (.*?) \|", reference)
    return set(re.findall(r'\*\*`type = "(\w+)"`\*\*', layers[2])), re.findall(r'"(\w+)"', activations[1])


DOCUMENTED_KINDS, ACTIVATIONS = documented()
NORMS = ["batch_norm", "ghost_batch_norm", "batch_renorm", "mean_only", "variance_only", "layer_norm", "rms_norm", "group_norm"]
BATCH_NORMS = ["batch_norm", "ghost_batch_norm", "batch_renorm", "variance_only"]
LOSSES = ["softmax_loss", "logistic_loss", "squared_loss", "huber_loss"]
KINDS = {"affine", "dropout", "alpha_dropout", "noise_only", *ACTIVATIONS, *NORMS, *LOSSES}


class Case:
    """A random data file and a random network for it."""

    def __init__(self, folder, seed):
        self.random, self.seed = random.Random(seed), seed
        self.folder = folder
        self.loss = LOSSES[seed % len(LOSSES)]
        self.dtype = "f64" if seed % 3 == 2 else "f32"
        self.is_weighted = False
        self.write_data()
        self.layers = self.random_layers()
        self.write_config()

    def write_data(self):
        r = self.random
        self.numbers = [f"n{i}" for i in range(r.randint(1, 5))]
        self.flags = [f"b{i}" for i in range(r.randint(0, 1))]
        self.texts = [f"t{i}" for i in range(r.randint(0, 2))]
        self.dates = {f"d{i}": r.choice(DATE_FORMATS) for i in range(r.randint(0, 1))}
        offsets = {name: r.choice([0.0, 5.0, -300.0, 1.7e9]) for name in self.numbers}
        self.has_gaps = r.random() < 0.5
        self.rows = []
        for index in range(120):
            row = {}
            for name in self.numbers:
                row[name] = "" if self.has_gaps and r.random() < 0.1 else repr(round(offsets[name] + r.gauss(0, 2), 3))
            for name in self.flags:
                row[name] = "" if self.has_gaps and r.random() < 0.1 else r.choice(["yes", "No"])
            for name in self.texts:
                row[name] = "" if self.has_gaps and r.random() < 0.1 else r.choice(["red", "green, or so", "über", f"rare{r.randint(0, 9)}"])
            for name, form in self.dates.items():
                row[name] = "" if self.has_gaps and r.random() < 0.1 else written(r, form, 2020, 2023)
            if self.loss == "softmax_loss":
                row["y"] = r.choice(["a", "b", "c"])
            elif self.loss == "logistic_loss":
                row["y"] = r.choice(["no", "yes"])
            else:
                row["y"], row["z"] = repr(round(2e5 + r.gauss(0, 5e4), 2)), repr(round(r.random(), 4))
            row["same"] = "2023"
            self.rows.append(row)
        self.write("data.csv")
        # Rows that are unlike those of training: far numbers, and another number in the constant column.
        for row in self.rows[:40]:
            far = {name: repr(float(row[name]) + r.choice([-1, 1]) * 10 ** r.uniform(0, 12)) for name in self.numbers if row[name]}
            far |= {name: written(r, form, 1900, 2900) for name, form in self.dates.items() if row[name]}
            self.rows.append({**row, **far, "same": r.choice(["2023", "2024", "-1e6"])})
        self.write("rows.csv")

    def write(self, name):
        with open(self.folder / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.rows[0].keys())
            writer.writeheader()
            writer.writerows(self.rows)

    def random_layers(self):
        r = self.random
        norm = lambda: {
            "batch_norm": lambda: {"type": "batch_norm", "eps": r.choice([1e-5, 1e-3]), "scale": r.random() < 0.8,
                                   "shift": r.random() < 0.8, "running_update": r.choice([0.1, 0.5, "cumulative"])},
            "mean_only": lambda: {"type": "mean_only", "shift": r.random() < 0.7},
            "ghost_batch_norm": lambda: {"type": "ghost_batch_norm", "rows": r.choice([2, 5, 16])},
            "batch_renorm": lambda: {"type": "batch_renorm", "warmup": 0.3, "scale": r.random() < 0.8},
            "variance_only": lambda: {"type": "variance_only", "shift": r.random() < 0.8},
            "layer_norm": lambda: {"type": "layer_norm", "eps": r.choice([1e-5, 1e-3]), "shift": r.random() < 0.8},
            "rms_norm": lambda: {"type": "rms_norm", "scale": r.random() < 0.8},
            "group_norm": lambda: {"type": "group_norm", "scale": r.random() < 0.8},
        }[r.choice(NORMS)]()
        layers = [norm()] if r.random() < 0.4 else []
        for _ in range(r.randint(0, 3)):
            layers.append({"type": "affine", "units": r.randint(1, 24), "bias": r.choice([True, "auto"]),
                           "weights": r.choice(["plain", "plain", "weight_norm", "centered_weight_norm"])})
            after = [{"type": r.choice(ACTIVATIONS)}]
            if r.random() < 0.7:
                after.insert(r.randint(0, 1), norm())
            if r.random() < 0.3:
                kind = r.choice(["dropout", "alpha_dropout", "noise_only"])  # all of them the identity in evaluation
                after.append({"type": kind} if kind == "noise_only" else {"type": kind, "rate": 0.3})
            if r.random() < 0.2:
                after.append({"type": r.choice(ACTIVATIONS)})
            layers += after
        # From numbers apart, which leave the other draws as they are.
        own, before_loss = random.Random(f"before the loss, {self.seed}"), []
        if own.random() < 0.3:
            # Norms of each row need more outputs than there may be.
            kind = own.choice(sorted(set(NORMS) - {"layer_norm", "rms_norm", "group_norm"}))
            before_loss.append({"type": kind, "rows": 5} if kind == "ghost_batch_norm" else {"type": kind})
        return layers + [{"type": "affine"}, *before_loss, {"type": self.loss}]

    def write_config(self):
        key = 'label = "y"' if self.loss in ("softmax_loss", "logistic_loss") else 'target = ["y", "z"]'
        lines = ["[data]", 'path = "data.csv"', key, "valid = 0.25"]
        if self.has_gaps:
            lines += [f'missing = "{self.random.choice(["mean", "median", "most_frequent"])}"',
                      f"missing_indicator = {str(self.random.random() < 0.5).lower()}"]
        if self.texts:
            lines += [f"max_categories = {self.random.choice([2, 5, 50])}"]
        for layer in self.layers:
            lines += ["[[layers]]"] + [f"{key} = {json.dumps(value)}" for key, value in layer.items()]
        if self.random.random() < 0.3:
            lines.insert(4, f'scale = "{self.random.choice(["min_max", "standardize"])}"')
        elif self.random.random() < 0.6:
            encodings = self.random.sample(["standardize", "quantile", "piecewise_linear"], self.random.randint(1, 3))
            lines.insert(4, f"numeric = {json.dumps(encodings)}")
            lines.insert(5, f"intervals = {self.random.choice([2, 5, 16])}")
        for name, form in self.dates.items():
            lines.insert(lines.index("[[layers]]"), f'columns.{name} = {{ type = "date", format = "{form}" }}')
        lines += ["[optimizer]", 'type = "adam"', "learning_rate = 0.01",
                  "[training]", "epochs = 3", "batch_size = 16", f'dtype = "{self.dtype}"']
        if key.startswith("label") and self.random.random() < 0.5:
            self.is_weighted = True
            lines += ['class_weights = "balanced"' if self.random.random() < 0.5 else
                      f"class_weights = {{ {'a' if self.loss == 'softmax_loss' else 'yes'} = 7.5 }}"]
        if self.random.random() < 0.2:
            lines.insert(lines.index("[training]") + 1, f"ensemble = {self.random.choice([2, 3])}")
        (self.folder / "case.toml").write_text("\n".join(lines) + "\n")


def predictions(program, model, data, names):
    """The predictions of the program, one column for each of `names`."""
    rows = csv.DictReader(run(program, "predict", model, "--data", data).splitlines())
    return np.array([[float(row[name]) for name in names] for row in rows])


def written(r, form, first, last):
    """A random date in a format, in one of the years from `first` to `last`."""
    date = datetime(r.randint(first, last), 1, 1) + timedelta(minutes=r.randrange(365 * 24 * 60))
    return f"{date:{form}}"


def date_number(name, row, dates):
    """What a graph takes for an input of a date, such as `d0 (month, sine)`."""
    column, what = re.fullmatch(r"(.*) \((.*)\)", name).groups()
    if not row[column]:
        return math.nan
    date = datetime.strptime(row[column], dates[column]).replace(tzinfo=timezone.utc)
    if what == "day":
        return date.timestamp() / 86400
    part, function = what.split(", ")
    turn = {"month": (date.month - 1) / 12, "weekday": date.weekday() / 7, "hour": (date.hour + date.minute / 60) / 24}[part]
    return {"sine": math.sin, "cosine": math.cos}[function](2 * math.pi * turn)


def raw_inputs(about, rows, dtype, dates):
    """The columns of a file as inputs of an exported graph."""
    inputs = {}
    if "numbers" in about:
        number = lambda cell: {"": math.nan, "yes": 1.0, "No": 0.0}.get(cell) if not cell or cell.isalpha() else float(cell)
        inputs["numbers"] = np.array([[number(row[name]) if name in row else date_number(name, row, dates)
                                       for name in json.loads(about["numbers"])] for row in rows], dtype)
    if "texts" in about:
        inputs["texts"] = np.array([[row[name] for name in json.loads(about["texts"])] for row in rows], dtype=object)
    return inputs


def check_onnx(program, case, model, path, *options):
    run(program, "export", model, "--to", "onnx", "-o", path, "--tolerance", TOLERANCE[case.dtype], *options)
    graph = onnx.load(path)
    onnx.checker.check_model(graph, full_check=True)
    for node in graph.graph.node:
        if node.op_type == "BatchNormalization":
            attributes = {attribute.name: attribute.i for attribute in node.attribute}
            assert attributes["training_mode"] == 0 and len(node.output) == 1, node
    operators = {node.op_type for node in graph.graph.node}
    assert ("BatchNormalization" in operators) == ("--no-fold" in options and
        any(layer["type"] in BATCH_NORMS for layer in case.layers)), operators
    for value in [*graph.graph.input, *graph.graph.output]:
        assert value.type.tensor_type.shape.dim[0].dim_param == "rows", value

    session = onnxruntime.InferenceSession(path)
    about = session.get_modelmeta().custom_metadata_map
    inputs = raw_inputs(about, case.rows, float, case.dates)
    outputs = dict(zip([output.name for output in session.get_outputs()], session.run(None, inputs)))
    answers = outputs["probabilities" if "classes" in about else "values"].astype(float)
    if "classes" in about:
        names, scale = [f"probability_{name}" for name in json.loads(about["classes"])], 1.0
    else:
        targets = json.loads(about["targets"])
        names = [f"predicted_{name}" for name in targets]
        scale = np.array([[np.std([float(row[name]) for row in case.rows]) for name in targets]])
    expected = predictions(program, model, case.folder / "rows.csv", names)
    difference = np.abs((answers - expected) / scale).max()
    assert difference <= TOLERANCE[case.dtype], f"{path}: {difference}"
    assert ("label" in outputs) == (case.threshold is not None), list(outputs)
    if case.threshold is not None:
        rows = csv.DictReader(run(program, "predict", model, "--data", case.folder / "rows.csv").splitlines())
        expected_labels = np.array([json.loads(about["classes"]).index(row["prediction"]) for row in rows])
        # Rounding decides where the probability is the threshold.
        is_clear = np.abs(expected[:, 1] - case.threshold) > TOLERANCE[case.dtype]
        assert (outputs["label"][is_clear, 0] == expected_labels[is_clear]).all(), path
    return difference


class Numpy:
    """PyTorch's modules in evaluation mode."""

    @staticmethod
    def apply(kind, options, tensor, x):
        if kind == "Linear":
            return x @ tensor("weight").T + (tensor("bias") if options["bias"] else 0)
        if kind == "BatchNorm1d":
            y = (x - tensor("running_mean")) / np.sqrt(tensor("running_var") + options["eps"])
            return y * tensor("weight") + tensor("bias") if options["affine"] else y
        if kind in ("LayerNorm", "RMSNorm", "GroupNorm"):
            groups = x.reshape(len(x), options.get("num_groups", 1), -1)
            groups = groups - (0 if kind == "RMSNorm" else groups.mean(2, keepdims=True))
            x_hat = (groups / np.sqrt((groups**2).mean(2, keepdims=True) + options["eps"])).reshape(x.shape)
            return x_hat * tensor("weight") + (0 if kind == "RMSNorm" else tensor("bias"))
        if kind == "LeakyReLU":
            return np.where(x < 0, options["negative_slope"] * x, x)
        if kind == "SELU":
            scale, alpha = 1.0507009873554805, 1.6732632423543772
            return scale * (np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0)))
        if kind in ("Dropout", "AlphaDropout"):
            return x
        # The other activations: ONNX has an operator of the same name, up to capitals.
        operator = {name.lower(): name for name in OPERATORS}[kind.lower()]
        node = onnx.helper.make_node(operator, ["x"], ["y"])
        return ReferenceEvaluator(node).run(None, {"x": x})[0]


def run_modules(case, modules, tensors, x):
    """What a network of an exported file gives for encoded inputs."""
    if torch is None:
        for index, module in enumerate(modules):
            x = Numpy.apply(module["type"], module["options"], lambda name: tensors[f"{index}.{name}"], x)
        return x
    modules = [getattr(torch.nn, module["type"])(**module["options"]) for module in modules]
    network = torch.nn.Sequential(*modules).to(torch.float64 if case.dtype == "f64" else torch.float32)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()})
    with torch.no_grad():
        return network.eval()(torch.from_numpy(x)).numpy()


def probabilities(scores):
    if scores.shape[1] == 1:
        scores = np.concatenate([0 * scores, scores], axis=1)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def check_safetensors(program, case, model, onnx_path, path):
    """Runs the modules on the encoded inputs that onnxruntime computes from raw columns."""
    run(program, "export", model, "--to", "safetensors", "-o", path, "--tolerance", TOLERANCE[case.dtype])
    graph = onnx.load(onnx_path)
    first = next(node for node in graph.graph.node if node.op_type in ("Gemm", "BatchNormalization") or
                 node.output[0].split(".")[0].rsplit("_", 1)[0] in NORMS)
    graph.graph.output.append(onnx.helper.make_empty_tensor_value_info(first.input[0]))
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    feed = raw_inputs(session.get_modelmeta().custom_metadata_map, case.rows, float, case.dates)
    scores, answers, x = session.run(["scores", session.get_outputs()[0].name, first.input[0]], feed)
    with safe_open(path, "np") as file:
        about = json.loads(file.metadata()["bntrain_export"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    prefixes = ["", *(f"member_{member}." for member in range(2, about["members"] + 1))]
    of_prefix = lambda prefix: {name.removeprefix(prefix): value for name, value in tensors.items()
                                if name.startswith(prefix) and (prefix or not name.startswith("member_"))}
    members = [run_modules(case, about["modules"], of_prefix(prefix), x) for prefix in prefixes]
    if len(members) == 1 or "classes" not in session.get_modelmeta().custom_metadata_map:
        y = sum(members) / len(members)
    elif case.is_weighted:
        return 0.0  # The probabilities are corrected, which the graph does for each member.
    else:
        y, scores = sum(probabilities(member) for member in members) / len(members), answers
    difference = (np.abs(y - scores) / np.maximum(1, np.abs(scores))).max()
    assert difference <= TOLERANCE[case.dtype], f"{path}: {difference}"
    return difference


def check_examples(program, folder):
    """Runs the examples of docs/export.md."""
    data = ROOT / "data" / "iris.csv"
    (folder / "data.csv").write_bytes(data.read_bytes())
    (folder / "iris.toml").write_text((ROOT / "configs" / "iris.toml").read_text().replace("../data/iris.csv", "data.csv"))
    run(program, "-q", "-c", folder / "iris.toml", "-o", folder / "run", "--epochs", "3")
    model = next((folder / "run").glob("batch_norm/**/model.safetensors"))
    run(program, "export", model, "--to", "onnx", "-o", folder / "model.onnx")
    run(program, "export", model, "--to", "safetensors", "-o", folder / "model.safetensors")
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "export.md").read_text(), re.S)
    names, classes = [], {}
    exec_in = lambda code: subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True, text=True).stdout
    show = "\nprint(json.dumps([[float(p) for p in row] for row in probabilities]))"
    found = [json.loads(exec_in(blocks[0] + show))]
    if torch is not None:
        found.append(json.loads(exec_in(blocks[1] + blocks[2] + blocks[3] + show)))
    about = onnxruntime.InferenceSession(folder / "model.onnx").get_modelmeta().custom_metadata_map
    names = [f"probability_{name}" for name in json.loads(about["classes"])]
    expected = predictions(program, model, folder / "data.csv", names)
    for probabilities in found:
        assert np.abs(np.array(probabilities) - expected).max() <= 1e-5
    which = "onnxruntime and PyTorch" if torch else "onnxruntime (without those for PyTorch)"
    print(f"the examples of docs/export.md for {which} predict what the program does")


def main():
    program = str(Path(sys.argv[1]).resolve())
    networks = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    assert DOCUMENTED_KINDS == KINDS, f"kinds of layers: {DOCUMENTED_KINDS ^ KINDS}"
    largest, seen = {}, set()
    for seed in range(networks):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            case = Case(folder, seed)
            seen |= {layer["type"] for layer in case.layers}
            run(program, "-q", "-c", folder / "case.toml", "-o", folder / "run")
            models = [folder / "run" / "ensemble.safetensors", *(folder / "run").glob("**/model.safetensors")]
            model = next(model for model in models if model.exists())
            case.threshold = None
            if case.loss == "logistic_loss" and seed % 2:
                thresholded = folder / "thresholded.safetensors"
                chosen = run(program, "threshold", model, "--cost", "fp=1,fn=3", "-o", thresholded, "--json")
                model, case.threshold = thresholded, json.loads(chosen)["threshold"]
            differences = {
                "folded": check_onnx(program, case, model, folder / "folded.onnx"),
                "not folded": check_onnx(program, case, model, folder / "kept.onnx", "--no-fold"),
                "PyTorch" if torch else "PyTorch's modules in NumPy":
                    check_safetensors(program, case, model, folder / "kept.onnx", folder / "torch.safetensors"),
            }
            for what, difference in differences.items():
                key = (what, case.dtype)
                largest[key] = max(largest.get(key, 0.0), float(difference))
    assert seen == KINDS, f"never drawn: {KINDS - seen}"
    for (what, dtype), difference in sorted(largest.items()):
        print(f"{networks} random networks, {dtype}, {what}: differs by up to {difference:.1e}")
    with tempfile.TemporaryDirectory() as folder:
        check_examples(program, Path(folder))


main()
