"""Loop and Scan with work in their bodies, one in another; each stands in the graph as one node."""

from typing import Any

import numpy as np
import onnx
from onnx import helper

from tests.composed.draft import Draft, NotDrawnError
from tests.composed.flat import BOOL, FLOAT, INT64, Kind
from tests.composed.views import Piece


def loop(draft: Draft) -> object:
    """A state goes through two products in each of two or three iterations; what lies between them is stacked."""
    x = draft.pick(2, 2)
    rows, columns = draft.shape(x)
    trips, inner = draft.integer(2, 3), draft.integer(1, 5)
    if inner == columns:
        raise NotDrawnError("square")
    weights = [_weight(draft, "a", (columns, inner)), _weight(draft, "b", (inner, columns))]
    nodes = [
        helper.make_node("MatMul", ["h", "a"], ["between"], "between"),
        helper.make_node("MatMul", ["between", "b"], ["next"], "back"),
        helper.make_node("Identity", ["on"], ["go_on"]),
    ]
    inputs = [_info("i", INT64), _info("on", BOOL), _info("h", FLOAT, rows, columns)]
    results = [_info("go_on", BOOL), _info("next", FLOAT, rows, columns), _info("between", FLOAT, rows, inner)]
    body = helper.make_graph(nodes, "body", inputs, results, weights)
    made = [Kind(FLOAT, (rows, columns)), Kind(FLOAT, (trips, rows, inner))]
    given = [draft.constant(np.array(trips, np.int64)), draft.constant(np.array(True)), x]
    return draft.add("Loop", given, 2, made=made, body=body)


def scan(draft: Draft) -> object:
    """A product of every slice, and a state that gathers them; forwards or backwards, perhaps in a Loop."""
    x = draft.pick(3, 3)
    axis, columns = draft.integer(0, 1), draft.integer(1, 6)
    shape = list(draft.shape(x))
    steps, rest = shape.pop(axis), shape
    if steps > 4 or columns in shape:
        raise NotDrawnError("too long, or alike")
    state = draft.weight([rest[0], columns])
    attributes, body = _scan(draft, axis, (*rest, columns))
    made = [Kind(FLOAT, (rest[0], columns)), Kind(FLOAT, (steps, rest[0], columns))]
    if draft.chance(0.5):
        return draft.add("Scan", [state, x], 2, made=made, body=body, **attributes)
    return _in_a_loop(
        draft, helper.make_node("Scan", ["h", "given"], ["next", "y"], body=body, **attributes), state, x, made
    )


def _scan(draft: Draft, axis: int, extents: tuple[int, ...]) -> tuple[dict[str, Any], onnx.GraphProto]:
    rows, depth, columns = extents
    nodes = [
        helper.make_node("MatMul", ["slice", "w"], ["product"], "product"),
        helper.make_node("Sub", ["product", "before"], ["after"], "gathered"),
        helper.make_node("Identity", ["product"], ["out"]),
    ]
    inputs = [_info("before", FLOAT, rows, columns), _info("slice", FLOAT, rows, depth)]
    results = [_info("after", FLOAT, rows, columns), _info("out", FLOAT, rows, columns)]
    body = helper.make_graph(nodes, "scanned", inputs, results, [_weight(draft, "w", (depth, columns))])
    backwards = [draft.integer(0, 1)]
    return {"num_scan_inputs": 1, "scan_input_axes": [axis], "scan_input_directions": backwards}, body


def _in_a_loop(draft: Draft, node: onnx.NodeProto, state: str, x: str, made: list[Kind]) -> object:
    """Two rounds of a Scan whose state is carried; what it stacks is stacked again."""
    first, stacked = made
    nodes = [
        helper.make_node("Identity", [x], ["given"]),
        node,
        helper.make_node("Identity", ["on"], ["go_on"]),
    ]
    inputs = [_info("i", INT64), _info("on", BOOL), _info("h", FLOAT, *first.fixed)]
    results = [_info("go_on", BOOL), _info("next", FLOAT, *first.fixed), _info("y", FLOAT, *stacked.fixed)]
    body = helper.make_graph(nodes, "round", inputs, results)
    given = [draft.constant(np.array(2, np.int64)), draft.constant(np.array(True)), state]
    return draft.add("Loop", given, 2, made=[first, Kind(FLOAT, (2, *stacked.shape))], body=body)


def _weight(draft: Draft, name: str, shape: tuple[int, int]) -> onnx.TensorProto:
    value = np.asarray(draft.rng.normal(0, 1 / np.sqrt(shape[0]), shape)).astype(np.float32)
    return onnx.numpy_helper.from_array(value, name)


def _info(name: str, element: int, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, element, shape)


LOOPS: dict[Piece, int] = {loop: 1, scan: 1}
