"""Densities that a user states for one run."""

from pathlib import Path

import pytest

from onnx2zz.errors import InputError
from onnx2zz.sidecar.figures import Sidecar
from onnx2zz.sidecar.stated_density import stated_densities, with_densities


def test_texts_and_files(tmp_path: Path) -> None:
    file = tmp_path / "zeros.yaml"
    file.write_text("density: {conv1: {I: 0.9, O: 0.4}, conv3: {W: 0.2}}\n")
    assert stated_densities(["conv1=0.5", str(file), "conv2:W=0.25", "a:b=1"]) == {
        "conv1": {"I": 0.9, "O": 0.4},
        "conv3": {"W": 0.2},
        "conv2": {"W": 0.25},
        "a:b": {"I": 1.0},
    }


def test_all_that_is_wrong_is_said(tmp_path: Path) -> None:
    file = tmp_path / "zeros.yaml"
    file.write_text("density:\n  conv1: {I: 2, X: 1}\n")
    with pytest.raises(InputError) as raised:
        stated_densities(["conv1=1.5", "conv2", "=0.5", "conv3=some", str(file)])
    said = [str(problem) for problem in raised.value.problems]
    assert [one.split(";")[0] for one in said] == [
        "--density: 'conv1=1.5' is no share of a layer, 0 to 1",
        "--density: 'conv2' is neither a density nor a file",
        "--density: '=0.5' is no share of a layer, 0 to 1",
        "--density: 'conv3=some' is no share of a layer, 0 to 1",
        f"{file}:2: density.conv1.X is unknown",
        f"{file}:2: density.conv1.I is 2, and at most 1 is possible",
    ]


def test_what_is_stated_comes_before_the_sidecars_own() -> None:
    own = Sidecar("x", density={"a": {"I": 0.5, "O": 0.25}}, zero_gating=("I",))
    assert with_densities(own, {"a": {"I": 0.1}, "b": {"W": 0.2}}, "x").density == {
        "a": {"I": 0.1, "O": 0.25},
        "b": {"W": 0.2},
    }


@pytest.mark.parametrize("sidecar", [None, Sidecar("x", idle_mw=3.0)])
def test_densities_that_nothing_depends_on_are_refused(sidecar: Sidecar | None) -> None:
    with pytest.raises(InputError, match="densities change nothing"):
        with_densities(sidecar, {"a": {"I": 0.1}}, "npe.yaml")
