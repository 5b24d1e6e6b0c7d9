"""Read a YAML file of the user's: what is wrong with it is an InputError with its line."""

from pathlib import Path
from typing import Any

import yaml

from onnx2zz.errors import InputError, Problem

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The document in `path`. Raises InputError where it cannot be read or is no YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except UnicodeDecodeError as error:
        raise InputError(Problem(str(path), "not a text file", "a YAML file in UTF-8 is needed")) from error
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read ({error.strerror})")) from error
    except yaml.YAMLError as error:
        raise InputError(_not_yaml(path, error)) from error


def _not_yaml(path: Path, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}" if mark else str(path)
    return Problem(where, f"not YAML: {getattr(error, 'problem', None) or error}")
