"""The scripts of examples/ run in an empty folder, and their types hold for whoever installs the package."""

import subprocess
import sys
from pathlib import Path

import pytest

import onnx2zz

CHECKOUT = Path(__file__).parents[1]
EXAMPLES = sorted((CHECKOUT / "examples").glob("*.py"))


def run(*command: str | Path, folder: Path) -> str:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    said = run(example, folder=tmp_path)
    assert "7 layers, 416,520 MACs" in said and "7 of 7 nodes proven, ok: True" in said
    assert (tmp_path / "lenet5" / "coverage.json").is_file()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_types_of_an_example_are_strict_and_hold(example: Path) -> None:
    assert example.read_text(encoding="utf-8").startswith("# pyright: strict\n")
    assert "0 errors, 0 warnings" in run("-m", "pyright", example, folder=CHECKOUT)


def test_type_checkers_are_told_that_the_package_has_types() -> None:
    assert (Path(onnx2zz.__file__).parent / "py.typed").is_file()
