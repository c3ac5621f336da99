"""Write metrics.json: metrics from scikit-learn, and the ends of their intervals.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1
    python tests/golden/make_metrics.py            # writes the file
    python tests/golden/make_metrics.py --check    # writes nothing; compares within 1e-9

No random generator is used: every input comes from the closed formula in `numbers`. README.md
describes the file. Influences of rows are numeric derivatives of scikit-learn's metrics with
respect to the weight of each row, so they share no formula with the tested code.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np
from scipy import stats
from sklearn import metrics

FILE = Path(__file__).resolve().parent / "metrics.json"
LEVEL = 0.975
BINS = 15


# Inputs

def numbers(tag, *shape):
    """Irregular numbers in [-1, 1], different for each tag, with three decimals."""
    values = [math.sin(12.9898 * k + 0.37 * k * k + tag) for k in range(math.prod(shape))]
    return np.array([round(v, 3) for v in values]).reshape(shape)


def classes(tag, n, k, present, decimals, skill, weighted):
    truth = np.array([int((i * 7 + i * i // 5) % present) for i in range(n)])
    scores = 2.0 * numbers(tag, n, k)
    scores[np.arange(n), truth] += skill
    p = np.exp(scores)
    p = np.round(p / p.sum(axis=1, keepdims=True), decimals)
    p[:, 0] += 1 - p.sum(axis=1)
    # Away from 0, and from the edges of the bins.
    p = 0.9 * p + 0.1 * (np.arange(k) + 1) / (k * (k + 1) / 2)
    weights = np.round(1.2 + numbers(tag + 1, n), 3) if weighted else np.ones(n)
    return truth, p, weights


# Metrics as functions of weights

def binary_score(p):
    return np.log(p[:, 1]) - np.log(p[:, 0])


def auc(truth, p, w):
    if p.shape[1] == 2:
        return metrics.roc_auc_score(truth, binary_score(p), sample_weight=w)
    seen = np.unique(truth)
    return np.mean([metrics.roc_auc_score(truth == c, p[:, c], sample_weight=w) for c in seen])


def calibration(truth, p, w):
    confidence, right = p.max(axis=1), p.argmax(axis=1) == truth
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    total = 0.0
    for b in range(BINS):
        here = bins == b
        if here.any():
            gap = np.average(right[here], weights=w[here]) - np.average(confidence[here], weights=w[here])
            total += w[here].sum() / w.sum() * abs(gap)
    return total


def log_loss(truth, p, w):
    return metrics.log_loss(truth, p, sample_weight=w, labels=range(p.shape[1]))


def macro_f1(truth, p, w):
    return metrics.f1_score(truth, p.argmax(axis=1), average="macro", sample_weight=w, zero_division=0)


# Intervals

def influences(metric, w, h=1e-4):
    """Central differences, extrapolated to h = 0 (Richardson)."""
    def slope(i, h):
        up, down = w.copy(), w.copy()
        up[i] += h
        down[i] -= h
        return (metric(up) - metric(down)) / (2 * h)
    return np.array([(4 * slope(i, h / 2) - slope(i, h)) / 3 for i in range(len(w))]) * w


def interval(metric, w, scale):
    n, value = len(w), metric(w)
    se = math.sqrt(n / (n - 1) * (influences(metric, w) ** 2).sum())
    if scale == "share":
        return {"value": value, **wilson_ends(value, value * (1 - value) / se**2)}
    t = stats.t.ppf(LEVEL, n - 1)
    to, back = {
        "log": (math.log, math.exp),
        "logit": (lambda v: math.log(v / (1 - v)), lambda s: 1 / (1 + math.exp(-s))),
        "log_of_rest": (lambda v: math.log(1 - v), lambda s: 1 - math.exp(s)),
    }[scale]
    slope = {"log": 1 / value, "logit": 1 / (value * (1 - value)), "log_of_rest": 1 / (1 - value)}[scale]
    low, high = sorted(back(to(value) + sign * t * se * slope) for sign in (-1, 1))
    return {"value": value, "low": low, "high": high}


def wilson(share, w):
    """The share of the weights, as if of (sum w)^2 / sum w^2 rows."""
    if w.sum() == 0:
        return None
    return {"value": share, **wilson_ends(share, w.sum() ** 2 / (w**2).sum())}


def wilson_ends(share, n):
    """The roots of (p - share)^2 = z^2 p (1 - p) / n."""
    z = stats.norm.ppf(LEVEL)
    ends = np.roots([1 + z * z / n, -(2 * share + z * z / n), share * share])
    low, high = sorted(np.clip(ends.real, 0, 1))
    return {"low": float(low), "high": float(high)}


def recall(truth, predicted, w, c):
    of, right = truth == c, (truth == c) & (predicted == c)
    return wilson(w[right].sum() / max(w[of].sum(), 1e-300), w[of])


def class_case(tag, n, k, present, decimals=3, skill=1.5, weighted=False):
    truth, p, w = classes(tag, n, k, present, decimals, skill, weighted)
    predicted = p.argmax(axis=1)
    recalls = [recall(truth, predicted, w, c) for c in range(k)]
    precisions = [recall(predicted, truth, w, c) for c in range(k)]
    _, _, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(k), sample_weight=w, zero_division=np.nan
    )
    balanced = metrics.balanced_accuracy_score(truth, predicted, sample_weight=w)
    known = [r for r in recalls if r]
    below = math.sqrt(sum((r["value"] - r["low"]) ** 2 for r in known)) / len(known)
    above = math.sqrt(sum((r["high"] - r["value"]) ** 2 for r in known)) / len(known)
    return {
        "truth": truth.tolist(),
        "log_probabilities": np.log(p).tolist(),
        "weights": w.tolist() if weighted else None,
        "confusion": metrics.confusion_matrix(truth, predicted, labels=range(k)).tolist(),
        "accuracy": wilson(metrics.accuracy_score(truth, predicted, sample_weight=w), w),
        "balanced_accuracy": {"value": balanced, "low": balanced - below, "high": balanced + above},
        "macro_f1": interval(lambda w: macro_f1(truth, p, w), w, "logit"),
        "auc": interval(lambda w: auc(truth, p, w), w, "logit"),
        "log_loss": interval(lambda w: log_loss(truth, p, w), w, "log"),
        "calibration_error": interval(lambda w: calibration(truth, p, w), w, "share"),
        "recall": recalls,
        "precision": precisions,
        "f1": [None if math.isnan(f) else float(f) for f in f1],
        "baseline_log_loss": log_loss(truth, np.tile((np.arange(k) + 1) / (k * (k + 1) / 2), (n, 1)), w),
    }


def value_case(tag, n, offset, unit, weighted=False):
    x = numbers(tag, n, 2)
    truth = offset + unit * (x + 0.5 * numbers(tag + 1, n, 2))
    predictions = offset + unit * x
    w = np.round(1.2 + numbers(tag + 2, n), 3) if weighted else np.ones(n)
    targets = []
    for t, p in zip(truth.T, predictions.T):
        targets.append({
            "rmse": interval(lambda w: metrics.root_mean_squared_error(t, p, sample_weight=w), w, "log"),
            "mae": interval(lambda w: metrics.mean_absolute_error(t, p, sample_weight=w), w, "log"),
            "r2": interval(lambda w: metrics.r2_score(t, p, sample_weight=w), w, "log_of_rest"),
            "baseline_mae": metrics.mean_absolute_error(t, np.full(n, offset), sample_weight=w),
        })
    return {
        "truth": truth.tolist(),
        "predictions": predictions.tolist(),
        "weights": w.tolist() if weighted else None,
        "offset": offset,
        "targets": targets,
    }


def delong(truth, score):
    """The variance of the area, over all pairs; DeLong et al. 1988, divided by m and n as a jackknife."""
    pos, neg = score[truth == 1], score[truth == 0]
    right = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
    return right.mean(axis=1).var() / len(pos) + right.mean(axis=0).var() / len(neg)


def make():
    cases = {
        "binary": class_case(1, 60, 2, 2),
        "binary_weighted": class_case(2, 60, 2, 2, weighted=True),
        "ties": class_case(3, 60, 2, 2, decimals=1),
        "three": class_case(4, 70, 3, 3, skill=1.0),
        "three_weighted": class_case(5, 70, 3, 3, skill=1.0, weighted=True),
        "absent_class": class_case(6, 50, 4, 3, skill=0.5),
    }
    truth, p, w = classes(3, 60, 2, 2, 1, 1.5, False)
    n = len(truth)
    numeric = (influences(lambda w: auc(truth, p, w), w) ** 2).sum()
    assert abs(numeric / delong(truth, binary_score(p)) - 1) < 1e-6, "influences are DeLong's"
    return {
        "bins": BINS,
        "classes": cases,
        "values": {
            "plain": value_case(7, 50, 0.0, 1.0),
            "weighted": value_case(8, 50, 3.0, 20.0, weighted=True),
            "large_offset": value_case(9, 50, 1e6, 1.0),
        },
    }


def differs(a, b):
    if isinstance(a, dict):
        return a.keys() != b.keys() or any(differs(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) != len(b) or any(map(differs, a, b))
    if isinstance(a, float) or isinstance(b, float):
        return not abs(a - b) <= 1e-9 * max(1, abs(a))
    return a != b


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    made = json.loads(json.dumps(make()))
    if parser.parse_args().check:
        if differs(made, json.loads(FILE.read_text())):
            sys.exit("metrics.json differs")
        return
    FILE.write_text(json.dumps(made, indent=None, separators=(",", ":")).replace('},"', '},\n"') + "\n")


main()
