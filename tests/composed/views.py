"""What only moves elements: a piece takes a draft, picks what it works on, and adds a node or two."""

from collections.abc import Callable, Sequence

import numpy as np

from tests.composed.draft import Draft, NotDrawnError

Piece = Callable[[Draft], object]


def reshape(draft: Draft) -> object:
    """Neighbouring axes merged, or one cut in two, or the elements cut anew; sometimes with a 0 or a -1."""
    x = draft.pick(1)
    shape = list(draft.shape(x))
    new = draft.one_of((_merged, _cut, _anew))(draft, shape)
    if draft.chance(0.3):
        new[draft.integer(0, len(new) - 1)] = -1
    elif draft.chance(0.3) and new[0] == shape[0]:
        new[0] = 0
    return draft.add_one("Reshape", x, draft.integers(new))


def _merged(draft: Draft, shape: list[int]) -> list[int]:
    if len(shape) < 2:
        raise NotDrawnError("one axis")
    at = draft.integer(0, len(shape) - 2)
    return [*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :]]


def _cut(draft: Draft, shape: list[int]) -> list[int]:
    at = draft.integer(0, len(shape) - 1)
    factor = _factor(draft, shape[at])
    return [*shape[:at], factor, shape[at] // factor, *shape[at + 1 :]]


def _anew(draft: Draft, shape: list[int]) -> list[int]:
    left = int(np.prod(shape))
    new: list[int] = []
    for _ in range(draft.integer(0, 2)):
        new.append(_factor(draft, left))
        left //= new[-1]
    return [*new, left]


def _factor(draft: Draft, number: int) -> int:
    return int(draft.one_of([f for f in range(1, number + 1) if number % f == 0]))


def transpose(draft: Draft) -> object:
    x = draft.pick(2)
    return draft.add_one("Transpose", x, perm=[int(i) for i in draft.rng.permutation(len(draft.shape(x)))])


def slice_(draft: Draft) -> object:
    """On one to three axes, forwards or backwards, with ends counted from either side or beyond the tensor."""
    x = draft.pick(1)
    shape = draft.shape(x)
    axes = draft.some(len(shape))[:3]
    cuts = [_range(draft, shape[axis]) for axis in axes]
    named = [axis - len(shape) if draft.chance(0.3) else axis for axis in axes]
    starts, ends, steps = (draft.integers(values) for values in zip(*cuts, strict=True))
    return draft.add_one("Slice", x, starts, ends, draft.integers(named), steps)


def _range(draft: Draft, extent: int) -> tuple[int, int, int]:
    step = int(draft.one_of((1, 1, 1, 2, 3, -1, -1, -2)))
    low = draft.integer(0, extent - 1)
    high = draft.integer(low, extent - 1)
    start, end = (low, high + 1) if step > 0 else (high, low - 1)
    if draft.chance(0.3) and start < extent:
        start -= extent
    if end < 0 or (draft.chance(0.2) and end in (0, extent)):
        end = extent + 5 if step > 0 else -extent - 5
    return start, end, step


def split(draft: Draft) -> object:
    """Into two to four parts, each of another size; or by number, the last one shorter."""
    x = draft.pick(1)
    shape = draft.shape(x)
    axis = draft.integer(0, len(shape) - 1)
    if shape[axis] < 2:
        raise NotDrawnError("nothing to split")
    count = draft.integer(2, min(4, shape[axis]))
    given = axis - len(shape) if draft.chance(0.3) else axis
    if draft.chance(0.2):
        return draft.add("Split", [x], count, axis=given, num_outputs=count)
    cuts = sorted(int(c) + 1 for c in draft.rng.permutation(shape[axis] - 1)[: count - 1])
    sizes = [b - a for a, b in zip([0, *cuts], [*cuts, shape[axis]], strict=True)]
    return draft.add("Split", [x, draft.integers(sizes)], count, axis=given)


def concat(draft: Draft) -> object:
    """With any tensors that fit, itself and constants among them."""
    x = draft.pick(1)
    shape = draft.shape(x)
    axis = draft.integer(0, len(shape) - 1)
    fits = [n for n in draft.made if _fits(draft, n, x, axis)]
    others = [draft.one_of(fits) for _ in range(draft.integer(1, 2))]
    if draft.chance(0.25):
        others[0] = draft.weight([draft.integer(1, 4) if i == axis else e for i, e in enumerate(shape)])
    parts = [x, *others]
    order = draft.rng.permutation(len(parts))
    return draft.add("Concat", [parts[i] for i in order], axis=axis - len(shape) if draft.chance(0.3) else axis)


def _fits(draft: Draft, name: str, x: str, axis: int) -> bool:
    mine, other = draft.kinds[x], draft.kinds[name]
    if other.element != mine.element or len(other.shape) != len(mine.shape) or not other.known:
        return False
    return all(a == b or i == axis for i, (a, b) in enumerate(zip(mine.shape, other.shape, strict=True)))


def expand(draft: Draft) -> object:
    """Axes of 1 repeated, new axes in front, or nothing changed at all."""
    x = draft.pick(0)
    shape = draft.shape(x)
    if draft.chance(0.35):
        return draft.add_one("Expand", x, draft.integers(draft.one_of((shape, [1] * max(1, len(shape)), shape[-1:]))))
    grown = [_other_extent(draft, shape) if e == 1 else e for e in shape]
    if draft.chance(0.4) or grown == list(shape):
        grown.insert(0, _other_extent(draft, grown))
    return draft.add_one("Expand", x, draft.integers(grown))


def _other_extent(draft: Draft, shape: Sequence[int]) -> int:
    return int(draft.one_of([e for e in range(2, 8) if e not in shape]))


def gather(draft: Draft) -> object:
    """By a scalar, by regular, irregular, repeated or negative positions, or by a matrix of them."""
    x = draft.pick(1)
    shape = draft.shape(x)
    axis = draft.integer(0, len(shape) - 1)
    return draft.add_one("Gather", x, draft.integers(positions(draft, shape[axis])), axis=axis)


def positions(draft: Draft, extent: int) -> np.ndarray:
    """Positions on an axis, some counted from its end."""
    form = draft.one_of(("scalar", "regular", "regular", "backwards", "irregular", "matrix"))
    if form == "scalar":
        found = np.asarray(draft.integer(0, extent - 1))
    elif form in ("regular", "backwards"):
        found = np.arange(draft.integer(0, extent - 1), extent, draft.integer(1, 2))
        found = found[::-1] if form == "backwards" else found
    else:
        count = (draft.integer(2, 3), draft.integer(4, 5)) if form == "matrix" else (draft.integer(1, extent + 1),)
        found = draft.rng.integers(0, extent, count)
    return np.where(draft.rng.random(found.shape) < 0.2, found - extent, found)


def squeeze(draft: Draft) -> object:
    x = draft.pick(1)
    ones = [i for i, extent in enumerate(draft.shape(x)) if extent == 1]
    if not ones:
        raise NotDrawnError("no axis of one")
    return draft.add_one("Squeeze", x, *([] if draft.chance(0.2) else [draft.integers([draft.one_of(ones)])]))


def unsqueeze(draft: Draft) -> object:
    x = draft.pick(0, 4)
    return draft.add_one("Unsqueeze", x, draft.integers([draft.integer(-1, len(draft.shape(x)))]))


def flatten(draft: Draft) -> object:
    x = draft.pick(1)
    return draft.add_one("Flatten", x, axis=draft.integer(0, len(draft.shape(x))))


def identity(draft: Draft) -> object:
    return draft.add_one("Identity", draft.pick(0))


def dropout(draft: Draft) -> object:
    return draft.add_one("Dropout", draft.pick(1))


def pad(draft: Draft) -> object:
    """Constants, edges or mirrors around it; sometimes something is cut off, or nothing changed."""
    x = draft.pick(1)
    shape = draft.shape(x)
    mode = draft.one_of(("constant", "constant", "edge", "reflect", "wrap"))
    most = [min(2, extent - 1) if mode in ("reflect", "wrap") else 2 for extent in shape]
    least = -1 if mode == "constant" and draft.chance(0.2) else 0
    axes = draft.some(len(shape), 0)
    pads = [draft.integer(least if shape[i] > 2 else 0, most[i]) if i in axes else 0 for i in [*range(len(shape))] * 2]
    value = [draft.weight(())] if mode == "constant" and draft.chance(0.5) else []
    return draft.add_one("Pad", x, draft.integers(pads), *value, mode=mode)


def tile(draft: Draft) -> object:
    x = draft.pick(1, 4)
    return draft.add_one("Tile", x, draft.integers([draft.one_of((1, 1, 2, 3)) for _ in draft.shape(x)]))


def depth_to_space(draft: Draft) -> object:
    x = draft.pick(4, 4)
    block = draft.one_of([b for b in (1, 2, 3) if draft.shape(x)[1] % (b * b) == 0])
    return draft.add_one("DepthToSpace", x, blocksize=block, mode=draft.one_of(("DCR", "CRD")))


def space_to_depth(draft: Draft) -> object:
    x = draft.pick(4, 4)
    block = draft.one_of([b for b in (1, 2, 3) if all(e % b == 0 for e in draft.shape(x)[2:])])
    return draft.add_one("SpaceToDepth", x, blocksize=block)


VIEWS: dict[Piece, int] = {
    reshape: 4,
    transpose: 4,
    slice_: 4,
    split: 3,
    concat: 4,
    expand: 3,
    gather: 3,
    squeeze: 1,
    unsqueeze: 1,
    flatten: 1,
    identity: 1,
    dropout: 1,
    pad: 2,
    tile: 1,
    depth_to_space: 2,
    space_to_depth: 2,
}
"""Each with how often it is drawn."""
