"""Checks the Python package where it is installed, with pandas and scikit-learn: `python scripts/check_python.py`.

Runs the examples of docs/python.md, scikit-learn's own checks of estimators, and what these do not ask.
"""

import os
import pickle
import re
import tempfile
import warnings
from pathlib import Path

os.environ["SCIPY_ARRAY_API"] = "1"  # Without it, scikit-learn leaves out a check.

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

import bntrain
from bntrain._program import absolute
from bntrain.sklearn import BntrainClassifier, BntrainRegressor

ROOT = Path(__file__).resolve().parents[1]


def raises(kind, *words):
    """The error of the block that follows is of this kind and has these words."""

    class Expected:
        def __enter__(self):
            return self

        def __exit__(self, _, error, __):
            assert isinstance(error, kind), f"expected {kind.__name__}, found {error!r}"
            missing = [word for word in words if word not in str(error)]
            assert not missing, f"{missing} not in: {error}"
            self.error = error
            return True

    return Expected()


def check_examples():
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(examples) == 3, len(examples)
    for example in examples:
        exec(compile(example, "docs/python.md", "exec"), {})


def check_train():
    table = pd.read_csv("data/tiny.csv")
    table.index += 1000
    run = bntrain.train("configs/smoke.toml", table)
    of_path = bntrain.train(Path("configs/smoke.toml"))
    hashes = [[of_run["result_hash"] for of_run in each.results["runs"]] for each in (run, of_path)]
    assert hashes[0] == hashes[1], "a DataFrame trains like the file that it is from"
    assert len(run.metrics) == 2 * 2 * 11 and set(run.metrics["norm"]) == {"batch_norm", "none"}
    assert list(run.summary["norm"]) == ["batch_norm", "none"] and (run.summary["final_accuracy.mean"] > 0.9).all()
    predicted = run.predict(table.drop(columns="kind"), "none")
    assert list(predicted.index) == list(table.index) and (predicted["prediction"] == table["kind"]).mean() > 0.9
    assert predicted.equals(run.predict("data/tiny.csv", "none").set_axis(table.index))
    with raises(bntrain.BntrainError, "2 networks"):
        run.predict(table)

    folder = run.path
    assert folder.exists()
    del run
    assert not folder.exists(), "a temporary run directory goes with its run"

    # A German file: its notation is that of the data frames, too. Classes and columns have unusual names.
    odd = pd.DataFrame({"a b": [0.25, 1.125, 2.5, np.nan] * 10, 'ein "Wort"': ["NA", "x;y", "=1", "NA"] * 10,
                        "ziel": ["01", "NA", "=2", "NA"] * 10})
    config = {"data": {"label": "ziel", "delimiter": ";", "decimal": ",", "missing_markers": [],
                       "columns": {"a b": {"type": "numeric", "missing": "mean"}}},
              "model": {"hidden": (np.int64(8),), "norm": "batch_norm"},
              "optimizer": {"type": "adam", "learning_rate": np.float64(0.05)}, "training": {"epochs": 30}}
    with tempfile.TemporaryDirectory() as out:
        run = bntrain.train(config, odd, out=Path(out, "run"), options=["--seed", "3"])
        predicted = bntrain.Run(run.path).predict(odd)
        assert list(predicted["prediction"]) == list(odd["ziel"]), predicted
        assert predicted["probability_NA"].between(0, 1).all()

    with raises(bntrain.BntrainError, "2 problems", "data.valid", "did you mean `optimizer`?") as mistakes:
        bntrain.train({**config, "data": {"label": "ziel", "valid": 2}, "optimzer": {}}, odd)
    assert mistakes.error.exit_code == 2 and pickle.loads(pickle.dumps(mistakes.error)).exit_code == 2
    with raises(bntrain.BntrainError, "no-such-file.csv"):
        bntrain.train(config, "no-such-file.csv")
    with raises(TypeError, "None cannot be a value of a config"):
        bntrain.train({**config, "model": {"norm": None}}, odd)


def check_paths():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            real = Path(os.getcwd())
            Path("[old]").mkdir()
            os.chdir("[old]")
            Path("b[1].csv").touch()
            paths = ["part-*", "a.csv", "b[1].csv"]  # The last exists, so that it is no pattern.
            assert absolute(paths) == [f"{real}/[[]old]/part-*", f"{real}/[old]/a.csv", f"{real}/[old]/b[1].csv"]
        finally:
            os.chdir(ROOT)


def check_estimators():
    for estimator in [BntrainClassifier(), BntrainRegressor(), BntrainRegressor(norm="none", missing="mean")]:
        results = check_estimator(estimator, on_skip=None)
        # What is skipped needs a package that is not installed.
        skipped = [result["check_name"] for result in results if result["status"] != "passed"]
        print(f"{estimator}: {len(results) - len(skipped)} of scikit-learn's checks passed, skipped: {skipped}")
        assert set(skipped) <= {"check_array_api_input"} and len(results) > 45

    numbers = np.random.RandomState(0)
    X = numbers.normal(size=(90, 4))
    y = np.array(["no", "yes", None], dtype=object)[:2][(X[:, 0] > 0).astype(int)]
    twice = [BntrainClassifier(epochs=5, random_state=7, n_jobs=jobs).fit(X, y) for jobs in (None, 2)]
    assert twice[0].model_ == twice[1].model_ or np.array_equal(*(each.predict_proba(X) for each in twice))
    other = clone(twice[0]).set_params(random_state=8).fit(X, y)
    assert not np.array_equal(other.predict_proba(X), twice[0].predict_proba(X))
    assert len(other.loss_curve_) == 5 and other.loss_curve_[-1] < other.loss_curve_[0]
    copied = pickle.loads(pickle.dumps(other))
    assert np.array_equal(copied.predict(X), other.predict(X))

    # Twelve classes: their columns are in the order of `classes_`.
    many = BntrainClassifier(hidden=(30,), epochs=60, random_state=0)
    labels = np.arange(120) % 12
    corners = np.eye(12)[labels] + 0.01 * numbers.normal(size=(120, 12))
    assert np.array_equal(many.fit(corners, labels * 10 - 50).predict_proba(corners).argmax(axis=1), labels)
    assert np.array_equal(many.predict(corners), labels * 10 - 50)

    # Two targets, missing values, and keys of a config.
    X[5, 1] = np.nan
    targets = np.column_stack([X[:, 0] - X[:, 2], 100 + X[:, 3]])
    network = BntrainRegressor(missing="mean", epochs=60, config={"training.ensemble": 2}, random_state=0)
    assert network.fit(X, targets).predict(X).shape == (90, 2) and network.score(X, targets) > 0.8
    with raises(ValueError, "NaN"):
        clone(network).set_params(missing="refuse").fit(X, targets)
    with raises(bntrain.BntrainError, "optimizer.learning_rate", "-1 is not allowed"):
        clone(network).set_params(learning_rate=-1).fit(X, targets)
    with raises(ValueError, "config describes 2 networks"):
        clone(network).set_params(config={"compare.seeds": 1}).fit(X, targets)


def main():
    os.chdir(ROOT)
    warnings.simplefilter("ignore")
    print(f"the program is {bntrain.program()}")
    check_train()
    check_paths()
    check_examples()
    check_estimators()
    print("the Python package is as documented")


if __name__ == "__main__":
    main()
