"""Optional packages, asked for by an option."""

from importlib.util import find_spec

from onnx2zz.errors import InputError, Problem


def require(package: str, extra: str, option: str) -> None:
    """Raises InputError if an optional package is not there."""
    if find_spec(package) is None:
        way_out = f'install it: pip install "onnx2zz[{extra}]"'
        raise InputError(Problem(option, f"needs {package}, which is not installed", way_out))
