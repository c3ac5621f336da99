"""Trains small fully-connected networks on CSV files and data frames, with the program `bntrain`."""

import json
import tempfile
from pathlib import Path

from bntrain._program import BntrainError, absolute, config_file, notation, program, run_program, to_toml, write_frame

__all__ = ["BntrainError", "Run", "program", "train"]


def train(config, data=None, out=None, options=()):
    """Trains every network of `config`, a path or a dictionary of its tables, and returns the `Run`.

    `data`, a path or pattern, a list of them or a pandas DataFrame, takes the place of `data.path`. Paths in a dictionary are relative to the
    current directory. `out` is the run directory; without it, it is temporary and goes with the `Run`. `options` are
    further ones of `bntrain train`, such as `["--epochs", "5"]`.
    """
    folder = tempfile.TemporaryDirectory(prefix="bntrain-")
    config, changes = config_file(config, folder.name), []
    if hasattr(data, "to_csv"):
        data = write_frame(data, folder.name, config)
        changes = ["--set=data.skip_rows=0", "--set=data.skip_footer=0"]
    if data is not None:
        changes.append(f"--set=data.path={to_toml(absolute(data))}")
    run = Run(out or Path(folder.name, "run"))
    run_program("train", "--config", config, "--out", run.path, "--progress", "never", *changes, *options)
    run._folder = None if out else folder
    return run


class Run:
    """A finished run directory."""

    def __init__(self, path):
        self.path = Path(path)

    def __repr__(self):
        return f"Run({str(self.path)!r})"

    @property
    def metrics(self):
        """`metrics.csv`: a row for each run and epoch."""
        import pandas
        return pandas.read_csv(self.path / "metrics.csv")

    @property
    def results(self):
        """`summary.json` as a dictionary."""
        return json.loads(Path(self.path, "summary.json").read_text(encoding="utf-8"))

    @property
    def summary(self):
        """The results of each norm and grid point over the seeds, a row for each: `results["groups"]` as a table."""
        import pandas
        return pandas.json_normalize(self.results["groups"])

    def predict(self, data, model="", options=()):
        """Predicts the rows of `data`, a path or a DataFrame, whose index the result then has. Classes are texts.

        Of several networks, `model` says which: its folder or file in the run directory, such as `"batch_norm"`; the
        predictions of several seeds are averaged. `options` are further ones of `bntrain predict`.
        """
        import pandas
        config = self.path / "config.toml"
        with tempfile.TemporaryDirectory(prefix="bntrain-") as folder:
            output, lines, index = Path(folder, "predictions.csv"), [], None
            if hasattr(data, "to_csv"):
                data, index = write_frame(data, folder, config), data.index
                lines = ["--skip-rows", 0, "--skip-footer", 0]
            arguments = ["--data", data, "--out", output, "--keep-formulas", *lines, *options]
            run_program("predict", self.path / model, *arguments)
            # Only an empty cell is a missing value: a class may be called NA.
            table = pandas.read_csv(output, dtype={"prediction": str}, keep_default_na=False, na_values=[""],
                                    **notation(config))
        return table if index is None else table.set_axis(index)
