"""ONNX Runtime's PagedAttention as its GroupQueryAttention, on the pages of the cache one behind the other.

Every sequence is taken to have as many new tokens, and to fill its pages: what only a run knows makes the attention a
stand-in, as it does that of GroupQueryAttention. Source: ONNX Runtime's ContribOperators page (PagedAttention).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto

from onnx2zz.frontend.function_body import FunctionBody
from onnx2zz.frontend.function_call import Call

DOMAIN = "com.microsoft"
KEY_CACHE, ENDS, PAST, TABLE, COS, SLOTS, SINK = 3, 5, 6, 7, 8, 10, 11
PLAIN: dict[str, Any] = {
    "kv_cache_layout": "SEPARATE", "k_quant_type": "NONE", "v_quant_type": "NONE", "is_causal": 1, "v_head_size": 0,
    "rotary_offset": 0,
}  # fmt: skip
"""The form that is written here: keys and values apart, as they are, causal."""
KEPT = ("num_heads", "kv_num_heads", "local_window_size", "do_rotary", "rotary_interleaved")


@dataclass(frozen=True)
class _Form:
    """Sequences, new tokens of each, positions that its pages hold, positions of a page, heads of keys, channels."""

    batch: int
    new: int
    whole: int
    page: int
    heads: int
    width: int


def paged_attention(call: Call, body: FunctionBody) -> bool:
    """query, key, value, key_cache, value_cache, cumulative_sequence_length, past_seqlens, block_table, cos, sin,
    slot_mapping, head_sink. Not with normalised heads, scales of the cache, or tokens that no even split gives."""
    tokens, sequences = call.shape(0)[0], call.shape(ENDS)[0] - 1
    beyond = any(call.given(number) for number in range(SINK + 1, SINK + 5))
    if beyond or not call.has_default(**PLAIN) or not sequences or tokens % sequences:
        return False
    _, page, heads, width = call.shape(KEY_CACHE)
    form = _Form(sequences, tokens // sequences, call.shape(TABLE)[1] * page, page, heads, width)
    if form.whole < form.new:
        return False
    inputs = [_sequences(call, body, form, number) for number in range(3)]
    inputs += [_pages(body, form, f"I{KEY_CACHE + which}") for which in range(2)]
    inputs += [_last_places(body), body.constant("total", np.array([form.whole], np.int32))]
    inputs += [f"I{number}" if call.given(number) else "" for number in (COS, COS + 1)]
    inputs += ["", "", f"I{SINK}"] if call.given(SINK) else []
    attributes: dict[str, Any] = {name: call.node.integer(name) for name in KEPT if name in call.node.protos}
    attributes |= {name: call.node.number(name) for name in ("scale", "softcap") if name in call.node.protos}
    while not inputs[-1]:
        inputs.pop()
    body.parts("GroupQueryAttention", inputs, ["attended", "present0", "present1"], DOMAIN, **attributes)
    body.add("Reshape", ["attended", body.sizes("rows", tokens, -1)], "O0")
    _write_back(call, body, form)
    return True


def _sequences(call: Call, body: FunctionBody, form: _Form, number: int) -> str:
    """(batch, positions, channels) of the tokens of an input."""
    if not call.given(number):
        return ""
    return body.add("Reshape", [f"I{number}", body.sizes(f"apart{number}", form.batch, form.new, -1)], f"by{number}")


def _pages(body: FunctionBody, form: _Form, cache: str) -> str:
    """(batch, heads, positions, channels): what the pages of each sequence held before the new tokens."""
    pages = body.add("Gather", [cache, f"I{TABLE}"], f"{cache}_pages", axis=0)
    shape = body.sizes(f"{cache}_shape", form.batch, form.whole, form.heads, form.width)
    line = body.add("Reshape", [pages, shape], f"{cache}_line")
    ends = [body.sizes(f"{cache}_{name}", n) for name, n in (("from", 0), ("to", form.whole - form.new), ("axis", 1))]
    return body.add(
        "Transpose", [body.add("Slice", [line, *ends], f"{cache}_past")], f"{cache}_heads", perm=[0, 2, 1, 3]
    )


def _last_places(body: FunctionBody) -> str:
    """Where the last token of each sequence stands: what came before, and how many are new, less one."""
    starts, stops, axis = (body.sizes(name, n) for name, n in (("zero", 0), ("end", -1), ("only", 0)))
    first = body.add("Slice", [f"I{ENDS}", starts, stops, axis], "begins")
    after = body.add("Slice", [f"I{ENDS}", body.sizes("one", 1), body.sizes("all", 1 << 62), axis], "ends")
    length = body.add("Add", [f"I{PAST}", body.add("Sub", [after, first], "new")], "length")
    last = body.add("Sub", [length, body.constant("single", np.array(1, np.int32))], "last")
    return body.add("Cast", [last], "seqlens", to=TensorProto.INT32)


def _write_back(call: Call, body: FunctionBody, form: _Form) -> None:
    """The caches with the new rows in their slots, where they leave the node."""
    named = [which for which in range(2) if call.node.outputs[which + 1 : which + 2] not in ((), ("",))]
    slots = _slots(call, body, form) if named else ""
    for which in named:
        shape, made = call.shape(KEY_CACHE + which), f"O{which + 1}"
        sizes = body.sizes(f"{made}_slots", shape[0] * form.page, form.heads, form.width)
        flat = body.add("Reshape", [f"I{KEY_CACHE + which}", sizes], f"{made}_flat")
        ends = [body.sizes(f"{made}_{n}", v) for n, v in (("from", -form.new), ("to", 1 << 62), ("axis", 2))]
        new = body.add("Slice", [f"present{which}", *ends], f"{made}_new")
        turned = body.add("Transpose", [new], f"{made}_turned", perm=[0, 2, 1, 3])
        rows = body.sizes(f"{made}_rows_shape", form.batch * form.new, form.heads, form.width)
        written = body.add(
            "ScatterND", [flat, slots, body.add("Reshape", [turned, rows], f"{made}_rows")], f"{made}_written"
        )
        body.add("Reshape", [written, body.sizes(f"{made}_shape", *shape)], made)


def _slots(call: Call, body: FunctionBody, form: _Form) -> str:
    """The row of the cache for each new token: as given, else behind its sequence's past."""
    slots = f"I{SLOTS}"
    if not call.given(SLOTS):
        steps = body.constant("steps", np.arange(form.new, dtype=np.int32)[None])
        places = body.add(
            "Add", [body.add("Unsqueeze", [f"I{PAST}", body.sizes("last_axis", -1)], "past"), steps], "places"
        )
        size = body.constant("page", np.array(form.page, np.int32))
        number = body.add("Div", [places, size], "page_number")
        block = body.add("GatherElements", [f"I{TABLE}", number], "block", axis=1)
        slots = body.add(
            "Add", [body.add("Mul", [block, size], "block_begin"), body.add("Mod", [places, size], "inside")], "slots"
        )
    line = body.add("Reshape", [slots, body.sizes("slots_shape", -1, 1)], "slot_rows")
    return body.add("Cast", [line], "slot_numbers", to=TensorProto.INT64)
