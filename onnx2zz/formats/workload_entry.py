"""A workload entry as far as it can be read: equation, relations, loop sizes and the volumes that follow from them.

`WorkloadEntry` is the entry itself, in ZigZag's own form; `EntryLayer` is what it means. `read_layer` takes anything
and says None to what it cannot judge. `operand_indices`, `relations`, `loop_sizes` and `volumes` are for entries that
are known to have their fields, and raise ValueError where ZigZag would.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import gcd, prod
from typing import NotRequired, TypedDict

from onnx2zz.files.document import Data, Value, is_mapping

# zigzag parser/workload_validator.py: the only forms that pass
EQUATION = re.compile(r"^O((?:\[\w+\])+)\s*\+?\s*=\s*(\w)((?:\[\w+\])+)\s*([*+])\s*(\w)((?:\[(?:\w+)?\])+)\s*$")
RELATION = re.compile(r"^(\w+)\s*=\s*(?:(\w+)\s*\*\s*)?(\w+)\s*\+\s*(?:(\w+)\s*\*\s*)?(\w+)$")

STEP = "T"
"""The loop over the steps of a recurrence, in layers that we write: one runs after the other, on whatever array."""


class WorkloadEntry(TypedDict):
    """A layer of workload.yaml as plain data, of the form that ZigZag takes (parser/workload_validator.py:31
    LAYER_SCHEMA). Sizes are iterations, precisions bits; `padding` is (before, after) for each of `pr_loop_dims`."""

    id: int
    name: NotRequired[str | None]
    operator_type: str
    equation: str
    dimension_relations: NotRequired[list[str]]
    loop_dims: list[str]
    loop_sizes: list[int]
    operand_precision: dict[str, int]
    operand_source: NotRequired[dict[str, int]]
    pr_loop_dims: NotRequired[list[str] | None]
    pr_loop_sizes: NotRequired[list[int] | None]
    padding: NotRequired[list[list[int]] | None]


PLACE = ("id", "name", "operand_source")
"""The fields that say where in a network a layer stands, and not what it is."""


def layer_kind(entry: WorkloadEntry) -> str:
    """Equal for two layers exactly if they are the same but for their places: loops, widths and which operands no other
    layer makes."""
    own = sorted(operand for operand, source in operand_sources(entry).items() if source == entry["id"])
    return repr(({field: value for field, value in entry.items() if field not in PLACE}, own))


@dataclass(frozen=True)
class Relation:
    """`target = a*first + b*second`, names in capitals as loop dimensions are."""

    target: str
    a: int
    first: str
    b: int
    second: str

    @property
    def terms(self) -> tuple[tuple[int, str], tuple[int, str]]:
        """What the target is the sum of, as (coefficient, dimension)."""
        return (self.a, self.first), (self.b, self.second)

    def count(self, loops: Mapping[str, int]) -> int:
        """How many values the target takes: (i, j) and (i + b/g, j - a/g) give the same one.

        ZigZag counts more where the first loop is shorter than b/g (workload/layer_node.py:314: 11 for a=1, i < 2,
        b=3, j < 4, which are 8), unless pr_loop_sizes or padding bound it.
        """
        first, second = loops.get(self.first, 1), loops.get(self.second, 1)
        common = gcd(self.a, self.b) or 1
        return first * second - max(0, first - self.b // common) * max(0, second - self.a // common)

    def stretch(self, loops: Mapping[str, float]) -> float:
        """How far it is from the first value to the last, both included: with the values that a stride passes over."""
        return 1 + sum(step * (loops.get(dim, 1) - 1) for step, dim in self.terms)

    def __str__(self) -> str:
        return f"{self.target.lower()}={self.a}*{self.first.lower()}+{self.b}*{self.second.lower()}"


@dataclass(frozen=True)
class EntryLayer:
    """One readable workload entry.

    `indices` maps O and the two inputs, in the order of the equation, to their indices in capitals; `sources` maps
    operands to ids (its own id: a constant); `padding` and `extents` (pr_loop_sizes) are keyed by index.
    """

    number: int
    id: int
    name: str
    kind: str
    indices: Mapping[str, tuple[str, ...]]
    combine: str
    relations: tuple[Relation, ...]
    loops: Mapping[str, int]
    precision: Mapping[str, int]
    sources: Mapping[str, int]
    padding: Mapping[str, tuple[int, int]]
    extents: Mapping[str, int]

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(operand for operand in self.indices if operand != "O")

    @property
    def constants(self) -> tuple[str, ...]:
        return tuple(operand for operand, source in self.sources.items() if source == self.id)

    @cached_property
    def related(self) -> dict[str, Relation]:
        return {relation.target: relation for relation in self.relations}

    @property
    def input_based(self) -> tuple[Relation, ...]:
        """Relations whose left-hand side is an index of the output: they derive the output from the input."""
        inputs = {index for operand in self.inputs for index in self.indices[operand]}
        return tuple(r for r in self.relations if r.target in self.indices["O"] and r.target not in inputs)

    def extent(self, index: str) -> int:
        """How far one index runs, without padding: its loop size, or what its relation reaches."""
        if index in self.loops:
            return self.loops[index]
        reached = self.reach(index)
        return min(reached, self.extents.get(index, reached - sum(self.padding.get(index, (0, 0)))))

    def span(self, index: str) -> int:
        """From the first to the last value of one index, without padding: what its tensor must extend over."""
        relation = self.related.get(index)
        if index in self.loops or relation is None:
            return self.extent(index)
        if index in self.extents:
            # ZigZag clips the axis to this number, whatever the relation reaches: it is the tensor's size then.
            return self.extents[index]
        first, second = self.loops.get(relation.first, 1), self.loops.get(relation.second, 1)
        # Not `reach`, which counts distinct values: a stride of 2 with a window of 1 reads every other element, but the
        # tensor extends over all of them.
        last = relation.a * (first - 1) + relation.b * (second - 1)
        return last + 1 - sum(self.padding.get(index, (0, 0)))

    def reach(self, index: str) -> int:
        """Distinct values of a derived index, padding included."""
        relation = self.related.get(index)
        return self.loops.get(index, 1) if relation is None else relation.count(self.loops)

    def elements(self, operand: str) -> int:
        """Elements of one operand's tensor."""
        return prod(self.extent(index) for index in self.indices[operand])

    def bits(self, operand: str) -> int:
        """Bits of one operand's tensor; the output counts in its final precision, the least that it needs."""
        width = self.precision.get("O_final" if operand == "O" else operand, 0)
        return self.elements(operand) * width

    @property
    def operations(self) -> int:
        return prod(self.loops.values())


