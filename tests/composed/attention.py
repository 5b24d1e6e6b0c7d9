"""Attention with grouped heads, caches, windows and soft caps; rotary embedding; a convolution of moved taps."""

from typing import Any

import numpy as np

from tests.composed.draft import Draft, NotDrawnError
from tests.composed.flat import FLOAT, Kind
from tests.composed.views import Piece


def attention(draft: Draft) -> object:
    """Queries are a tensor, keys and values products of another length; heads may be grouped."""
    x = draft.pick(3, 3)
    batch, length, width = draft.shape(x)
    heads = draft.one_of([h for h in (2, 3, 4) if width % h == 0])
    stored = draft.one_of([h for h in range(1, heads + 1) if heads % h == 0])
    size, behind = width // heads, draft.integer(2, 7)
    attributes: dict[str, Any] = {"q_num_heads": heads, "kv_num_heads": stored}
    if draft.chance(0.3):
        attributes["softcap"] = 1.5
    if draft.chance(0.3):
        attributes["is_causal"] = 1
    keys, values = (draft.weight([batch, behind, stored * size], size) for _ in "kv")
    if draft.chance(0.5) and behind != length:
        keys = draft.add_one("MatMul", x, draft.weight([width, stored * size], width))
        behind = length
        values = draft.weight([batch, behind, stored * size])
    if draft.chance(0.4):
        return _with_cache(draft, [x, keys, values], (batch, stored, draft.integer(1, 5), size), attributes)
    mask = [draft.weight([length, behind])] if draft.chance(0.3) and length != behind else []
    return draft.add_one("Attention", x, keys, values, *mask, **attributes)


def _with_cache(draft: Draft, inputs: list[str], past: tuple[int, ...], attributes: dict[str, Any]) -> object:
    """What earlier steps left; the whole, with what is new, are outputs."""
    caches = [draft.weight(past), draft.weight(past)]
    return draft.add("Attention", [*inputs, "", *caches], 3, **attributes)


def grouped_query(draft: Draft) -> object:
    """com.microsoft's, with a past, perhaps a window and a soft cap."""
    x = draft.pick(3, 3)
    batch, length, width = draft.shape(x)
    size, stored = 8, 1
    if batch > 1 or width % size or width == size or length == width:
        raise NotDrawnError("no heads of 8")
    heads, past = width // size, draft.integer(1, 4)
    keys, values = (draft.add_one("MatMul", x, draft.weight([width, stored * size], width)) for _ in "kv")
    caches = [draft.weight([batch, stored, past, size]) for _ in "kv"]
    lengths = draft.constant(np.full(batch, past + length - 1, np.int32))
    total = draft.constant(np.array(past + length, np.int32))
    attributes: dict[str, Any] = {"num_heads": heads, "kv_num_heads": stored}
    if draft.chance(0.4):
        attributes["local_window_size"] = draft.integer(1, 4)
    if draft.chance(0.4):
        attributes["softcap"] = 2.5
    present = Kind(FLOAT, (batch, stored, past + length, size))
    made = [draft.kinds[x], present, present]
    inputs = [x, keys, values, *caches, lengths, total]
    return draft.add("GroupQueryAttention", inputs, 3, domain="com.microsoft", made=made, **attributes)


def rms_norm(draft: Draft) -> object:
    x = draft.pick(1)
    return draft.add_one("RMSNormalization", x, draft.positive(draft.shape(x)[-1:]))


def deform_conv(draft: Draft) -> object:
    """Every tap is moved by an offset that the run brings, made by a convolution of the same windows."""
    x = draft.pick(4, 4)
    channels, height, width = draft.shape(x)[1:]
    kernel = (draft.integer(1, min(2, height)), draft.integer(1, min(3, width)))
    taps, filters = kernel[0] * kernel[1], draft.integer(1, 3)
    offsets = draft.add_one("Conv", x, draft.weight([2 * taps, channels, *kernel], channels * taps))
    return draft.add_one("DeformConv", x, draft.weight([filters, channels, *kernel], channels * taps), offsets)


ATTENTION: dict[Piece, int] = {attention: 4, grouped_query: 2, rms_norm: 1, deform_conv: 2}
"""Each with how often it is drawn."""
