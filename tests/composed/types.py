"""Other element types: a part of the graph in half, double or brain floats, or in integers."""

from onnx import TensorProto

from tests.composed.draft import Draft
from tests.composed.flat import FLOAT
from tests.composed.views import Piece

FLOATS = (
    TensorProto.FLOAT16,
    TensorProto.BFLOAT16,
    TensorProto.DOUBLE,
    TensorProto.FLOAT8E4M3FN,
    TensorProto.FLOAT8E5M2,
)
INTEGERS = (TensorProto.INT32, TensorProto.INT64, TensorProto.INT8, TensorProto.UINT4, TensorProto.INT4)


def there_and_back(draft: Draft) -> object:
    """Into another type, moved there, and back."""
    other = draft.add_one("Cast", draft.pick(1), to=draft.one_of((*FLOATS, *INTEGERS)))
    moved = draft.add_one("Reshape", other, draft.integers([-1])) if draft.chance(0.5) else other
    return draft.add_one("Cast", moved, to=FLOAT)


def computed(draft: Draft) -> object:
    """A product or a sum in half or double floats."""
    element = draft.one_of((TensorProto.FLOAT16, TensorProto.DOUBLE))
    x = draft.pick(2)
    depth = draft.shape(x)[-1]
    one = draft.add_one("Cast", x, to=element)
    if draft.chance(0.5):
        weights = draft.add_one("Cast", draft.weight([depth, draft.integer(1, 6)], depth), to=element)
        return draft.add_one("Cast", draft.add_one("MatMul", one, weights), to=FLOAT)
    return draft.add_one("Cast", draft.add_one("Add", one, one), to=FLOAT)


TYPES: dict[Piece, int] = {there_and_back: 3, computed: 2}
"""Each with how often it is drawn."""
