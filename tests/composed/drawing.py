"""Draws a whole graph from a seed."""

from dataclasses import replace
from itertools import count

import numpy as np

from tests.composed.attention import ATTENTION
from tests.composed.draft import Draft, NotDrawnError
from tests.composed.flat import HIDDEN, Flat, flat_model, visible
from tests.composed.hosts import HOSTS
from tests.composed.layers import LAYERS
from tests.composed.loops import LOOPS
from tests.composed.quantised import QUANTISED
from tests.composed.recurrent import RECURRENT
from tests.composed.types import TYPES
from tests.composed.views import VIEWS, Piece
from tests.oracle import onnxruntime_run

SHAPES = (
    (1, 6, 8, 5),
    (2, 4, 9),
    (3, 10),
    (1, 4, 6, 7),
    (2, 3, 4, 6, 5),
    (12,),
    (5, 8, 3),
    (1, 9, 4, 6),
    (1, 12, 1, 5),
)
TRIES = 20


def drawn(seed: int, most: int = 12) -> Flat:
    """The first graph of a seed that onnxruntime runs."""
    return next(flat for attempt in count() if runs(flat := _drawn(np.random.default_rng([seed, attempt]), most)))


def runs(flat: Flat) -> bool:
    """Whether onnxruntime makes every tensor in the shape that ONNX's inference gives it."""
    every = visible(flat)
    try:
        made = onnxruntime_run(flat_model(replace(flat, outputs=every)), flat.inputs)
    except Exception:  # pybind raises a class for each status, all of them plain Exceptions
        return False
    return bool(every) and all(made[n].shape == flat.kinds[n].fixed for n in every if flat.kinds[n].known)


def _drawn(rng: np.random.Generator, most: int) -> Flat:
    """Views between layers, hosts beside them; some tensors in between are outputs."""
    draft = Draft(rng)
    for _ in range(draft.integer(1, 2)):
        draft.input(draft.one_of(SHAPES))
    first(draft)
    for _ in range(draft.integer(2, most)):
        step(draft)
    return draft.finished(_outputs(draft))


def first(draft: Draft) -> None:
    """Most graphs begin with a layer: what feeds a view is then something an edge can lead to."""
    if draft.chance(0.7):
        _try(draft, LAYERS)


def step(draft: Draft) -> None:
    _try(
        draft, draft.one_of((*[VIEWS] * 12, *[LAYERS] * 9, *[HOSTS] * 3, RECURRENT, LOOPS, QUANTISED, ATTENTION, TYPES))
    )


def _try(draft: Draft, pieces: dict[Piece, int]) -> None:
    choices = [piece for piece, often in pieces.items() for _ in range(often)]
    for _ in range(TRIES):
        try:
            draft.one_of(choices)(draft)
            return
        except NotDrawnError:
            continue


def _outputs(draft: Draft) -> list[str]:
    """What nobody reads, and some that are read as well."""
    read = {name for node in draft.nodes for name in node.input}
    made = [name for name in draft.made if name not in draft.inputs and draft.kinds[name].element not in HIDDEN]
    return [name for name in made if name not in read or draft.chance(0.12)]
