"""Which systolic array an accelerator and a layer's spatial loops are, as SCALE-Sim knows them.

SCALE-Sim has rows x columns of units, a buffer for each operand, and three dataflows (Samajdar et al., ISPASS 2020,
section III): weights or inputs stay, and sums run down the rows; or outputs stay, and pixels lie on the rows.
"""

from dataclasses import dataclass
from typing import Literal

from onnx2zz.conversion.contraction import contraction
from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.second_opinion.counts import CannotSayError
from onnx2zz.second_opinion.layers import Asked, is_product, walked

Dataflow = Literal["ws", "is", "os"]
Role = Literal["sums", "filters", "pixels"]
DATAFLOWS: dict[tuple[Role, Role], Dataflow] = {
    ("sums", "filters"): "ws",
    ("sums", "pixels"): "is",
    ("pixels", "filters"): "os",
}
"""What lies on the rows, and on the columns."""
STAYS: dict[Dataflow, str] = {"ws": "W", "is": "I", "os": "O"}


@dataclass(frozen=True)
class Array:
    """`rows` x `columns` units, and what stays in them."""

    dataflow: Dataflow
    rows: int
    columns: int


@dataclass(frozen=True)
class Product:
    """A layer as a matrix product, `times` times over: groups and samples are products of their own."""

    times: int
    pixels: int
    filters: int
    sums: int


def refuse_other_arrays(hierarchy: Hierarchy) -> None:
    """Raises CannotSayError for an accelerator that has not what each systolic array has."""
    if len(hierarchy.array) != 2:
        dims = ", ".join(f"{dim} {size}" for dim, size in hierarchy.array.items())
        raise CannotSayError(f"it knows arrays of two dimensions, and this one has {len(hierarchy.array)} ({dims})")
    for operand in ("I1", "I2", "O"):
        if not any(set(hierarchy.array) <= set(memory.served) for memory in hierarchy.levels(operand)):
            raise CannotSayError(f"it has a buffer beside the array for each operand, and {operand} has no such memory")


def array_of(asked: Asked, hierarchy: Hierarchy) -> Array:
    """The array, by the loops that lie along its dimensions. Raises CannotSayError where they make no dataflow."""
    layer, along = asked.layer, asked.unrolled()
    roles: dict[Role, str] = {}
    for dim in hierarchy.array:
        found: set[Role] = {_role(layer, loop) for loop in along.get(dim, {})}
        if len(found) != 1:
            loops = ", ".join(along.get(dim, {})) or "no loop"
            raise CannotSayError(f"no dataflow follows from {loops} along {dim}: sums, filters or pixels alone do")
        (role,) = found
        roles[role] = dim
    for (down, across), dataflow in DATAFLOWS.items():
        if {down, across} == set(roles):
            return Array(dataflow, hierarchy.array[roles[down]], hierarchy.array[roles[across]])
    raise CannotSayError(f"no dataflow has {' and '.join(roles)} along both dimensions")


def _role(layer: EntryLayer, loop: str) -> Role:
    where = tuple(loop in walked(layer, operand) for operand in ("O", "I", "W"))
    roles: dict[tuple[bool, ...], Role] = {
        (False, True, True): "sums",
        (True, False, True): "filters",
        (True, True, False): "pixels",
    }
    if where not in roles:
        raise CannotSayError(f"{loop} lies along the array, which is neither a sum's, a filter's nor a pixel's loop")
    return roles[where]


def product_of(layer: EntryLayer) -> Product:
    """The layer as a product. Raises CannotSayError for what is none."""
    if not is_product(layer) or {*layer.inputs} != {"I", "W"}:
        raise CannotSayError(f"{layer.kind} is no product of inputs and weights, and it knows nothing else")
    try:
        found = contraction(layer)
    except ValueError as error:
        raise CannotSayError(str(error)) from error
    groups, pixels, filters, sums = found.as_product()
    # With windows each sample is a product of its own; without, samples are rows of one product.
    times = groups * found.rows if found.windows else groups
    return Product(times, pixels * groups // times, filters, sums)


def folds(array: Array, product: Product) -> int:
    """How often the array takes up something that stays: for one of the `times` products."""
    down, across, _ = _laid_out(array, product)
    return -(-down // array.rows) * -(-across // array.columns)


def steps(array: Array, product: Product) -> int:
    """Steps of a fold: what streams through the array."""
    return _laid_out(array, product)[2]


def _laid_out(array: Array, product: Product) -> tuple[int, int, int]:
    """What lies on the rows, what on the columns, and what streams."""
    return {
        "ws": (product.sums, product.filters, product.pixels),
        "is": (product.sums, product.pixels, product.filters),
        "os": (product.pixels, product.filters, product.sums),
    }[array.dataflow]


def filling(array: Array) -> tuple[int, ...]:
    """What a fold takes beside its steps, less 2. Weights or inputs enter row by row before they can stay; outputs come
    to be where they stay, and only leave (scalesim 3.0.0 compute/systolic_compute_{ws,is,os}.py)."""
    return (array.rows, array.columns) if array.dataflow == "os" else (array.rows, array.rows, array.columns)


def cycles(array: Array, product: Product) -> int:
    """What SCALE-Sim's array takes: folds x (2 rows + columns - 2 + steps) - 1, or with rows once where outputs stay;
    for each of the `times` products."""
    each = sum(filling(array)) - 2 + steps(array, product)
    return product.times * (folds(array, product) * each - 1)