def is_compiled(layer: EntryLayer) -> bool:
    """Whether onnx2zz wrote the layer: its name starts with its id."""
    return layer.name.startswith(f"L{layer.id}_")


def read_layer(number: int, entry: object) -> EntryLayer | None:
    """The entry as a layer, or None where it is too broken to be judged further (`fields` says why)."""
    if not is_mapping(entry):
        return None
    indices = read_equation(entry.get("equation"))
    loops = read_loops(entry)
    relations = read_relations(entry.get("dimension_relations"))
    identifier = entry.get("id")
    # These four are what every volume and every reference needs. Anything else may be missing, and one fault in it must
    # not hide what else is wrong with the layer.
    if indices is None or loops is None or relations is None or not isinstance(identifier, int):
        return None
    return EntryLayer(
        number=number,
        id=identifier,
        name=name_of(entry),
        kind=str(entry.get("operator_type")),
        indices=indices[0],
        combine=indices[1],
        relations=relations,
        loops=loops,
        precision=_integers(entry.get("operand_precision")),
        sources=_integers(entry.get("operand_source")),
        padding=_padding(entry),
        extents=_extents(entry),
    )


def name_of(entry: Data | WorkloadEntry) -> str:
    """The name of a layer, or the one that ZigZag gives it (parser/workload_factory.py:63)."""
    name = entry.get("name")
    return name if isinstance(name, str) else f"Layer{entry.get('id')}"


def read_equation(equation: Value) -> tuple[dict[str, tuple[str, ...]], str] | None:
    """Operand -> its indices in capitals, the output first, and what combines the inputs (* or +)."""
    read = _parts_of(equation) if isinstance(equation, str) else None
    return None if read is None else (dict(read[0]), read[1])


@lru_cache(maxsize=4096)
def _parts_of(equation: str) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], str] | None:
    """What `read_equation` gives, in a form that nobody changes: large networks have few equations, each many times."""
    match = EQUATION.match(equation)
    if match is None:
        return None
    output, first, first_indices, combine, second, second_indices = match.groups()
    tensors = {"O": output, first: first_indices, second: second_indices}
    return tuple((operand, tuple(re.findall(r"\w+", text.upper()))) for operand, text in tensors.items()), combine


def read_loops(entry: Data) -> dict[str, int] | None:
    """Loop in capitals -> size; None where a size is missing, or none."""
    dims, sizes = entry.get("loop_dims"), entry.get("loop_sizes")
    if not isinstance(dims, list) or not isinstance(sizes, list) or len(dims) != len(sizes):
        return None
    whole = [size for size in sizes if isinstance(size, int) and size > 0]
    if len(whole) != len(sizes):
        return None
    return {str(dim).upper(): size for dim, size in zip(dims, whole, strict=True)}


def read_relations(relations: Value) -> tuple[Relation, ...] | None:
    """The relations of an entry; None where one of them is of no form that ZigZag reads."""
    if relations is None:
        return ()
    if not isinstance(relations, list):
        return None
    matches = [RELATION.match(text) if isinstance(text, str) else None for text in relations]
    # The pattern is ZigZag's and takes any word for a coefficient; what is done with it there needs a number. A file
    # that ZigZag would stop at is no layer, so nothing is taken from one good relation beside a bad one.
    parsed = [match.groups() for match in matches if match]
    if len(parsed) != len(matches) or not all((c or "1").isdigit() for _, a, _, b, _ in parsed for c in (a, b)):
        return None
    return tuple(
        Relation(target.upper(), int(a or 1), first.upper(), int(b or 1), second.upper())
        for target, a, first, b, second in parsed
    )


