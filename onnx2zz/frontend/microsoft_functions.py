"""Operators of ONNX Runtime that are a function of others: gated parts of state-space and transformer blocks.

A form of an operator that is not written here (a ragged batch, states of several steps, what one device alone has) has
no function, and so no lowering. Source: ONNX Runtime's ContribOperators page.
"""

from collections.abc import Callable, Mapping

import numpy as np
import onnx
from onnx import helper

from onnx2zz.frontend.function_body import FunctionBody
from onnx2zz.frontend.function_call import Call, Shapes
from onnx2zz.frontend.gated_delta_net import gated_delta_net
from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.multimodal_rotary import multimodal_rotary
from onnx2zz.frontend.paged_attention import paged_attention

DOMAIN = "com.microsoft"
OPSET = 23
"""Of the standard operators here, whatever the model's own is."""
BEFORE_ONE_AXIS = 12
"""The last opset in which Softmax takes its axis and all behind it as one row."""
SILU = ("silu", "swish")


Write = Callable[[Call, FunctionBody], bool]
"""Writes the nodes from inputs I0, I1... to outputs O0, O1...; False for a form that is not written here."""


def microsoft_function(proto: onnx.NodeProto, shapes: Shapes) -> onnx.FunctionProto | None:
    """The function that a node stands for, its inputs of these shapes; None where it stands for none."""
    attributes = {attribute.name: attribute for attribute in proto.attribute}
    node = Node(f"{DOMAIN}.{proto.op_type}", proto.name, (*proto.input,), (*proto.output,), attributes, 1)
    body = FunctionBody()
    try:
        if not FUNCTIONS[proto.op_type](Call(node, shapes), body):
            return None
    except LookupError:
        return None
    inputs, outputs = ([f"{kind}{number}" for number in range(len(names))] for kind, names in
                       (("I", proto.input), ("O", proto.output)))  # fmt: skip
    imports = [helper.make_opsetid("", OPSETS.get(proto.op_type, OPSET)), helper.make_opsetid(DOMAIN, 1)]
    return helper.make_function(DOMAIN, proto.op_type, inputs, outputs, body.nodes, imports)


def _silu(body: FunctionBody, x: str, output: str) -> str:
    return body.add("Mul", [x, body.add("Sigmoid", [x], f"{output}_sigmoid")], output)


def _swiglu(call: Call, body: FunctionBody) -> bool:
    """gate * sigmoid(alpha * gate) * (up + beta), both clamped by a limit above 0; one input may hold both."""
    gate, up, limit = "I0", "I1", call.node.number("limit", 0.0)
    if not call.given(1):
        gate, up = "gate", "up"
        body.parts("Split", ["I0"], [gate, up], axis=-1, num_outputs=2)
    if limit > 0:
        high, low = body.number("high", limit, gate), body.number("low", -limit, gate)
        gate = body.add("Min", [gate, high], "clamped_gate")
        up = body.add("Max", [body.add("Min", [up, high], "up_below"), low], "clamped_up")
    alpha, beta = call.node.number("activation_alpha", 1.0), call.node.number("activation_beta", 0.0)
    scaled = gate if alpha == 1.0 else body.add("Mul", [gate, body.number("alpha", alpha, gate)], "scaled")
    activated = body.add("Mul", [gate, body.add("Sigmoid", [scaled], "sigmoid")], "activated")
    linear = up if beta == 0.0 else body.add("Add", [up, body.number("beta", beta, gate)], "linear")
    body.add("Mul", [activated, linear], "O0")
    return True


def _scaled_silu(call: Call, body: FunctionBody) -> bool:
    """z * sigmoid(z) of z = scale * x."""
    scale = "I1" if call.given(1) else body.number("alpha", call.node.number("alpha", 1.0), "I0")
    same = body.add("CastLike", [scale, "I0"], "scale")
    _silu(body, body.add("Mul", ["I0", same], "scaled"), "O0")
    return True


def _gated_add(call: Call, body: FunctionBody) -> bool:
    """x + y * gate, a gate for each row; one that is projected is another function, of one device."""
    if call.given(3):
        return False
    body.add("Add", ["I0", body.add("Mul", ["I1", "I2"], "gated")], "O0")
    return True


