"""Real graphs to test on: the twelve of our dependencies' wheels, our own, and those beside the checkout, if any."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.json_values import Document, is_document

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "models"


def package(name: str) -> Path:
    """The folder of an installed package."""
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


SHIPPED = {
    path.stem: path
    for path in sorted(
        [
            *(package("onnx") / "backend/test/data/light").glob("*.onnx"),
            *(package("zigzag") / "inputs/workload").glob("*.onnx"),
        ]
    )
}
OURS = {path.stem: path for path in sorted((ROOT / "models").glob("*.onnx"))}
BESIDE = {str(path.relative_to(SHARED).with_suffix("")): path for path in sorted(SHARED.glob("*/*.onnx"))}


@cache
def truth() -> dict[str, Document]:
    """What onnxruntime found for the models beside the checkout: shapes, MACs per output, bound inputs."""
    return json.loads((SHARED / "truth.json").read_text(encoding="utf-8"))


def options_of(name: str) -> list[str]:
    """The options that a model needs on the command line."""
    return bindings(truth()[name]["dims_bound"]) if name in BESIDE else []


def bindings(bound: Mapping[str, Any] | None) -> list[str]:
    """The options that bind a model's open inputs."""
    options: list[str] = []
    for name, value in (bound or {}).items():
        named = value if is_document(value) else None
        shape = named.get("shape") if named is not None else value
        options += ["--shape", f"{name}={'x'.join(map(str, shape))}"] if shape else []
        options += ["--value", f"{name}={named['value']}"] if named is not None else []
    return options
