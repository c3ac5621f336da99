"""Runs the exported models of tests/golden/export in onnxruntime and PyTorch.

    BNTRAIN_UPDATE_EXPORT=1 cargo test --test it export   # writes the exported files
    python tests/golden/make_export.py                    # writes <case>.answers.json
    python tests/golden/make_export.py --check            # writes nothing; compares within 1e-6 or 1e-12

Packages: numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 torch==2.15.0
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors import safe_open

FOLDER = Path(__file__).resolve().parent / "export"


def run_onnx(path, inputs):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path)
    numbers = [[float("nan") if x is None else x for x in row] for row in inputs["numbers"]]
    feed = {"numbers": np.array(numbers, float), "texts": np.array(inputs["texts"], dtype=object)}
    return session.run(None, {value.name: feed[value.name] for value in session.get_inputs()})[0]


def run_torch(path, inputs):
    with safe_open(path, "pt") as file:
        about = json.loads(file.metadata()["bntrain_export"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    dtype = next(iter(tensors.values())).dtype
    modules = [getattr(torch.nn, module["type"])(**module["options"]) for module in about["modules"]]
    network = torch.nn.Sequential(*modules).to(dtype)
    network.load_state_dict(tensors)
    network.eval()
    with torch.no_grad():
        scores = network(torch.tensor(inputs["encoded"], dtype=dtype))
    if scores.shape[1] == 1:
        scores = torch.cat([-scores, scores], dim=1)
        return torch.sigmoid(scores).numpy()
    return torch.softmax(scores, dim=1).numpy()


for inputs_path in sorted(FOLDER.glob("*.inputs.json")):
    case = inputs_path.name.split(".")[0]
    inputs = json.loads(inputs_path.read_text())
    answers = {
        "folded.onnx": run_onnx(FOLDER / f"{case}.folded.onnx", inputs),
        "kept.onnx": run_onnx(FOLDER / f"{case}.kept.onnx", inputs),
        "safetensors": run_torch(FOLDER / f"{case}.safetensors", inputs),
    }
    path = FOLDER / f"{case}.answers.json"
    if "--check" in sys.argv:
        for name, expected in json.loads(path.read_text()).items():
            limit = 1e-12 if answers[name].dtype == np.float64 else 1e-6
            difference = np.abs(answers[name] - np.array(expected)).max()
            assert difference <= limit, f"{case}.{name}: {difference}"
    else:
        lists = {name: answer.astype(float).tolist() for name, answer in answers.items()}
        path.write_text(json.dumps(lists, indent=1) + "\n")
    print(case, {name: answer.shape for name, answer in answers.items()})
