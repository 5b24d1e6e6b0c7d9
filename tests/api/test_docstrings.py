"""Every public function says by an example what it does, and the examples run."""

import doctest
import inspect
from importlib import import_module
from pathlib import Path

import pytest

import onnx2zz

STARTS_ANOTHER_PROGRAM = ("memory", "costs")
NEEDS_A_SCHEDULE = ("verify_schedule",)
OF_ZIGZAG = ("get_hardware_performance_zigzag_imc",)
"""Its sister has the example."""
FUNCTIONS = [name for name in onnx2zz.__all__ if inspect.isfunction(getattr(onnx2zz, name))]
WITH_EXAMPLES = [name for name in FUNCTIONS if name not in (*STARTS_ANOTHER_PROGRAM, *NEEDS_A_SCHEDULE, *OF_ZIGZAG)]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_example_of_a_function_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    function = getattr(onnx2zz, name)
    (found,) = doctest.DocTestFinder(recurse=False).find(function, name, import_module(function.__module__), globs={})
    assert found.examples, name
    said: list[str] = []
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found, out=said.append).failed == 0, "".join(said)


@pytest.mark.parametrize("name", onnx2zz.__all__)
def test_everything_public_says_what_it_is(name: str) -> None:
    assert len(inspect.getdoc(getattr(onnx2zz, name)) or "") > 40
