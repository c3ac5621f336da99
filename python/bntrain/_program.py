"""Runs the program, and writes the files that it reads."""

import glob
import json
import os
import re
import shutil
import subprocess
import sysconfig
import tomllib
import warnings
from numbers import Number
from pathlib import Path

# Keys of configs that are paths.
PATHS = {"data": ["path", "valid_path", "test_path"], "training": ["init_from"]}


class BntrainError(RuntimeError):
    """What the program said when it failed, with its `exit_code`."""

    def __init__(self, text, exit_code=None):
        super().__init__(text)
        self.exit_code = exit_code


def program():
    """The path of the program that was installed with this package, otherwise of the one on the `PATH`."""
    places = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", f"{os.name}_user")]
    places += [str(Path(__file__).parents[1] / "bin"), os.environ.get("PATH", "")]  # `pip install --target`
    found = shutil.which("bntrain", path=os.pathsep.join(places))
    if found is None:
        raise BntrainError("the program bntrain is neither next to this package nor on the PATH; install it again")
    return found


def run_program(*arguments):
    """Runs the program, whose notes become warnings."""
    command = [program(), *map(str, arguments)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode != 0:
        text = done.stderr[max(done.stderr.find("error: "), 0):].strip()
        raise BntrainError(text or f"bntrain ended with exit code {done.returncode}", done.returncode)
    for note in re.findall(r"^(?:note|warning): (.*)", done.stderr, re.MULTILINE):
        warnings.warn(note, stacklevel=3)


def to_toml(value):
    """A value of a config in TOML, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{to_toml(str(key))} = {to_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(to_toml, value))}]"
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(os.fspath(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    value = value.item() if hasattr(value, "item") else value  # of NumPy
    if not isinstance(value, Number):
        raise TypeError(f"{value!r} cannot be a value of a config; leave its key out for the default")
    return str(value).lower()


def absolute(path):
    """An absolute path or pattern, or a list of them. What exists under such a name is not a pattern."""
    if isinstance(path, (list, tuple)):
        return [absolute(one) for one in path]
    if glob.has_magic(os.fspath(path)) and not os.path.isabs(path) and not os.path.lexists(path):
        return os.path.join(glob.escape(os.getcwd()), path)  # nothing in the name of the folder is a pattern
    return os.path.abspath(path)


def config_file(config, folder):
    """The path of a config; that of a dictionary is written to `folder`."""
    if not isinstance(config, dict):
        return Path(config)
    path = Path(folder, "config.toml")
    with open(path, "w", encoding="utf-8") as file:
        for key, table in config.items():
            paths = [name for name in PATHS.get(key, []) if table.get(name, "-") != "-"]
            table = {**table, **{name: absolute(table[name]) for name in paths}} if paths else table
            file.write(f"{to_toml(key)} = {to_toml(table)}\n")
    return path


def notation(config, header=False):
    """How the tables of a config are written, as pandas names it; with `header`, also whether they have one."""
    try:
        data = tomllib.loads(Path(config).read_text(encoding="utf-8"))["data"]
        names = {"delimiter": "sep", "decimal": "decimal", **({"header": "header"} if header else {})}
        return {name: data[key] for key, name in names.items() if key in data}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # The program says what is wrong with it.


def write_frame(frame, folder, config):
    """Writes a data frame like the files of a config, and returns the path."""
    path = Path(folder, "data.csv")
    frame.to_csv(path, index=False, **notation(config, header=True))
    return path
