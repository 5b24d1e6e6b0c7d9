"""The loop-nest IR: one perfectly nested loop with affine access maps, and everything that follows from it alone.

A layer says, for every point of its loops, which element of which ONNX tensor it reads and writes, how two operands
combine and how results are reduced (what MLIR calls `linalg.generic`). Equations, relations, volumes and proofs are
derived from it and never written by hand.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from onnx2zz.ir.access import Access, Step, Table

OperatorType = Literal["Conv", "Gemm", "Pooling", "Add"]
Kind = Literal["exact", "movement", "approximate"]
Reduction = Literal["none", "sum", "max", "min", "prod", "logsumexp"]


@dataclass(frozen=True)
class Layer:
    """One perfectly nested loop over `loops` (name, size), outermost first by convention only.

    `inputs` holds one or two accesses: the first is the activation (ZigZag's I), the second the other operand (W).
    For each loop point: value = combine(inputs); the values that fall on one output element are reduced; `after` is
    then applied to each output element (bias, scale). Reads outside a tensor give `pad_value`.
    `also_reads` are tensors whose values steer the layer without being an operand (a Gather's indices).
    `output_bits`: the width of an integer output that lies between the layers of one node (0: none is given).
    `recurrent`: the loop whose steps follow each other, since a step reads what the step before it wrote. Neighbouring
    layers of a node with that loop run together: all of them for the first step, then all for the second.
    """

    operator_type: OperatorType
    loops: tuple[tuple[str, int], ...]
    output: Access
    inputs: tuple[Access, ...]
    combine: Step
    reduce: Reduction = "none"
    after: tuple[Step, ...] = ()
    pad_value: float = 0.0
    kind: Kind = "exact"
    also_reads: tuple[str, ...] = ()
    why: str = ""
    macs_useful: int | None = field(default=None)
    output_bits: int = 0
    recurrent: str = ""

    def __post_init__(self) -> None:
        faults = layer_faults(self)
        if faults:
            raise ValueError("; ".join(faults))

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """Loop name to size."""
        return dict(self.loops)

    @cached_property
    def operations(self) -> int:
        """The number of loop points."""
        return math.prod(self.sizes.values())

    @property
    def macs(self) -> int:
        """Multiply-accumulates: the loop points of a Conv or Gemm, 0 of anything else."""
        return self.operations if self.operator_type in ("Conv", "Gemm") else 0

    @property
    def tensors(self) -> frozenset[str]:
        """The tensors whose elements are read, those of zero points, biases and scales included."""
        accesses = [*self.inputs, *step_operands(self)]
        return frozenset(access.tensor for access in accesses) | frozenset(self.also_reads)


def step_operands(layer: Layer) -> list[Access]:
    """The tensors that a layer's steps read besides its operands, and those that stand in for reads outside one."""
    outside = [access.outside for access in layer.inputs if isinstance(access.outside, Access)]
    return outside + [step.operand for step in steps_of(layer) if isinstance(step.operand, Access)]


def steps_of(layer: Layer) -> list[Step]:
    """Every step of a layer, those that prepare an operand, or a step's operand, included."""
    steps = [*layer.after, layer.combine]
    for access in layer.inputs:
        steps.extend(access.prepare)
    for step in steps:  # grows while it is walked
        if isinstance(step.operand, Access):
            steps.extend(step.operand.prepare)
    return steps


def layer_faults(layer: Layer) -> list[str]:
    """What makes a layer none: loops that it names and does not have, operands that its functions do not take."""
    # All faults are collected, not only the first, since a lowering that is wrong in one place is often wrong in
    # several. The last check is the one that finds a forgotten loop of the output: without it the interpreter would
    # write one element several times and keep the last value, which looks right on small shapes.
    sizes = dict(layer.loops)
    names = [name for name, _ in layer.loops] if len(sizes) < len(layer.loops) else []
    faults = [f"loop {name} stands twice" for name in sizes if names.count(name) > 1]
    faults += [f"loop {name} of {size} iterations" for name, size in layer.loops if size < 0]
    faults += [f"no loop {name}" for name in sorted(_unknown_loops(layer, sizes))]
    if not 1 <= len(layer.inputs) <= 2:
        faults.append(f"{len(layer.inputs)} inputs; one or two can be combined")
    if layer.combine.takes != len(layer.inputs):
        faults.append(f"{layer.combine.function} combines {layer.combine.takes} inputs, not {len(layer.inputs)}")
    for steps in (layer.after, *[access.prepare for access in layer.inputs]):
        faults += [f"{step.function} wants {step.takes} values and gets one" for step in steps if step.takes != 1]
    if layer.reduce == "none":
        kept = {loop for axis in layer.output.axes for loop, coefficient in axis.terms if coefficient}
        if any(size > 1 and name not in kept for name, size in layer.loops):
            faults.append("values fall on one output element, and nothing reduces them")
    return faults


def _unknown_loops(layer: Layer, sizes: Mapping[str, int]) -> set[str]:
    """Loops that an access, a table or a position of a layer names, and the layer does not have.

    Every layer that is made comes through here, so that it is one walk: what hangs on an access joins the accesses.
    """
    found = {layer.recurrent} - {""}
    accesses = [layer.output, *layer.inputs]
    for step in (layer.combine, *layer.after):
        found.update(_loops_of_operand(step, accesses))
    for access in accesses:  # grows while it is walked
        found.update([loop for axis in access.axes for loop, _ in axis.terms if loop not in sizes])
        if access.picks is not None:
            accesses.append(access.picks[1])
        if isinstance(access.outside, Access):
            accesses.append(access.outside)
        for step in access.prepare:
            found.update(_loops_of_operand(step, accesses))
    return {loop for loop in found if loop not in sizes}


def _loops_of_operand(step: Step, accesses: list[Access]) -> Iterable[str]:
    """The loops that a step names itself; an operand that is an access joins `accesses`."""
    operand = step.operand
    if isinstance(operand, Access):
        accesses.append(operand)
    elif isinstance(operand, Table):
        return (operand.loop, operand.inner) if operand.inner else (operand.loop,)
    elif operand is not None:
        return [loop for loop, _ in operand.terms]
    return ()
