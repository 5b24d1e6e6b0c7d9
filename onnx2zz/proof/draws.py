"""Random values that fit the place they are read in: what keeps a network's numbers finite and its axes apart.

Weights are scaled by their fan-in (He et al., 2015), what lies under a root or divides is positive, indices are in
range, quantised numbers cover their whole range.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.frontend.operators.table import facts_of
from onnx2zz.ops.quantisation import INTEGER_RANGES

RENAMING = frozenset(
    {CALL, "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Expand", "Slice", "Split"}
)
PASSING = RENAMING | {"Transpose", "Concat", "DequantizeLinear"}
STEERED = frozenset(
    {"Clip", "Compress", "ConstantOfShape", "Expand", "Gather", "Pad", "Range", "ReduceMean", "ReduceSum", "Reshape"}
    | {"Resize", "Slice", "Split", "Squeeze", "Tile", "TopK", "Trilu", "Unsqueeze", "Upsample", "OneHot", "CumSum"}
)
UNDER_A_ROOT = frozenset({"Sqrt", "Log", "Pow", "Acosh", "Reciprocal", "ReduceLogSum"})
FEW = 2
"""The end of the range of an integer of which nothing is known: it may be a mask, or count something short."""
MANY = 100
"""The same for the operand of a single node, which nothing but that node depends on."""


@dataclass(frozen=True)
class Place:
    """Where a tensor is read: the node and which of its inputs."""

    node: Node
    index: int


def place_of(name: str, graph: Graph) -> Place | None:
    """The first place that computes with a tensor, looking through what only passes it on."""
    seen, pending = {name}, [name]
    found: Place | None = None
    while pending and found is None:
        tensor = pending.pop(0)
        for node in graph.readers.get(tensor, ()):
            index = node.inputs.index(tensor)
            if node.op not in PASSING or (index and node.op not in ("Concat", CALL)):
                return Place(node, index)
            pending += [o for o in node.outputs if o and o not in seen]
            seen.update(node.outputs)
    return found


def steers(place: Place | None) -> bool:
    """Whether a value decides where elements go, or how long they go on: nothing else may stand in its place."""
    if place is None or place.index == 0 or is_index(place):
        return False
    return place.node.op in STEERED or _is_length(place)


def _is_length(place: Place) -> bool:
    facts = facts_of(place.node.op)
    return place.index == facts.lengths or (facts.mask is not None and place.index == facts.mask.input)


def is_index(place: Place | None) -> bool:
    """Whether a tensor counts rows of another."""
    return place is not None and place.index == 1 and place.node.op in ("Gather", "GatherElements")


def counts_steps(node: Node, name: str) -> bool:
    """Whether an input of a node holds the lengths of sequences, or hides steps: few different numbers at best."""
    return any(name == other and _is_length(Place(node, index)) for index, other in enumerate(node.inputs) if other)


def countable(name: str, node: Node, graph: Graph) -> int | None:
    """How many values an operand of a node can take that counts something (rows, steps); None if it does not."""
    limits = _limits(Place(node, node.inputs.index(name)), graph) if name in node.inputs else None
    return limits and limits[1] - limits[0] + 1


def draw(name: str, place: Place | None, graph: Graph, rng: np.random.Generator, integers: int = FEW) -> np.ndarray:
    """Values for a tensor of static shape that is read at `place`; integers of no known meaning end at `integers`."""
    values = _values(graph.shape(name), graph.tensors[name].type, place, graph, rng, integers)
    return np.asarray(values).astype(_dtype(graph.tensors[name].type))


def _values(
    shape: tuple[int, ...], element: int, place: Place | None, graph: Graph, rng: np.random.Generator, integers: int
) -> np.ndarray:
    # The first rule that fits decides, the narrowest first: an index out of range ends the run, while a wrong spread
    # only weakens the proof. Integers of a few bits cover their whole range, because wrapping and saturation show at
    # its ends.
    if place is not None and (limits := _limits(place, graph)):
        return rng.integers(*limits, shape, endpoint=True)
    if place is not None and place.node.op in REDUCTIONS and not _is_float(element):
        reducible = _reducible(shape, place.node.op, rng)
        return np.abs(reducible) if _dtype(element).kind == "u" else reducible
    if element in WHOLE_RANGE:
        return _quantised(shape, element, rng)
    if not _is_float(element):
        return rng.integers(0, FEW if element == TensorProto.BOOL else integers, shape)
    if place is not None and place.node.op == "Clip" and (bounds := _bounds(place, graph)):
        return rng.uniform(*bounds, shape)
    if place is not None and place.node.op == "Cast" and (ends := _ends(place.node.integer("to"))):
        return _near_integers(shape, ends, rng)
    if place is not None and place.node.op in SPECIAL:
        return SPECIAL[place.node.op](shape, place.index, rng)
    if place is not None and place.node.op.endswith("QuantizeLinear") and not place.index:
        return _quantisable(shape, place, graph, rng)
    return _real(shape, place, graph, rng)


def _around_zero(shape: tuple[int, ...], index: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers, then a lower and an upper bound that cut some of them off."""
    return rng.normal(0.0, 1.0, shape) if not index else (2 * index - 3) * rng.uniform(0.2, 1.0, shape)


