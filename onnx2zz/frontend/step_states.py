"""States that are none: handed on as they came, or counting the steps. Exporters carry both along.

Told by the body as it is written, before it is walked: what such a state is, is known at every step.
"""

from collections.abc import Mapping

import numpy as np
import onnx

from onnx2zz.frontend.state import Scope, Trace
from onnx2zz.frontend.step_number import INTEGERS, Number


def makers_in(body: onnx.GraphProto) -> Mapping[str, onnx.NodeProto]:
    """The node that makes each tensor of a body."""
    return {output: node for node in body.node for output in node.output if output}


def is_handed_on(body: onnx.GraphProto, given: str, result: str) -> bool:
    """Whether a result of the body is one of its inputs under another name."""
    return _behind_names(makers_in(body), result) == given


def _behind_names(makers: Mapping[str, onnx.NodeProto], name: str) -> str:
    while name in makers and makers[name].op_type == "Identity" and not makers[name].domain:
        name = makers[name].input[0]
    return name


def counted(state: Trace, scope: Scope, body: onnx.GraphProto, given: str, result: str, initial: str) -> Number | None:
    """The number that a state is at each step, where it starts with a known one and a constant is added in each."""
    makers = makers_in(body)
    node = makers.get(_behind_names(makers, result))
    start = _whole(state, initial)
    if start is None or node is None or node.domain or node.op_type not in ("Add", "Sub"):
        return None
    first, second = (_behind_names(makers, name) for name in node.input)
    if node.op_type == "Add" and second == given:
        first, second = second, first
    rate = _constant(state, scope, makers, second)
    if first != given or rate is None:
        return None
    return Number(start, rate if node.op_type == "Add" else -rate)


def _constant(state: Trace, scope: Scope, makers: Mapping[str, onnx.NodeProto], name: str) -> int | None:
    node = makers.get(name)
    if node is None:
        return _whole(state, scope.look_up(name))
    attribute = next(iter(node.attribute), None)
    if node.op_type != "Constant" or attribute is None:
        return None
    if attribute.name == "value_int":
        return attribute.i
    if attribute.name != "value" or attribute.t.data_type not in INTEGERS:
        return None
    value = onnx.numpy_helper.to_array(attribute.t)
    return int(value.ravel()[0]) if value.size == 1 else None


def _whole(state: Trace, name: str) -> int | None:
    value = state.known(name) if name in state.tensors and state.tensors[name].type in INTEGERS else None
    return int(np.ravel(value)[0]) if value is not None and value.size == 1 else None
