"""onnx2zz: ONNX graphs in, proven ZigZag workloads and ZigZag's numbers out.

`compile`, `check`, `verify`, `evaluate` and `compare` are the commands as functions (docs/api.md);
`get_hardware_performance_zigzag` stands in for ZigZag's function of that name. Each is imported when it is first used.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx2zz.api.check import check as check
    from onnx2zz.api.compare import compare as compare
    from onnx2zz.api.compile import compile as compile
    from onnx2zz.api.drop_in import get_hardware_performance_zigzag as get_hardware_performance_zigzag
    from onnx2zz.api.drop_in import get_hardware_performance_zigzag_imc as get_hardware_performance_zigzag_imc
    from onnx2zz.api.evaluate import evaluate as evaluate
    from onnx2zz.api.verify import verify as verify
    from onnx2zz.api.verify import verify_schedule as verify_schedule
    from onnx2zz.errors import IncompleteResult as IncompleteResult

__version__ = version("onnx2zz")

FUNCTIONS = {
    "IncompleteResult": "onnx2zz.errors",
    "check": "onnx2zz.api.check",
    "compare": "onnx2zz.api.compare",
    "compile": "onnx2zz.api.compile",
    "evaluate": "onnx2zz.api.evaluate",
    "verify": "onnx2zz.api.verify",
    "verify_schedule": "onnx2zz.api.verify",
    "get_hardware_performance_zigzag": "onnx2zz.api.drop_in",
    "get_hardware_performance_zigzag_imc": "onnx2zz.api.drop_in",
}
"""Where each lies. No package of onnx2zz has the name of one: Python would bind it in its place."""

__all__ = [  # noqa: RUF022 - in the order of use
    "compile",
    "check",
    "verify",
    "evaluate",
    "compare",
    "verify_schedule",
    "IncompleteResult",
    "get_hardware_performance_zigzag",
    "get_hardware_performance_zigzag_imc",
]


if not TYPE_CHECKING:  # or a type checker would take every name for one of ours

    def __getattr__(name: str) -> object:
        if name in FUNCTIONS:
            return getattr(import_module(FUNCTIONS[name]), name)
        raise AttributeError(f"module 'onnx2zz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
