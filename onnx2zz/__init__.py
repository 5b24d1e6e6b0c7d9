"""onnx2zz: ONNX graphs in, proven ZigZag workloads and ZigZag's numbers out.

The commands are functions of the same names (docs/api.md); `get_hardware_performance_zigzag` stands in for ZigZag's
function of that name. Each is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from onnx2zz.installed import version

if TYPE_CHECKING:
    from onnx2zz.api.check import check as check
    from onnx2zz.api.compare import compare as compare
    from onnx2zz.api.compile import compile as compile
    from onnx2zz.api.convert import convert as convert
    from onnx2zz.api.costs import costs as costs
    from onnx2zz.api.cross_check import cross_check as cross_check
    from onnx2zz.api.drop_in import get_hardware_performance_zigzag as get_hardware_performance_zigzag
    from onnx2zz.api.drop_in import get_hardware_performance_zigzag_imc as get_hardware_performance_zigzag_imc
    from onnx2zz.api.evaluate import evaluate as evaluate
    from onnx2zz.api.explain import explain as explain
    from onnx2zz.api.memory import memory as memory
    from onnx2zz.api.shelves import accelerators as accelerators
    from onnx2zz.api.shelves import mappings as mappings
    from onnx2zz.api.shelves import models as models
    from onnx2zz.api.shelves import systems as systems
    from onnx2zz.api.sweep import sweep as sweep
    from onnx2zz.api.validate import validate as validate
    from onnx2zz.api.verify import verify as verify
    from onnx2zz.api.verify import verify_schedule as verify_schedule
    from onnx2zz.errors import IncompleteResult as IncompleteResult
    from onnx2zz.errors import InputError as InputError

__version__ = version("onnx2zz")

_FOUND_IN = {
    "compile": "onnx2zz.api.compile",
    "evaluate": "onnx2zz.api.evaluate",
    "compare": "onnx2zz.api.compare",
    "sweep": "onnx2zz.api.sweep",
    "explain": "onnx2zz.api.explain",
    "check": "onnx2zz.api.check",
    "verify": "onnx2zz.api.verify",
    "verify_schedule": "onnx2zz.api.verify",
    "validate": "onnx2zz.api.validate",
    "cross_check": "onnx2zz.api.cross_check",
    "convert": "onnx2zz.api.convert",
    "memory": "onnx2zz.api.memory",
    "costs": "onnx2zz.api.costs",
    "models": "onnx2zz.api.shelves",
    "accelerators": "onnx2zz.api.shelves",
    "mappings": "onnx2zz.api.shelves",
    "systems": "onnx2zz.api.shelves",
    "get_hardware_performance_zigzag": "onnx2zz.api.drop_in",
    "get_hardware_performance_zigzag_imc": "onnx2zz.api.drop_in",
    "IncompleteResult": "onnx2zz.errors",
    "InputError": "onnx2zz.errors",
}
"""Where each lies. No package of onnx2zz has the name of one: Python would bind it in its place."""

__all__ = [  # noqa: RUF022 - in the order of use
    "compile",
    "evaluate",
    "compare",
    "sweep",
    "explain",
    "check",
    "verify",
    "verify_schedule",
    "validate",
    "cross_check",
    "convert",
    "memory",
    "costs",
    "models",
    "accelerators",
    "mappings",
    "systems",
    "get_hardware_performance_zigzag",
    "get_hardware_performance_zigzag_imc",
    "IncompleteResult",
    "InputError",
]


if not TYPE_CHECKING:  # or a type checker would take every name for one of ours

    def __getattr__(name: str) -> object:
        if name in _FOUND_IN:
            return getattr(import_module(_FOUND_IN[name]), name)
        raise AttributeError(f"module 'onnx2zz' has no attribute {name!r}")


def __dir__() -> list[str]:
    """What a user sees of the package: neither its modules nor what it imports."""
    return sorted([*__all__, "__version__"])
