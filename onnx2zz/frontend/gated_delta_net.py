"""ONNX Runtime's GatedDeltaNet as ONNX's LinearAttention: its layout, its heads, its gates.

Source: ONNX Runtime's ContribOperators page (GatedDeltaNet).
"""

from dataclasses import dataclass
from math import prod
from typing import Any

from onnx2zz.frontend.function_body import FunctionBody
from onnx2zz.frontend.function_call import Call

L2_EPSILON = 1e-6


@dataclass(frozen=True)
class _Form:
    """The sizes of a call: queries and keys have `shared` heads of `deep` channels, values `heads` of `wide`."""

    batch: int
    length: int
    shared: int
    heads: int
    deep: int
    wide: int


def gated_delta_net(call: Call, body: FunctionBody) -> bool:
    """query, key, value, cu_seqlens, decay, beta, initial_state, a_log, dt_bias. Keys and values apart, sequences of
    one length; the state has its values before its keys."""
    if call.given(3) or call.given(9) or not (call.given(1) and call.given(2)):
        return False
    if not call.has_default(state_update_capacity=0):
        return False
    form = _form(call)
    if form.heads % form.shared or form.batch * form.length == 0:
        return False
    q, k = (_shared(call, body, name, form) for name in ("I0", "I1"))
    v = body.add("Reshape", ["I2", body.sizes("v_shape", form.batch, form.length, form.heads * form.wide)], "v")
    state = body.add("Transpose", ["I6"], "state", perm=[0, 1, 3, 2]) if call.given(6) else ""
    decay = _decay(call, body, form) if call.given(4) else ""
    inputs = [q, k, v, state, decay, _beta(call, body, form) if call.given(5) else ""]
    attributes: dict[str, Any] = {"q_num_heads": form.heads, "kv_num_heads": form.heads}
    attributes |= {"scale": call.node.number("scale", 0.0), "update_rule": call.node.text("update_rule", "gated_delta")}
    body.parts("LinearAttention", inputs, ["attended", "last"], **attributes)
    shape = (*call.shape(2)[:-2], form.heads, form.wide)
    body.add("Reshape", ["attended", body.sizes("O0_shape", *shape)], "O0")
    body.add("Transpose", ["last"], "O1", perm=[0, 1, 3, 2])
    return True


def _form(call: Call) -> _Form:
    """Raises LookupError where only the state could tell the batch, and there is none."""
    query, value = call.shape(0), call.shape(2)
    batch, length = query[:2] if len(query) == 4 else (call.shape(6)[0], query[0] // call.shape(6)[0])
    return _Form(batch, length, query[-2], value[-2], query[-1], value[-1])


def _shared(call: Call, body: FunctionBody, name: str, form: _Form) -> str:
    """Queries or keys, normalised if they are to be, each head as often as values share it: (batch, positions, all)."""
    batch, length, own, deep = form.batch, form.length, form.shared, form.deep
    apart = body.add("Reshape", [name, body.sizes(f"{name}_apart", batch, length, own, 1, deep)], f"{name}_heads")
    if call.node.integer("qk_l2_norm", 0):
        squares = body.add("ReduceSumSquare", [apart, body.sizes(f"{name}_last", -1)], f"{name}_squares", keepdims=1)
        size = body.add("Add", [squares, body.number(f"{name}_epsilon", L2_EPSILON, name)], f"{name}_size")
        apart = body.add("Div", [apart, body.add("Sqrt", [size], f"{name}_norm")], f"{name}_normalised")
    if form.heads > own:
        each = body.sizes(f"{name}_each", batch, length, own, form.heads // own, deep)
        apart = body.add("Expand", [apart, each], f"{name}_shared")
    return body.add("Reshape", [apart, body.sizes(f"{name}_flat", batch, length, form.heads * deep)], f"{name}_all")


def _decay(call: Call, body: FunctionBody, form: _Form) -> str:
    """The decay's logarithm, of a head or of each of its keys: as given, or made of a projection."""
    # (tokens, heads) or (tokens, heads, keys); the axis of the tokens may be two.
    per_key = len(call.shape(4)) > len(call.shape(0)) - 1
    columns = form.deep if per_key else 1
    four = body.sizes("decay_apart", form.batch, form.length, form.heads, columns)
    decay = body.add("Reshape", ["I4", four], "decay_heads")
    kind = call.node.text("gate_activation", "none")
    if kind != "none":
        rate = body.add("Exp", [body.add("Reshape", ["I7", body.sizes("a_shape", form.heads, 1)], "a")], "rate")
        own = columns if per_key and prod(call.shape(8)) > form.heads else 1
        bias = body.add("Reshape", ["I8", body.sizes("dt_shape", form.heads, own)], "dt")
        raised = body.add("Add", [decay, bias], "raised")
        decay = _activated(call, body, kind, raised, rate)
    return body.add(
        "Reshape", [decay, body.sizes("decay_flat", form.batch, form.length, form.heads * columns)], "decay"
    )


def _activated(call: Call, body: FunctionBody, kind: str, raised: str, rate: str) -> str:
    if kind in ("softplus", "qwen"):
        return body.add("Neg", [body.add("Mul", [rate, body.add("Softplus", [raised], "soft")], "grown")], "gate")
    bound = body.number("bound", call.node.number("gate_lower_bound", -5.0), raised)
    return body.add("Mul", [bound, body.add("Sigmoid", [body.add("Mul", [rate, raised], "grown")], "open")], "gate")


def _beta(call: Call, body: FunctionBody, form: _Form) -> str:
    beta = body.add("Reshape", ["I5", body.sizes("beta_shape", form.batch, form.length, form.heads)], "beta")
    return (
        body.add("Sigmoid", [beta], "rate_of_update") if call.node.text("beta_activation", "none") != "none" else beta
    )
