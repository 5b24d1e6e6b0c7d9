"""A remembered compile hangs on the files of this package that a compile runs, and on all of them."""

import tomllib
from pathlib import Path

from onnx2zz.pricing.remembered_compile import COMPILING


def test_the_parts_are_those_that_the_compiler_may_import_and_what_keeps_them() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    contract = next(
        one for one in project["tool"]["importlinter"]["contracts"] if one["name"] == "The pipeline imports one way"
    )
    layers = [layer.split(" | ") for layer in contract["layers"]]
    below = {name for layer in layers[layers.index(["compiler"]) + 1 :] for name in layer}
    root = Path(__file__).parents[2] / "onnx2zz"
    assert {name for name in below if (root / name).is_dir()} | {"pricing"} == set(COMPILING)
