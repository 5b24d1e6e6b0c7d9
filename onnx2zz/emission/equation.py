"""From access maps to ZigZag's notation: equation, dimension relations, extents and padding.

An axis one loop walks is that loop's index; an axis that several loops cover together is one index each; a sliding
window becomes a new index with an output-based relation (`ix=2*ox+1*fx`); an axis that no loop walks disappears.
Source: ZigZag 3.9.1 parser/workload_validator.py:14-15 (what an equation and a relation may look like).
"""

from dataclasses import dataclass
from functools import lru_cache

from onnx2zz.ir.access import off_the_diagonal
from onnx2zz.ir.axis import Axis, Window
from onnx2zz.ir.layer import Layer

Operand = tuple[tuple[Axis, ...], bool]
"""Its axes, and whether what lies outside the tensor is part of it."""


@dataclass(frozen=True, slots=True)
class AxisRelation:
    """`index = stride*outer + dilation*inner`, the tensor elements it touches and the padding it reaches."""

    index: str
    outer: str
    stride: int
    inner: str
    dilation: int
    extent: int
    padding: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.index.lower()}={self.stride}*{self.outer.lower()}+{self.dilation}*{self.inner.lower()}"


@dataclass(frozen=True, slots=True)
class Notation:
    """A layer in ZigZag's terms; `loops` may hold loops of size 1 more than the layer has."""

    equation: str
    relations: tuple[AxisRelation, ...]
    loops: tuple[tuple[str, int], ...]


def notation(layer: Layer, variable: bool) -> Notation:
    """The notation of a layer. `variable`: both operands are made by other layers.

    ZigZag takes the second of two variable operands as the activation, and the first of two constant ones
    (workload/layer_node.py:178 get_act_layer_op): so I comes second in the first case, else first.
    """
    accesses = tuple([(access.axes, access.outside is not None) for access in (layer.output, *layer.inputs)])
    sign = "+" if layer.combine.function.additive and len(layer.inputs) > 1 else "*"
    return _notation(layer.loops, accesses, sign, "=" if layer.reduce == "none" else "+=", variable)


@lru_cache(maxsize=512)
def _notation(
    loops: tuple[tuple[str, int], ...], accesses: tuple[Operand, ...], sign: str, assign: str, variable: bool
) -> Notation:
    """Networks repeat their layers. `accesses`: the output's, then the inputs'."""
    writer = _Writer(loops)
    out = writer.indices(*accesses[0]) or writer.unit_index()
    first = ("I", writer.indices(*accesses[1]))
    second = ("W", writer.indices(*accesses[2]) if len(accesses) > 2 else "[]")
    left, right = (second, first) if variable and len(accesses) > 2 else (first, second)
    equation = f"O{out}{assign}{left[0]}{left[1] or writer.unit_index()}{sign}{right[0]}{right[1] or '[]'}"
    return Notation(equation, tuple(writer.relations), tuple(writer.loops.items()))


class _Writer:
    """Collects relations and added loops while operands are written."""

    def __init__(self, loops: tuple[tuple[str, int], ...]):
        self.loops = dict(loops)
        self.relations: list[AxisRelation] = []

    def indices(self, axes: tuple[Axis, ...], whole: bool) -> str:
        """An operand's indices, each loop once; `whole`: what lies outside the tensor is part of the operand, not
        padding."""
        found: list[str] = []
        for axis in axes:
            found += self.axis(off_the_diagonal(axis, found, self.loops), whole)
        return "".join(f"[{index.lower()}]" for index in dict.fromkeys(found))

    def axis(self, axis: Axis, whole: bool) -> list[str]:
        """The indices of one axis."""
        terms = [(loop, coefficient) for loop, coefficient in axis.terms if coefficient]
        if isinstance(axis, Window) and len(terms) == 2:
            return [self._relation(axis, *terms[0], *terms[1])]
        if not whole and axis.padding(self.loops) != (0, 0):
            assert len(terms) == 1, f"an axis of several loops cannot be padded: {axis}"
            return [self._relation(axis, *terms[0], self._unit_filter(terms[0][0]), 1)]
        return [loop for loop, _ in terms]

    def _relation(self, axis: Axis, outer: str, stride: int, inner: str, dilation: int) -> str:
        index = self._new_index("I" + inner[1:])
        touched, padding = axis.touched(self.loops), axis.padding(self.loops)
        touched = max(1, touched)  # windows that hit padding only; ZigZag divides by what they touch
        self.relations.append(AxisRelation(index, outer, stride, inner, dilation, touched, padding))
        return index

    def _unit_filter(self, outer: str) -> str:
        """A filter loop of size 1, as a 1x1 convolution has."""
        loop = "F" + outer[1:] if outer[1:] else "FX"
        while self.loops.get(loop, 1) != 1 or any(relation.inner == loop for relation in self.relations):
            loop += "1"
        self.loops.setdefault(loop, 1)
        return loop

    def _new_index(self, wanted: str) -> str:
        taken = {relation.index for relation in self.relations} | self.loops.keys()
        while wanted in taken:
            wanted += "1"
        return wanted

    def unit_index(self) -> str:
        """An index of size 1, where ZigZag wants at least one."""
        unit = next((loop for loop, size in self.loops.items() if size == 1), "B")
        while self.loops.get(unit, 1) != 1:
            unit += "1"
        self.loops.setdefault(unit, 1)
        return f"[{unit.lower()}]"
