"""Random values that fit the place they are read in: what keeps a network's numbers finite and its axes apart.

Weights are scaled by their fan-in (He et al., 2015), what lies under a root or divides is positive, indices are in
range, quantised numbers cover their whole range.
"""

import math

import numpy as np
from onnx import TensorProto, helper

from onnx2zz.frontend.graph import CALL, Graph, Node
from onnx2zz.frontend.operators.draws import WIDEST, Draws, Place
from onnx2zz.frontend.operators.table import facts_of

FEW = 2
"""The end of the range of an integer of which nothing is known: it may be a mask, or count something short."""
WHOLE_RANGE = frozenset({TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.UINT16, TensorProto.INT32})


def draws_of(op: str) -> Draws:
    """What random numbers an operator takes, domain included."""
    return facts_of(op).draws


def views(op: str) -> bool:
    """Whether an operator's output has elements of its first input and no others."""
    return op == CALL or draws_of(op).views


def _passes_on(node: Node, index: int) -> bool:
    """Whether a node hands an input on as it is."""
    passed = draws_of(node.op).passes_on
    return node.op == CALL or passed == "all" or (passed == "first" and index == 0)


def place_of(name: str, graph: Graph) -> Place | None:
    """The first place that computes with a tensor, looking through what only passes it on."""
    seen, pending = {name}, [name]
    found: Place | None = None
    # First in, first out: the nearest reader says most about what the values have to be.
    while pending and found is None:
        tensor = pending.pop(0)
        for node in graph.readers.get(tensor, ()):
            index = node.inputs.index(tensor)
            # A Reshape says nothing about values; whoever computes behind it does.
            if not _passes_on(node, index):
                return Place(node, index)
            pending += [o for o in node.outputs if o and o not in seen]
            seen.update(node.outputs)
    return found


def steers(place: Place | None) -> bool:
    """Whether a value decides where elements go, or how long they go on: nothing else may stand in its place."""
    if place is None or place.index == 0 or is_index(place):
        return False
    return draws_of(place.node.op).steered or _is_length(place)


def _is_length(place: Place) -> bool:
    facts = facts_of(place.node.op)
    return place.index == facts.lengths or (facts.mask is not None and place.index == facts.mask.input)


def is_index(place: Place | None) -> bool:
    """Whether a tensor counts rows of another."""
    return place is not None and place.index == draws_of(place.node.op).rows


def counts_steps(node: Node, name: str) -> bool:
    """Whether an input of a node holds the lengths of sequences, or hides steps: few different numbers at best."""
    return any(name == other and _is_length(Place(node, index)) for index, other in enumerate(node.inputs) if other)


def countable(name: str, node: Node, graph: Graph) -> int | None:
    """How many values an operand of a node can take that counts something (rows, steps); None if it does not."""
    limits = _limits(Place(node, node.inputs.index(name)), graph) if name in node.inputs else None
    return limits and limits[1] - limits[0] + 1


def draw(name: str, place: Place | None, graph: Graph, rng: np.random.Generator, integers: int = FEW) -> np.ndarray:
    """Values for a tensor of static shape that is read at `place`; integers of no known meaning end at `integers`."""
    place, where = _inside(name, place, graph)
    values = _values(graph.shape(name), graph.tensors[name].type, place, where, rng, integers)
    return np.asarray(values).astype(_dtype(graph.tensors[name].type))


def _inside(name: str, place: Place | None, graph: Graph) -> tuple[Place | None, Graph]:
    """The place in the body of a Loop or Scan at which a tensor is read that the node only takes in, and the body."""
    recurrence = None if place is None else place.node.recurrence
    if recurrence is None:
        return place, graph
    body, parts = recurrence.body, recurrence.slices.items()
    for inner in (name, *(part for part, rows in parts if rows.tensor == name)):
        if (read := place_of(inner, body)) is not None:
            return _inside(inner, read, body)
    return place, graph


def _values(
    shape: tuple[int, ...], element: int, place: Place | None, graph: Graph, rng: np.random.Generator, integers: int
) -> np.ndarray:
    # The first rule that fits decides, the narrowest first: an index out of range ends the run, while a wrong spread
    # only weakens the proof. Integers of a few bits cover their whole range, because wrapping and saturation show at
    # its ends.
    if place is not None and (limits := _limits(place, graph)):
        return rng.integers(*limits, shape, endpoint=True)
    own = None if place is None else _own_values(place, element, shape, graph, rng)
    if own is not None:
        return own
    if element in WHOLE_RANGE:
        return _quantised(shape, element, rng)
    if not _is_float(element):
        return rng.integers(0, FEW if element == TensorProto.BOOL else integers, shape)
    return _real(shape, place, graph, rng)


def _own_values(
    place: Place, element: int, shape: tuple[int, ...], graph: Graph, rng: np.random.Generator
) -> np.ndarray | None:
    """The values that the facts of an operator name; None where ordinary ones of the type will do."""
    draws = draws_of(place.node.op)
    own = draws.reals if _is_float(element) else draws.integers
    values = own(place, graph, shape, rng) if own else None
    # A drawer writes signed numbers for all integers; cast to an unsigned type a negative one would be huge.
    return np.abs(values) if values is not None and _dtype(element).kind == "u" else values


def _quantised(shape: tuple[int, ...], element: int, rng: np.random.Generator) -> np.ndarray:
    dtype = _dtype(element)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    if element == TensorProto.INT32:
        # The accumulator of a quantised product: over its whole range the next scaling would saturate nearly every
        # element.
        low, high = -WIDEST, WIDEST
    return rng.integers(low, high, shape, endpoint=True)


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
        # Keys with heads of their own have one axis more; the positions are the last but one in both forms.
        keys = graph.tensors.get(place.node.input(mask.keys))
        length = keys.shape[-2] if keys and keys.shape and len(keys.shape) in (3, 4) else shape[1]
        return (0, 1) if hides else (1, length)
    if _is_length(place) and shape:
        return 1, shape[1 if place.node.integer("layout", 0) else 0]
    return None


def _real(shape: tuple[int, ...], place: Place | None, graph: Graph, rng: np.random.Generator) -> np.ndarray:
    if place is not None and _positive(place):
        return rng.uniform(0.5, 1.5, shape) * (SMALL_STEP if _is_scale(place) else 1.0)
    fan_in = None if place is None else draws_of(place.node.op).fan_in.get(place.index)
    added = 1 if place is None or fan_in is None else fan_in(place, graph)
    # Else the values of a deep network grow with each layer until they overflow, or vanish until all are alike.
    return rng.normal(0.0, 1.0 / math.sqrt(max(1, added)), shape)


SMALL_STEP = 1.0 / 64
"""The size of a quantisation step: the whole range of 8 bits then spans about -2 to 2."""


def _positive(place: Place) -> bool:
    return _is_scale(place) or place.index in draws_of(place.node.op).positive


def _is_scale(place: Place) -> bool:
    """Whether a float tensor of an operator on quantised numbers is the size of a step."""
    op = place.node.op
    if not place.index:
        return False
    return "Quant" in op or "QLinear" in op or ".Q" in op or op.endswith("IntegerToFloat")
