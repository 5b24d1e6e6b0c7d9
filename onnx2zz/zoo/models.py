"""The models of the zoo: ours, and those that lie in the packages that we depend on anyway."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.formats.shipped_files import MODELS, ours, zigzags
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.proof.sampling import USUAL_POINTS

ONNX_LIGHT = "backend/test/data/light"
"""Where onnx keeps networks without weights, inside its package."""


@dataclass(frozen=True)
class ZooModel:
    """A model that is there without a download, and the package that it lies in."""

    name: str
    path: Path
    origin: Literal["onnx2zz", "zigzag", "onnx"]


@dataclass(frozen=True)
class ZooSteps:
    """What is done with a model after compiling it. `points`: output elements at which verifying runs a large layer."""

    points: int = USUAL_POINTS
    evaluate: bool = True


QUICK_POINTS = 20
"""Beside corners and borders: every layer is run, in a third of the time."""
QUICKLY_EVALUATED = frozenset(("bert_layer", "lenet5", "mobilenetv2", "resnet18"))
"""One of each kind: products, a small network, depthwise layers, residual additions."""


def quick_steps(model: ZooModel) -> ZooSteps:
    """What a run that must end within a minute does with a model."""
    return ZooSteps(QUICK_POINTS, model.name in QUICKLY_EVALUATED)


def zoo_models() -> tuple[ZooModel, ...]:
    """All of them, ours first."""
    theirs = {name: path for name, path in zigzags(MODELS).items() if name not in ours(MODELS)}
    return (
        *(ZooModel(name, path, "onnx2zz") for name, path in ours(MODELS).items()),
        *(ZooModel(name, path, "zigzag") for name, path in theirs.items()),
        *(ZooModel(path.stem, path, "onnx") for path in sorted((_onnx() / ONNX_LIGHT).glob("*.onnx"))),
    )


def chosen_models(names: Sequence[str]) -> tuple[ZooModel, ...]:
    """The models of these names; all without any. Raises InputError with every name that is none."""
    models = zoo_models()
    known = [model.name for model in models]
    raise_if_any(
        Problem(name, f"no model of the zoo{did_you_mean(name, known)}", f"there are: {', '.join(known)}")
        for name in names
        if name not in known
    )
    return tuple(model for model in models if not names or model.name in names)


def _onnx() -> Path:
    """The folder of the installed onnx, found without importing it."""
    spec = find_spec("onnx")
    assert spec is not None and spec.origin is not None, "onnx is a dependency of this package"
    return Path(spec.origin).parent
