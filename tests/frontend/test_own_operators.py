"""Operators of another package: examples/own_operator installed as a distribution, and broken distributions."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import IN_A_PROCESS
from tests.nodes import make_node
from tests.oracle import distinct, model_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_operator"
RNG = np.random.default_rng(29)


def installed(folder: Path, module: str, text: str) -> Path:
    """A distribution as pip leaves one: a module, and its entry point in a dist-info folder."""
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module.replace('_', '-')}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[onnx2zz.operators]\nlab = {module}\n")
    return folder


def onnx2zz(*words: str | Path, packages: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join([str(packages), str(EXAMPLE.parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths, "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-c", IN_A_PROCESS, *map(str, words)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A dense layer of the laboratory's between a product and a Relu; no shape is declared."""
    nodes = [
        make_node("MatMul", ["x", "v"], ["a"], name="product"),
        make_node("DenseSwish", ["a", "w"], ["s"], name="dense", domain="my.lab"),
        make_node("Relu", ["s"], ["y"], name="relu"),
    ]
    weights = {"v": distinct(RNG, 7, 5), "w": distinct(RNG, 5, 6)}
    made = model_of(nodes, {"x": distinct(RNG, 3, 7)}, weights, ["y"])
    file = tmp_path / "net.onnx"
    file.write_bytes(made.SerializeToString())
    return file


def test_the_entry_point_of_the_example_names_its_module() -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["onnx2zz.operators"] == {"lab": "lab_operators"}


def test_an_installed_operator_is_lowered_counted_listed_and_proven(model: Path, tmp_path: Path) -> None:
    packages = installed(tmp_path, "lab_operators", (EXAMPLE / "lab_operators.py").read_text(encoding="utf-8"))
    compiled = onnx2zz("compile", model, packages=packages, folder=tmp_path)
    assert compiled.returncode == 0, compiled.stderr
    assert f"{3 * 7 * 5 + 3 * 5 * 6} MACs" in compiled.stdout
    proven = onnx2zz("verify", model, packages=packages, folder=tmp_path)
    assert proven.returncode == 0, proven.stderr
    assert "2 proven, 0 not provable here, 0 differing" in proven.stdout
    assert "my.lab.DenseSwish" in onnx2zz("ops", packages=packages, folder=tmp_path).stdout


def test_without_the_package_the_operator_has_no_lowering(model: Path, tmp_path: Path) -> None:
    done = onnx2zz("compile", model, packages=tmp_path, folder=tmp_path)
    assert done.returncode == 1
    assert "my.lab.DenseSwish" in done.stderr and "no lowering" in done.stderr


BROKEN = {
    "import no_such_module": "ModuleNotFoundError",
    "from onnx2zz.ops.registry import renames\nrenames('Relu', how='mine')": "Relu is registered twice",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_package_that_cannot_be_loaded_is_named_in_a_sentence(text: str, model: Path, tmp_path: Path) -> None:
    done = onnx2zz("compile", model, packages=installed(tmp_path, "broken_lab", text), folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "package broken-lab: its operators (broken_lab) cannot be loaded" in done.stderr
    assert BROKEN[text] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_lowering_of_a_package_is_found_out(model: Path, tmp_path: Path) -> None:
    text = (EXAMPLE / "lab_operators.py").read_text(encoding="utf-8").replace("parameters=(1.0,)", "parameters=(2.0,)")
    done = onnx2zz("verify", model, packages=installed(tmp_path, "lab_operators", text), folder=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "1 differing" in done.stdout
