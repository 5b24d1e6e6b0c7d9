"""Integer arithmetic: quotients lose their fraction, and what leaves a type's range comes back in at the other end.

Source: ONNX operator pages Div (integer division truncates), BitwiseNot; overflow is C's for unsigned types and two's
complement for signed ones, as in onnxruntime.
"""

from onnx import TensorProto

from onnx2zz.ir import functions
from onnx2zz.ir.access import Step
from onnx2zz.ir.functions import Function

BITS: dict[int, tuple[int, bool]] = {  # element type to its width and whether it has a sign
    TensorProto.INT8: (8, True),
    TensorProto.INT16: (16, True),
    TensorProto.INT32: (32, True),
    TensorProto.INT64: (64, True),
    TensorProto.UINT8: (8, False),
    TensorProto.UINT16: (16, False),
    TensorProto.UINT32: (32, False),
    TensorProto.UINT64: (64, False),
}
MAY_OVERFLOW = frozenset(
    {functions.ADD, functions.SUB, functions.MUL, functions.POW}
    | {functions.SHIFT_LEFT, functions.NEG, functions.BIT_NOT}
)
WIDEST = 32  # bits; 64-bit results are sizes and positions, far below the range


def of_type(function: Function, element: int) -> Function:
    """The function that an operator applies to elements of a type."""
    return functions.INT_DIV if function == functions.DIV and element in BITS else function


def wrapped(function: Function, element: int) -> tuple[Step, ...]:
    """What brings the results of a function back into their type's range."""
    bits, signed = BITS.get(element, (WIDEST + 1, True))
    if function not in MAY_OVERFLOW or bits > WIDEST:
        return ()
    return (Step(functions.WRAP, parameters=(float(bits), float(signed))),)
