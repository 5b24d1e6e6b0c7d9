"""ONNX Runtime's MRotaryEmbedding as ONNX's RotaryEmbedding, on angles of three positions: time, height and width.

Source: ONNX Runtime's ContribOperators page (MRotaryEmbedding).
"""

from typing import Any

import numpy as np

from onnx2zz.frontend.function_body import FunctionBody
from onnx2zz.frontend.function_call import Call

POSITIONS = 3
IN_CHUNKS, IN_TURN = 0, 1
"""How the pairs of channels are dealt out to the three positions."""


def multimodal_rotary(call: Call, body: FunctionBody) -> bool:
    """input, position_ids (3, batch, positions), cos and sin (rows, half)."""
    shares, layout = call.node.integers("mrope_section"), call.node.integer("mrope_layout", IN_CHUNKS)
    half = call.shape(2)[-1]
    fits = len(shares) == POSITIONS and sum(shares) == half and layout in (IN_CHUNKS, IN_TURN)
    if not fits or not call.has_default(is_packed_batching=0, scale=1.0):
        return False
    deal = _in_chunks if layout == IN_CHUNKS else _in_turn
    cos, sin = (deal(body, _rows(body, table, name), shares, name) for table, name in (("I2", "cos"), ("I3", "sin")))
    shape, count = call.shape(0), call.node.integer("num_heads", 0)
    heads = count or (shape[1] if len(shape) == 4 else shape[-1] // (2 * half))
    attributes: dict[str, Any] = {"num_heads": heads, "interleaved": call.node.integer("interleaved", 0)}
    attributes |= {"rotary_embedding_dim": call.node.integer("rotary_embedding_dim", 0)}
    body.parts("RotaryEmbedding", ["I0", cos, sin], ["O0"], **attributes)
    return True


def _rows(body: FunctionBody, table: str, name: str) -> list[str]:
    """The rows (batch, positions, half) that each of the three positions names."""
    rows = body.add("Gather", [table, "I1"], f"{name}_rows", axis=0)
    parts = [f"{name}_{number}" for number in range(POSITIONS)]
    for number, part in enumerate(parts):
        body.add("Gather", [rows, body.constant(f"{part}_at", np.array(number, np.int64))], part, axis=0)
    return parts


def _in_chunks(body: FunctionBody, rows: list[str], shares: list[int], name: str) -> str:
    """The first pairs of the first position's row, those behind them of the second's, the last of the third's."""
    ends, taken = np.cumsum(shares), list[str]()
    for row, share, end in zip(rows, shares, ends, strict=True):
        limits = [
            body.sizes(f"{row}_{what}", at) for what, at in (("from", int(end) - share), ("to", int(end)), ("of", -1))
        ]
        if share:
            taken.append(body.add("Slice", [row, *limits], f"{row}_chunk"))
    return body.add("Concat", taken, name, axis=-1)


def _in_turn(body: FunctionBody, rows: list[str], shares: list[int], name: str) -> str:
    """The first position's row, but every third pair of it the second's or the third's, as long as their shares go."""
    places, found = np.arange(sum(shares)), rows[0]
    for number in (1, 2):
        own = (places % POSITIONS == number) & (places < POSITIONS * shares[number])
        mask = body.constant(f"{name}_of_{number}", own)
        found = body.add("Where", [mask, rows[number], found], name if number == 2 else f"{name}_mixed")
    return found
