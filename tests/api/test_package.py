"""`import onnx2zz` is light, and its functions are there whatever was imported before."""

import inspect
import pkgutil
import subprocess
import sys

import pytest

import onnx2zz

HEAVY = ("onnx", "onnxruntime", "zigzag", "matplotlib", "pandas", "pydantic", "numpy", "yaml")


def python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert python(f"import sys, onnx2zz; dir(onnx2zz); print([n for n in {HEAVY} if n in sys.modules])") == "[]"


@pytest.mark.parametrize("before", ["", "import onnx2zz.pricing.run", "from onnx2zz.checks import finding"])
def test_every_name_is_a_function_whatever_was_imported_before(before: str) -> None:
    names = ", ".join(onnx2zz.__all__)
    assert python(f"{before}\nfrom onnx2zz import {names}\nprint(all(map(callable, [{names}])))") == "True"


def test_no_module_has_the_name_of_a_public_function() -> None:
    """Python binds a module's name in its package once it is imported, whatever stood there."""
    modules = {module.name for module in pkgutil.iter_modules(onnx2zz.__path__)}
    assert not modules & {*onnx2zz.__all__, "compare", "sweep", "explain", "convert", "validate"}


def test_a_public_function_shows_its_signature() -> None:
    assert "accelerator" in inspect.signature(onnx2zz.evaluate).parameters


def test_a_name_that_does_not_exist() -> None:
    name = "evalaute"
    with pytest.raises(AttributeError, match="no attribute 'evalaute'"):
        getattr(onnx2zz, name)