def _bounds(place: Place, graph: Graph) -> tuple[float, float] | None:
    """A range of which known bounds cut a sixth off at either end; None for the bounds themselves."""
    low, high = (_bound(place.node, name, index, graph) for index, name in ((1, "min"), (2, "max")))
    if place.index or low is None or high is None or not -WIDEST < low < high < WIDEST:
        return None
    return low - (high - low) / 4, high + (high - low) / 4


def _bound(node: Node, name: str, index: int, graph: Graph) -> float | None:
    """A bound of Clip, an attribute in old files."""
    value = graph.value(node.input(index))
    if value is None:
        return float(node.number(name)) if name in node.protos else None
    return float(np.max(value))


def _near_integers(shape: tuple[int, ...], ends: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Integers with a fraction to be cut off or rounded away; half are 0, and the others anything, for a bool."""
    whole = rng.integers(*ends, shape, endpoint=True)
    return whole * rng.normal(0.0, 1.0, shape) if ends == (0, 1) else whole + rng.uniform(-0.4, 0.4, shape)


def _ends(element: int) -> tuple[int, int] | None:
    """The least and the greatest value to draw for a Cast to integers; None for another type."""
    if element == TensorProto.BOOL:
        return 0, 1
    name = TensorProto.DataType.Name(element)
    low, high = INTEGER_RANGES.get(name, (0 if name.startswith("U") else -MANY, MANY))
    return (max(low, -MANY), min(high, MANY)) if "INT" in name else None


def _some_equal(shape: tuple[int, ...], index: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 8, shape)


def _some_odd(shape: tuple[int, ...], index: int, rng: np.random.Generator) -> np.ndarray:
    values, odd = rng.normal(0.0, 1.0, shape), np.array([np.nan, np.inf, -np.inf])
    return np.where(rng.random(shape) < 0.5, rng.choice(odd, shape), values)


def _within_one(shape: tuple[int, ...], index: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(-1.0, 1.0, shape)


def _above_one(shape: tuple[int, ...], index: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(1.0, 3.0, shape)


def _wide(shape: tuple[int, ...], index: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0.0, 10.0, shape)


def _near_one(shape: tuple[int, ...], index: int, rng: np.random.Generator) -> np.ndarray:
    """Factors of either sign of which a long product neither overflows nor vanishes."""
    return np.exp(rng.normal(0.0, 1.0, shape) / math.sqrt(max(1, math.prod(shape)))) * rng.choice([-1.0, 1.0], shape)


ODD = frozenset({"IsNaN", "IsInf"})
SPECIAL: dict[str, Callable[[tuple[int, ...], int, np.random.Generator], np.ndarray]] = {
    "Clip": _around_zero,
    "Equal": _some_equal,
    "Acosh": _above_one,
    "ReduceProd": _near_one,
    **dict.fromkeys(ODD, _some_odd),
    **dict.fromkeys(("Acos", "Asin", "Atanh"), _within_one),
    **dict.fromkeys(("Round", "Floor", "Ceil", "Shrink", "ThresholdedRelu"), _wide),
}
"""Operators that tell nothing, or are not defined, on ordinary numbers."""
FEW_OPERANDS = ODD | {"Equal", "ReduceProd"}
"""Operators whose own operands need not be finite, or have many values."""
FEW_RESULTS = {"Sign": 2, "Hardmax": 2}
"""Distinct values that an operator has to give at most."""
WHOLE_RANGE = frozenset({TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.UINT16, TensorProto.INT32})
WIDEST = 1 << 12
"""Beyond this an int32 (a bias beside sums of products) would drown what it is added to."""


REDUCTIONS = frozenset(
    {"ReduceProd", "ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"}
    | {"ReduceSumSquare"}
)
LARGEST_SUM = 1 << 24  # of integers that are reduced; single precision, in which onnxruntime may add them, holds it
LARGEST_PRODUCT = 24  # factors of two


def _reducible(shape: tuple[int, ...], op: str, rng: np.random.Generator) -> np.ndarray:
    """Integers whose sums, sums of squares or products stay within their type."""
    count = max(1, math.prod(shape))
    if op == "ReduceProd":
        factors = rng.integers(2, 4, shape) ** (rng.random(shape) < LARGEST_PRODUCT / 4 / count)
        return factors * rng.choice([-1, 1], shape)
    most = min(WIDEST, max(2, math.isqrt(LARGEST_SUM // count) if op in SQUARES else LARGEST_SUM // count))
    return rng.integers(1 if op == "ReduceLogSum" else -most, most, shape, endpoint=True)


SQUARES = frozenset({"ReduceL2", "ReduceSumSquare"})


def _quantised(shape: tuple[int, ...], element: int, rng: np.random.Generator) -> np.ndarray:
    dtype = _dtype(element)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    if element == TensorProto.INT32:
        low, high = -WIDEST, WIDEST
    return rng.integers(low, high, shape, endpoint=True)


def _quantisable(shape: tuple[int, ...], place: Place, graph: Graph, rng: np.random.Generator) -> np.ndarray:
    """Real numbers that fill the range of the integers that they are rounded to, where the step is known."""
    step = graph.value(place.node.input(1))
    usual = float(np.max(step)) if step is not None and step.size and _is_scale(Place(place.node, 1)) else 1.0
    _, most = INTEGER_RANGES.get(TensorProto.DataType.Name(graph.tensors[place.node.outputs[0]].type), (0, BYTE))
    most = min(most + 1, BYTE)
    return rng.uniform(-most, most, shape) * usual if place.node.op == "QuantizeLinear" else rng.normal(0, 1, shape)


BYTE = 256


def _is_float(element: int) -> bool:
    return element in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16)


def _dtype(element: int) -> np.dtype:
    return helper.tensor_dtype_to_np_dtype(element)


def _limits(place: Place, graph: Graph) -> tuple[int, int] | None:
    """The least and the greatest value of integers that count: rows of a table, or the steps of each sequence."""
    first = graph.tensors.get(place.node.input(0))
    shape = first.shape if first else None
    if is_index(place):
        return 0, max(1, shape[place.node.integer("axis", 0) % len(shape)] if shape else FEW) - 1
    mask = facts_of(place.node.op).mask
    if mask is not None and place.index == mask.input and shape:
        # The same input is a mask with a number for each key, or a vector of lengths: its rank tells. A length of 0 is
        # left out, since a softmax over no key has no value to compare.
        hides = len(graph.shape(place.node.inputs[place.index])) > 1
        keys = graph.tensors.get(place.node.input(mask.keys))
        length = keys.shape[-2] if keys and keys.shape and len(keys.shape) in (3, 4) else shape[1]
        return (0, 1) if hides else (1, length)
    if _is_length(place) and shape:
        return 1, shape[1 if place.node.integer("layout", 0) else 0]
    return None


def _real(shape: tuple[int, ...], place: Place | None, graph: Graph, rng: np.random.Generator) -> np.ndarray:
    if place is not None and _positive(place):
        return rng.uniform(0.5, 1.5, shape) * (SMALL_STEP if _is_scale(place) else 1.0)
    fan_in = FAN_IN.get((place.node.op.rpartition(".")[2], place.index), _no_fan)(place, graph) if place else 1
    return rng.normal(0.0, 1.0 / math.sqrt(max(1, fan_in)), shape)


SMALL_STEP = 1.0 / 64
"""The size of a quantisation step: the whole range of 8 bits then spans about -2 to 2."""


def _positive(place: Place) -> bool:
    op, index = place.node.op.rpartition(".")[2], place.index
    return (
        _is_scale(place)
        or (op, index) in {("BatchNormalization", 1), ("BatchNormalization", 4), ("Div", 1), ("Mod", 1)}
        or (op in UNDER_A_ROOT and index == 0)
        or (op.endswith("Normalization") and index == 1)
    )


def _is_scale(place: Place) -> bool:
    """Whether a float tensor of an operator on quantised numbers is the size of a step."""
    op = place.node.op
    if not place.index:
        return False
    return "Quant" in op or "QLinear" in op or ".Q" in op or op.endswith("IntegerToFloat")


def _no_fan(place: Place, graph: Graph) -> int:
    return 1


def _filter_elements(place: Place, graph: Graph) -> int:
    return math.prod(graph.shape(place.node.inputs[1])[1:])


def _transposed_filter_elements(place: Place, graph: Graph) -> int:
    shape = graph.shape(place.node.inputs[1])
    strides = math.prod(place.node.integers("strides") or [1])
    return shape[0] // place.node.integer("group", 1) * math.prod(shape[2:]) // strides


def _depth(place: Place, graph: Graph) -> int:
    """What a product sums over."""
    shape = graph.shape(place.node.inputs[place.index])
    transposed = place.node.integer("transB" if place.index else "transA", 0)
    last = (place.index == 0) != bool(transposed)
    return shape[-1 if last or len(shape) < 2 else -2]


def _last(place: Place, graph: Graph) -> int:
    return graph.shape(place.node.inputs[place.index])[-1]


FAN_IN: dict[tuple[str, int], Callable[[Place, Graph], int]] = {
    ("Conv", 1): _filter_elements,
    ("FusedConv", 1): _filter_elements,
    ("ConvTranspose", 1): _transposed_filter_elements,
    ("Gemm", 1): _depth,
    ("Gemm", 0): _no_fan,
    ("MatMul", 1): _depth,
    ("FusedMatMul", 1): _depth,
    ("LSTM", 1): _last,
    ("LSTM", 2): _last,
    ("GRU", 1): _last,
    ("GRU", 2): _last,
    ("RNN", 1): _last,
    ("RNN", 2): _last,
}