def operand_indices(entry: WorkloadEntry) -> dict[str, tuple[str, ...]]:
    """Operand -> its indices in capitals, the output first. Raises ValueError."""
    read = read_equation(entry["equation"])
    if read is None:
        raise ValueError(f"no equation that ZigZag reads: {entry['equation']}")
    return read[0]


def relations(entry: WorkloadEntry) -> dict[str, tuple[tuple[int, str], tuple[int, str]]]:
    """Index -> the terms it is the sum of: `ix=2*ox+1*fx` is {"IX": ((2, "OX"), (1, "FX"))}. Raises ValueError."""
    found = read_relations(entry.get("dimension_relations"))
    if found is None:
        raise ValueError(
            f"a relation that ZigZag does not read: {', '.join(map(str, entry.get('dimension_relations', ())))}"
        )
    return {relation.target: relation.terms for relation in found}


def loop_sizes(entry: WorkloadEntry) -> dict[str, int]:
    """Loop dimension in capitals -> size. Raises ValueError where there are more of one than of the other."""
    return {str(dim).upper(): size for dim, size in zip(entry["loop_dims"], entry["loop_sizes"], strict=True)}


def operations(entry: WorkloadEntry) -> int:
    """How often the innermost statement runs."""
    return prod(entry["loop_sizes"])


def operand_sources(entry: WorkloadEntry) -> Mapping[str, int]:
    """Operand -> the id of the layer that makes it; a constant's is the layer's own."""
    return entry.get("operand_source") or {}


def volumes(entry: Mapping[str, object]) -> dict[str, int]:
    """Operand -> elements of its tensor that the layer touches, padding left out. Raises ValueError."""
    layer = read_layer(0, {"id": 0, **entry})
    if layer is None:
        raise ValueError(f"an entry that ZigZag does not read: {entry.get('equation')}")
    return {operand: layer.elements(operand) for operand in layer.indices}


def _integers(value: Value) -> dict[str, int]:
    entries = value.items() if isinstance(value, Mapping) else ()
    return {str(key): number for key, number in entries if isinstance(number, int)}


def _padding(entry: Data) -> dict[str, tuple[int, int]]:
    given = zip(_list(entry, "pr_loop_dims"), map(_pair, _list(entry, "padding")), strict=False)
    return {str(dim).upper(): pair for dim, pair in given if pair}


def _pair(value: Value) -> tuple[int, int] | None:
    whole = [number for number in value if isinstance(number, int)] if isinstance(value, list) else []
    return (whole[0], whole[1]) if isinstance(value, list) and len(value) == len(whole) == 2 else None


def _extents(entry: Data) -> dict[str, int]:
    sizes = zip(_list(entry, "pr_loop_dims"), _list(entry, "pr_loop_sizes"), strict=False)
    return {str(dim).upper(): size for dim, size in sizes if isinstance(size, int)}


def _list(entry: Data, field: str) -> list[Value]:
    value = entry.get(field)
    return value if isinstance(value, list) else []


def as_meant(layer: EntryLayer) -> EntryLayer:
    """The layer with output-based relations: `ox=s*ix+d*fx` over input loops IX is what `ix=s*ox+d*fx` means.

    The loop IX of size n becomes OX of size floor((n - d*(f-1) - 1) / s) + 1, the outputs of an unpadded window.
    """
    for relation in layer.input_based:
        layer = _turned(layer, relation)
    return layer


def _turned(layer: EntryLayer, relation: Relation) -> EntryLayer:
    data, stride, window, dilation = relation.first, relation.a, relation.second, relation.b
    # Which term is the input's own position the text does not say: `ox=1*ix+1*fx` and `ox=1*fx+1*ix` are both written.
    # It is the one that the weights do not have.
    if relation.second in _input_positions(layer) and relation.first not in _input_positions(layer):
        data, stride, window, dilation = relation.second, relation.b, relation.first, relation.a
    # Without a loop over the input there is no size to turn into the output's; the relation would only mislead.
    if data not in layer.loops:
        return replace(layer, relations=tuple(r for r in layer.relations if r is not relation))
    # A window larger than its input gives less than one, and a stride of 0 is a slip: neither may end this judgement.
    size = (layer.loops[data] - dilation * (layer.loops.get(window, 1) - 1) - 1) // max(stride, 1) + 1
    loops = {
        relation.target if dim == data else dim: max(size, 1) if dim == data else n for dim, n in layer.loops.items()
    }
    turned = Relation(data, stride, relation.target, dilation, window)
    return replace(layer, loops=loops, relations=tuple(turned if r is relation else r for r in layer.relations))


def _input_positions(layer: EntryLayer) -> frozenset[str]:
    """Indices of the activation that no other operand has: IX and IY of a convolution, not its FX and FY."""
    weights = {index for operand in layer.inputs if operand != "I" for index in layer.indices[operand]}
    return frozenset(layer.indices.get("I", ())) - weights
