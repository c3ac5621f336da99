"""Reads what a training writes with the tools that it is for: `python scripts/check_tensorboard.py BNTRAIN`.

Event files with TensorBoard's own loader and its pages; `metrics.csv` and `summary.json` with pandas and DuckDB, by the
lines of docs/run-directory.md. Listens on a port of the loopback interface.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file
from tensorboard import program
from tensorboard.backend.event_processing.event_accumulator import HISTOGRAMS, EventAccumulator

ROOT = Path(__file__).resolve().parents[1]
RATES = [0.01, 0.1]
GROUPS = {"train_loss": "loss", "train_eval_loss": "loss", "valid_loss": "loss", "train_accuracy": "accuracy",
          "valid_accuracy": "accuracy", "train_r2": "r2", "valid_r2": "r2"}


def run(bntrain, *arguments):
    done = subprocess.run([bntrain, *map(str, arguments), "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"


def load(folder):
    loaded = EventAccumulator(str(folder), size_guidance={HISTOGRAMS: 0})
    loaded.Reload()
    return loaded


def check_run(folder, rows, model):
    """The events of a run are the rows of its table, and its last histograms are those of its tensors."""
    loaded = load(folder)
    tags = {f"{group}/{name}": name for name, group in GROUPS.items() if name in rows and rows[name].notna().any()}
    tags["learning_rate"] = "learning_rate"
    assert sorted(loaded.Tags()["scalars"]) == sorted(tags), loaded.Tags()
    for tag, name in tags.items():
        expected = rows[rows[name].notna()]
        found = loaded.Scalars(tag)
        assert [event.step for event in found] == list(expected["step"]), tag
        assert np.array_equal([event.value for event in found], expected[name].astype("float32")), tag
        times = [event.wall_time for event in found]
        assert times == sorted(times) and times[0] > 1.7e9, times

    tensors = {name.replace(".", "/"): values for name, values in load_file(model).items()}
    assert sorted(loaded.Tags()["histograms"]) == sorted(tensors)
    for tag, values in tensors.items():
        found = loaded.Histograms(tag)
        assert [event.step for event in found] == list(rows["step"]), tag
        last = found[-1].histogram_value
        assert (last.num, last.min, last.max) == (values.size, values.min(), values.max()), tag
        assert np.isclose(last.sum, values.astype("float64").sum()), tag
        assert sum(last.bucket) == values.size and last.bucket_limit[-1] == last.max, tag
        edges = [last.min, *last.bucket_limit]
        if len(last.bucket) > 1:
            counts, _ = np.histogram(values.astype("float64"), edges)
            assert np.abs(counts - last.bucket).sum() <= 2, f"{tag}: {counts} {last.bucket}"


def check_events(bntrain, work):
    out, events = work / "run", work / "events"
    grid = f"compare.grid={{ \"optimizer.learning_rate\" = {RATES} }}"
    run(bntrain, "configs/smoke.toml", "--out", out, "--tensorboard", events, "--set", grid)
    folders = sorted(path.parent for path in events.rglob("events.out.tfevents.*"))
    assert len(folders) == 2 * 2 * 2, folders
    metrics = pd.read_csv(out / "metrics.csv")
    for folder in folders:
        name = folder.relative_to(events)
        rate = RATES[int(name.parts[1].removeprefix("point-")) - 1]
        rows = metrics[(metrics["norm"] == name.parts[0]) & (metrics["seed"] == int(name.parts[2].removeprefix("seed-")))
                       & (metrics["point"] == f"optimizer.learning_rate={rate}")]
        assert len(rows) == 11
        check_run(folder, rows, out / name / "model.safetensors")
    return events


def check_pages(events):
    """What TensorBoard's pages of scalars, histograms and hyperparameters ask for."""
    server = program.TensorBoard()
    server.configure(argv=["tensorboard", "--logdir", str(events), "--port", "0", "--load_fast", "false"])
    url = server.launch()

    def ask(path, content=None, **query):
        address = f"{url}data/plugin/{path}?{urllib.parse.urlencode(query)}"
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    runs = ask("scalars/tags")
    assert len(runs) == 8 and "loss/valid_loss" in runs["none/point-2/seed-1"], runs
    assert len(ask("scalars/scalars", run="none/point-2/seed-1", tag="loss/valid_loss")) == 11
    _, _, buckets = ask("histograms/histograms", run="none/point-2/seed-1", tag="affine_1/weight")[-1]
    assert sum(count for _, _, count in buckets) == 3 * 16, buckets

    experiment = ask("hparams/experiment", {"experimentName": ""})
    settings = {info["name"] for info in experiment["hparamInfos"]}
    assert {"norm", "optimizer.learning_rate", "training.batch_size"} <= settings, settings
    asked = {"experimentName": "", "allowedStatuses": ["STATUS_SUCCESS"], "sliceSize": 100,
             "colParams": [{"metric": info["name"]} for info in experiment["metricInfos"]]}
    groups = ask("hparams/session_groups", asked)["sessionGroups"]
    found = sorted((group["hparams"]["norm"], group["hparams"]["optimizer.learning_rate"]) for group in groups)
    assert found == [(norm, rate) for norm in ("batch_norm", "none") for rate in RATES], found
    assert all(len(group["sessions"]) == 2 for group in groups), "seeds of one network are shown together"


def check_continued(bntrain, work):
    """A run that goes on, and one that is replaced, are one curve."""
    out, events = work / "again", work / "again-events"
    once = ["configs/smoke.toml", "--out", out, "--tensorboard", events, "--set", "compare.norms=['none']", "--set",
            "compare.seeds=1"]
    folder = events / "none" / "seed-0"
    steps = lambda: [event.step for event in load(folder).Scalars("loss/valid_loss")]
    run(bntrain, *once)
    run(bntrain, "resume", out, "--epochs", 12, "--tensorboard", events)
    assert steps() == [3 * epoch for epoch in range(13)], steps()
    run(bntrain, *once, "--epochs", 4, "--force")
    assert steps() == [3 * epoch for epoch in range(5)], steps()
    assert len(list(folder.iterdir())) >= 2


def check_tables(bntrain, work):
    """The lines of the documentation."""
    run(bntrain, "configs/smoke.toml", "--out", work / "runs" / "iris-001")
    text = (ROOT / "docs" / "run-directory.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    names = {}
    os.chdir(work)
    exec(lines, names)
    assert names["metrics"].shape == (44, 13) and names["metrics"]["norm"].isin(["batch_norm", "none"]).all()
    assert sorted(names["runs"]["norm"]) == ["batch_norm", "batch_norm", "none", "none"]
    assert (names["runs"]["final_scores.valid_accuracy"] > 0.9).all()
    assert names["by_norm"].df().shape == (2, 2) and names["by_norm"].df()["loss"].lt(0.5).all()
    assert set(names["results"].df()["norm"]) == {"batch_norm", "none"} and len(names["results"].df()) == 4
    os.chdir(ROOT)


def main():
    bntrain = str(Path(sys.argv[1]).resolve())
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        check_tables(bntrain, work)
        print("pandas and DuckDB read the results")
        events = check_events(bntrain, work)
        check_continued(bntrain, work)
        print("TensorBoard's loader has the numbers of metrics.csv and the tensors of the models")
        check_pages(events)
        print("TensorBoard's pages have scalars, histograms and hyperparameters")


if __name__ == "__main__":
    main()
