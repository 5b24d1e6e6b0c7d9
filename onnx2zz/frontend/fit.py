"""What is said of a node whose inputs or attributes its operator does not allow.

onnx's inference and our own rules take what an operator's page allows for granted; on anything else they fail in the
middle of some arithmetic. Which rule of the page is broken is for a runtime to say, so that is the way out.
"""

from collections.abc import Iterable

from onnx2zz.errors import InputError, Problem

FAULTS = (ArithmeticError, LookupError, TypeError, ValueError)
"""What arithmetic on shapes and attributes raises when it is given others than it expects."""
WAY_OUT = "run the model in onnxruntime, which names the rule; if it runs, this is a bug of onnx2zz: please report it"
Shape = tuple[int, ...] | None


def unfit(label: str, op: str, shapes: Iterable[Shape], reason: object) -> InputError:
    """The error for a node of operator `op` whose inputs have the given shapes (None: unknown)."""
    given = ", ".join("?" if shape is None else "x".join(map(str, shape)) or "scalar" for shape in shapes)
    said = " ".join(str(reason).split())[:200]
    what = f"its inputs ({given or 'none'}) or attributes do not fit its operator ({said})"
    return InputError(Problem(f"node {label} ({op})", what, WAY_OUT))
