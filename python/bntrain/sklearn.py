"""Estimators for scikit-learn, which train a network with the program `bntrain`."""

import csv
import tempfile
from pathlib import Path

import numpy
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from bntrain._program import config_file, run_program, to_toml

__all__ = ["BntrainClassifier", "BntrainRegressor"]


class _Network(BaseEstimator):
    """The parameters are keys of a config, with their names there; `config` has further ones.

    `hidden`, `norm`, `activation` and `dropout` are those of `[model]`, `learning_rate` is that of Adam, `epochs` and
    `batch_size` those of `[training]`, and `missing` is `data.missing`: with `"mean"`, for example, NaN is allowed.
    `config` is a dictionary such as `{"training.clip_norm": 1.0}`. The result does not depend on `n_jobs`, the number
    of threads. After fitting, `model_` has the bytes of the model file, and `loss_curve_` the training loss by epoch.
    """

    def __init__(self, hidden=(100,), norm="batch_norm", activation="relu", dropout=0.0, learning_rate=0.01,
                 epochs=100, batch_size=64, missing="refuse", config=None, n_jobs=None, random_state=None):
        self.hidden = hidden
        self.norm = norm
        self.activation = activation
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.missing = missing
        self.config = config
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing != "refuse"
        return tags

    def _checked(self, *arrays, **options):
        finite = "allow-nan" if self.missing != "refuse" else True
        return validate_data(self, *arrays, dtype="float64", ensure_all_finite=finite, **options)

    def _run(self, *arguments):
        run_program(*arguments, "--quiet", "--threads", effective_n_jobs(self.n_jobs))

    def _train(self, X, answers, answer_type):
        """Trains on the columns of `X` and `answers`, both `(rows, columns)`."""
        names, answer_names = _names("x", X), _names("y", answers)
        config = {
            "data": {"path": "data.csv", "missing": self.missing,
                     "columns": {**dict.fromkeys(names, "numeric"), **dict.fromkeys(answer_names, answer_type)}},
            "model": {"hidden": self.hidden, "norm": self.norm, "activation": self.activation,
                      "dropout": self.dropout},
            "optimizer": {"type": "adam", "learning_rate": self.learning_rate},
            "training": {"epochs": self.epochs, "batch_size": self.batch_size, "checkpoint": "off",
                         "seed": check_random_state(self.random_state).randint(2**31 - 1),
                         "log_every_steps": 1_000_000_000, "baselines": False},
        }
        with tempfile.TemporaryDirectory(prefix="bntrain-") as folder:
            data, out = _write(folder, names + answer_names, [*X.T, *answers.T]), Path(folder, "run")
            config["data"]["path"] = data
            sets = [f"--set={key}={to_toml(value)}" for key, value in (self.config or {}).items()]
            self._run("train", "-c", config_file(config, folder), "-o", out, *sets)
            models = [*out.glob("ensemble.safetensors")] or [*out.glob("*/*/model.safetensors")]
            if len(models) != 1:
                raise ValueError(f"config describes {len(models)} networks; an estimator is one, or an ensemble")
            self.model_ = models[0].read_bytes()
            with open(min(out.glob("*/*/metrics.csv")), encoding="utf-8", newline="") as rows:
                self.loss_curve_ = [float(row["train_loss"]) for row in csv.DictReader(rows) if row["train_loss"]]
        return self

    def _predict(self, X, prefix):
        """The columns of the predictions whose names begin with `prefix`, in the order of their numbers."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        with tempfile.TemporaryDirectory(prefix="bntrain-") as folder:
            model, out = Path(folder, "model.safetensors"), Path(folder, "predictions.csv")
            model.write_bytes(self.model_)
            data = _write(folder, _names("x", X), X.T)
            self._run("predict", model, "-d", data, "-o", out)
            with open(out, encoding="utf-8") as table:
                columns = {name: place for place, name in enumerate(next(table).strip().split(","))}
                values = numpy.loadtxt(table, delimiter=",", ndmin=2)
        wanted = [name for name in columns if name.startswith(prefix)]
        wanted.sort(key=lambda name: int(name[len(prefix):] or 0))
        return values[:, [columns[name] for name in wanted]]


class BntrainClassifier(ClassifierMixin, _Network):
    __doc__ = f"A fully-connected network for classes.\n\n{_Network.__doc__}"

    def fit(self, X, y):
        X, y = self._checked(X, y, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, codes = numpy.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError(f"{type(self).__name__} needs at least two classes, y has one class: {self.classes_[0]!r}")
        return self._train(X, codes.reshape(-1, 1), "label")

    def predict(self, X):
        codes = self._predict(X, "prediction")[:, 0].astype(int)
        return self.classes_[codes]

    def predict_proba(self, X):
        return self._predict(X, "probability_")


class BntrainRegressor(RegressorMixin, _Network):
    __doc__ = f"A fully-connected network for values, one or several.\n\n{_Network.__doc__}"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X, y):
        X, y = self._checked(X, y, ensure_min_samples=2, multi_output=True, y_numeric=True)
        self._shape = (-1, *y.shape[1:])
        return self._train(X, y.reshape(len(y), -1), "target")

    def predict(self, X):
        values = self._predict(X, "predicted_y")
        return values.reshape(self._shape)


def _names(letter, columns):
    return [f"{letter}{number}" for number in range(columns.shape[1])]


def _write(folder, names, columns):
    path = Path(folder, "data.csv")
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(names)
        rows.writerows(zip(*(column.tolist() for column in columns)))
    return path
