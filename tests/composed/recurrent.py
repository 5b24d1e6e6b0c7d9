"""Recurrent operators: directions, lengths, initial states, peepholes."""

from typing import Any

import numpy as np

from tests.composed.draft import Draft
from tests.composed.views import Piece

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def recurrent(draft: Draft) -> object:
    """Any direction; with or without biases, lengths and states; Y, and the last state."""
    op = draft.one_of(tuple(GATES))
    x = draft.pick(3, 3)
    steps, batch, width = draft.shape(x)
    direction = draft.one_of(("forward", "reverse", "bidirectional"))
    directions, hidden, gates = (2 if direction == "bidirectional" else 1), draft.integer(2, 4), GATES[op]
    inputs = [
        x,
        draft.weight([directions, gates * hidden, width], width),
        draft.weight([directions, gates * hidden, hidden], hidden),
        draft.weight([directions, 2 * gates * hidden]) if draft.chance(0.5) else "",
        draft.constant(draft.rng.integers(1, steps, batch, endpoint=True).astype(np.int32))
        if draft.chance(0.4)
        else "",
    ]
    state = [directions, batch, hidden]
    inputs += [_state(draft, state)] if op != "LSTM" else [_state(draft, state), _state(draft, state)]
    if op == "LSTM" and draft.chance(0.3):
        inputs.append(draft.weight([directions, 3 * hidden]))
    attributes: dict[str, Any] = {"direction": direction, "hidden_size": hidden}
    if op == "GRU":
        attributes["linear_before_reset"] = draft.integer(0, 1)
    while not inputs[-1]:
        inputs.pop()
    return draft.add(op, inputs, 3 if op == "LSTM" else 2, **attributes)


def _state(draft: Draft, shape: list[int]) -> str:
    """None, a constant, or a tensor of that shape."""
    fit = [name for name in draft.made if draft.kinds[name].shape == tuple(shape)]
    if fit and draft.chance(0.7):
        return str(draft.one_of(fit))
    return draft.weight(shape) if draft.chance(0.5) else ""


RECURRENT: dict[Piece, int] = {recurrent: 1}
