"""What no array does: searches, sorts and sums of all before."""

import numpy as np

from tests.composed.draft import Draft, NotDrawnError
from tests.composed.flat import FLOAT
from tests.composed.views import Piece


def top_k(draft: Draft) -> object:
    x = draft.pick(1)
    axis = draft.integer(0, len(draft.shape(x)) - 1)
    return draft.add("TopK", [x, draft.integers([draft.integer(1, draft.shape(x)[axis])])], 2, axis=axis)


def non_zero(draft: Draft) -> object:
    return draft.add_one("NonZero", draft.pick(1))


def arg_max(draft: Draft) -> object:
    x = draft.pick(1)
    axis = draft.integer(0, len(draft.shape(x)) - 1)
    found = draft.add_one(draft.one_of(("ArgMax", "ArgMin")), x, axis=axis, keepdims=draft.integer(0, 1))
    return draft.add_one("Cast", found, to=FLOAT) if draft.chance(0.5) else found


def cum_sum(draft: Draft) -> object:
    x = draft.pick(1)
    return draft.add_one("CumSum", x, draft.integers(draft.integer(-1, len(draft.shape(x)) - 1)))


def suppression(draft: Draft) -> object:
    """The scores are a tensor's, the boxes constants."""
    x = draft.pick(3, 3)
    n, _, boxes = draft.shape(x)
    corners = draft.constant(np.abs(draft.rng.normal(1, 0.5, (n, boxes, 4))).astype(np.float32))
    if n == 1 and draft.chance(0.5):
        return draft.add_one("NonMaxSuppression", corners, x, draft.integers([3]))
    raise NotDrawnError("one image")


def reverse_sequence(draft: Draft) -> object:
    x = draft.pick(2)
    steps, batch = draft.shape(x)[:2]
    return draft.add_one("ReverseSequence", x, draft.integers(draft.rng.integers(1, steps, batch, endpoint=True)))


HOSTS: dict[Piece, int] = {top_k: 3, non_zero: 1, arg_max: 2, cum_sum: 2, suppression: 1, reverse_sequence: 1}
"""Each with how often it is drawn."""
HOST_OPERATORS = frozenset({"TopK", "NonZero", "ArgMax", "ArgMin", "CumSum", "NonMaxSuppression", "ReverseSequence"})
