"""`import onnx2zz` is light, and its functions are there whatever was imported before."""

import inspect
import subprocess
import sys

import pytest

import onnx2zz

HEAVY = ("onnx", "onnxruntime", "zigzag", "matplotlib", "pandas", "pydantic", "numpy", "yaml")


def python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_heavy():
    assert python(f"import sys, onnx2zz; dir(onnx2zz); print([n for n in {HEAVY} if n in sys.modules])") == "[]"


@pytest.mark.parametrize("before", ["", "import onnx2zz.evaluate.run", "from onnx2zz.check import finding"])
def test_every_name_is_a_function_whatever_was_imported_before(before):
    names = ", ".join(onnx2zz.__all__)
    assert python(f"{before}\nfrom onnx2zz import {names}\nprint(all(map(callable, [{names}])))") == "True"


def test_a_package_that_is_a_function_keeps_its_modules_and_shows_the_signature():
    import onnx2zz.evaluate.run

    assert callable(onnx2zz.evaluate.run.evaluate)
    assert "accelerator" in inspect.signature(onnx2zz.evaluate).parameters


def test_a_name_that_does_not_exist():
    with pytest.raises(AttributeError, match="no attribute 'evalaute'"):
        onnx2zz.evalaute  # noqa: B018