def _gated_rms_norm(call: Call, body: FunctionBody) -> bool:
    """RMS norm of each group of as many channels as `scale` has, times the activated gate."""
    activation = call.node.text("activation", "silu")
    if activation not in (*SILU, "sigmoid"):
        return False
    shape, (width,) = call.shape(0), call.shape(1)
    groups = body.add("Reshape", ["I0", body.sizes("groups", *shape[:-1], shape[-1] // width, width)], "grouped")
    epsilon = call.node.number("epsilon", 1e-5)
    norm = body.add("RMSNormalization", [groups, "I1"], "normalised", axis=-1, epsilon=epsilon)
    whole = body.add("Reshape", [norm, body.sizes("whole", *shape)], "norm")
    gate = _silu(body, "I2", "gate") if activation in SILU else body.add("Sigmoid", ["I2"], "gate")
    body.add("Mul", [whole, gate], "O0")
    return True


def _bias_softmax(call: Call, body: FunctionBody) -> bool:
    """Softmax of data + bias, the axis and all behind it as one row."""
    body.add("Softmax", [body.add("Add", ["I0", "I1"], "biased")], "O0", axis=call.node.integer("axis", 1))
    return True


def _gated_position_bias(call: Call, body: FunctionBody) -> bool:
    """Relative positions times a gate that each query makes by a product with `weight`. Without padding alone."""
    if call.given(6):
        return False
    (batch, length, channels), (width, columns) = call.shape(0), call.shape(3)
    heads = call.node.integer("num_heads")
    apart = body.sizes("apart", batch, length, heads, channels // heads)
    queries = body.add("Reshape", [body.add("Add", ["I0", "I1"], "biased"), apart], "queries")
    by_head = body.add("Transpose", [queries], "by_head", perm=[0, 2, 1, 3])
    gates = body.add("Add", [body.add("MatMul", [by_head, "I3"], "product"), "I4"], "gates")
    pairs = body.sizes("pairs", batch, heads, length, 2, columns // 2)
    sums = body.add(
        "ReduceSum", [body.add("Reshape", [gates, pairs], "paired"), body.sizes("last", -1)], "sums", keepdims=0
    )
    body.parts("Split", [body.add("Sigmoid", [sums], "open")], ["u", "r"], axis=-1, num_outputs=2)
    one, two = body.number("one", 1.0, "I0"), body.number("two", 2.0, "I0")
    less = body.add("Sub", [body.add("Mul", ["r", "I5"], "scaled"), one], "less")
    body.add("Mul", [body.add("Add", [body.add("Mul", ["u", less], "times"), two], "gate"), "I2"], "O0")
    return width == channels // heads


def _causal_convolution(call: Call, body: FunctionBody) -> bool:
    """A depthwise Conv behind the positions of the past (zeros without one), whose last positions are the state."""
    usual = call.has_default(
        ndim=1, state_update_capacity=0, state_window=0, state_length=0, input_channel_offset=0, input_channels=0,
        state_channels_last=-1,
    )  # fmt: skip
    activation, last = call.node.text("activation", "none"), bool(call.node.integer("channels_last", 0))
    if not usual or activation not in (*SILU, "none"):
        return False
    shape, (channels, _, taps) = call.shape(0), call.shape(1)
    batch, dilation = shape[0], call.node.integer("dilation", 1)
    length, before = shape[1 if last else 2], (taps - 1) * dilation
    x, past = (_channels_first(body, name, batch, size, channels) if last and given else name
               for name, size, given in (("I0", length, True), ("I3", before, call.given(3))))  # fmt: skip
    if not call.given(3):
        zeros = body.constant("zeros", np.zeros((batch, channels, before), np.float32))
        past = body.add("CastLike", [zeros, x], "no_past")
    whole = body.add("Concat", [past, x], "whole", axis=2)
    weights = [whole, "I1", *(["I2"] if call.given(2) else [])]
    result = body.add("Conv", weights, "convolved", group=channels, dilations=[dilation], kernel_shape=[taps])
    if activation in SILU:
        result = _silu(body, result, "activated")
    ends = [body.sizes(name, number) for name, number in (("begin", length), ("end", length + before), ("axis", 2))]
    state = body.add("Slice", [whole, *ends], "state")
    for made, output, form in ((result, "O0", shape), (state, "O1", (batch, before, *shape[2:]))):
        turned = body.add("Transpose", [made], f"{output}_last", perm=[0, 2, 1]) if last else made
        body.add("Reshape", [turned, body.sizes(f"{output}_shape", *form)], output) if last else body.add(
            "Identity", [turned], output
        )
    return True


def _channels_first(body: FunctionBody, name: str, batch: int, length: int, channels: int) -> str:
    """(batch, positions, channels in any number of axes) as (batch, channels, positions)."""
    flat = body.add("Reshape", [name, body.sizes(f"{name}_flat_shape", batch, length, channels)], f"{name}_flat")
    return body.add("Transpose", [flat], f"{name}_first", perm=[0, 2, 1])


def _linear_attention(call: Call, body: FunctionBody) -> bool:
    """ONNX's own LinearAttention; queries that fewer heads have than keys are shared by these."""
    if not call.has_default(state_window=0):
        return False
    (batch, length, channels), queries = call.shape(0), call.node.integer("q_num_heads")
    keys, q = call.node.integer("kv_num_heads"), "I0"
    if keys > queries:
        if keys % queries:
            return False
        width = channels // queries
        apart = body.add("Reshape", [q, body.sizes("apart", batch, length, queries, 1, width)], "apart_queries")
        each = body.sizes("each", batch, length, queries, keys // queries, width)
        q = body.add(
            "Reshape", [body.add("Expand", [apart, each], "shared"), body.sizes("flat", batch, length, -1)], "q"
        )
    attributes = {name: onnx.helper.get_attribute_value(one) for name, one in call.node.protos.items()}
    attributes |= {"q_num_heads": max(queries, keys)}
    attributes.pop("state_window", None)
    inputs = [q, *(f"I{number}" if call.given(number) else "" for number in range(1, len(call.node.inputs)))]
    body.parts("LinearAttention", inputs, [f"O{number}" for number in range(len(call.node.outputs))], **attributes)
    return True


def _mlp_of_few_bits(call: Call, body: FunctionBody) -> bool:
    """Two products with packed weights of one input, normalised first where a scale is given: activation(gate) * up."""
    if call.node.text("activation") not in SILU:
        return False
    x = _normalised(call, body, 1e-5, 1)
    columns = call.node.integer("N")
    gate = _packed_product(call, body, x, 3, columns, "gate")
    up = _packed_product(call, body, x, 6, columns, "up")
    body.add("Mul", [_silu(body, gate, "activated"), up], "O0")
    return True


def _qkv_of_few_bits(call: Call, body: FunctionBody) -> bool:
    """Three products with packed weights of one normalised input."""
    x = _normalised(call, body, 1e-6, 3)
    for number, (first, columns) in enumerate(((3, "Nq"), (6, "Nkv"), (9, "Nkv"))):
        _packed_product(call, body, x, first, call.node.integer(columns), f"O{number}")
    return True


def _normalised(call: Call, body: FunctionBody, epsilon: float, residual: int) -> str:
    """A, plus `skip` where that is given, over its root mean square; the sum is the output `residual`."""
    if not call.given(2):
        return "I0"
    epsilon = call.node.number("epsilon", epsilon)
    if not call.given(1):
        return body.add("SimplifiedLayerNormalization", ["I0", "I2"], "normalised", axis=-1, epsilon=epsilon)
    total = [f"O{residual}"] if residual < len(call.node.outputs) and call.node.outputs[residual] else []
    outputs = ["normalised", *(["", "", *total] if total else [])]
    body.parts("SkipSimplifiedLayerNormalization", ["I0", "I1", "I2"], outputs, DOMAIN, epsilon=epsilon)
    return "normalised"


def _packed_product(call: Call, body: FunctionBody, x: str, first: int, columns: int, output: str) -> str:
    """MatMulNBits with the weights, scales and bias from input `first` on."""
    inputs = [x, f"I{first}", f"I{first + 1}", *(["", "", f"I{first + 2}"] if call.given(first + 2) else [])]
    sizes = {
        name: call.node.integer(name, *default) for name, default in (("K", ()), ("block_size", ()), ("bits", (4,)))
    }
    return body.add("MatMulNBits", inputs, output, DOMAIN, N=columns, **sizes)


FUNCTIONS: Mapping[str, Write] = {
    "BiasSoftmax": _bias_softmax,
    "CausalConvWithState": _causal_convolution,
    "GatedAdd": _gated_add,
    "GatedDeltaNet": gated_delta_net,
    "GatedRMSNorm": _gated_rms_norm,
    "GatedRelativePositionBias": _gated_position_bias,
    "LinearAttention": _linear_attention,
    "MRotaryEmbedding": multimodal_rotary,
    "MatMulNBitsMlp": _mlp_of_few_bits,
    "MatMulNBitsQkv": _qkv_of_few_bits,
    "PagedAttention": paged_attention,
    "ScaledSiLU": _scaled_silu,
    "SwiGLU": _swiglu,
}
OPSETS = {"BiasSoftmax": BEFORE_ONE_AXIS, "GatedDeltaNet": 27, "LinearAttention": 27}
