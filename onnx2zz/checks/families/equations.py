"""Equations, operator types and the meaning that ZigZag reads into the order of the operands."""

from collections.abc import Iterator

from onnx2zz.checks.check import Check, Predicts, WorkloadRepair, of_workload
from onnx2zz.checks.context import Context, WorkloadContext
from onnx2zz.checks.families.spatial_mapping import TYPES
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.checks.workload_data import each_layer
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.workload_entry import EQUATION, EntryLayer, name_of, read_equation, read_relations

INVALID = "ValueError: Failed to validate user provided workload."
INSTEAD = {"MatMul": "Gemm", "Dense": "Gemm", "Linear": "Gemm", "Mul": "Add", "Sub": "Add", "Relu": "Add"}


def operator_types(context: WorkloadContext) -> Iterator[Finding]:
    """Operator types that ZigZag refuses (zigzag parser/workload_validator.py:16)."""
    for number, entry in enumerate(context.entries):
        kind = entry.get("operator_type")
        if isinstance(kind, str) and kind not in TYPES:
            better = INSTEAD.get(kind)
            yield finding(
                "operator-type",
                "error",
                context.workload,
                (number, "operator_type"),
                f"{kind} is none of ZigZag's operator types" + ("" if better else did_you_mean(kind, TYPES)),
                zigzag=INVALID,
                fix=f"write {better}" if better else f"use one of {', '.join(TYPES)}",
                layer=name_of(entry),
            )


def equations(context: WorkloadContext) -> Iterator[Finding]:
    """Equations and relations that cannot be read, and indices that nothing defines."""
    for number, entry in enumerate(context.entries):
        equation = entry.get("equation")
        if isinstance(equation, str):
            yield from _equation(context, number, entry, equation)
        relations = entry.get("dimension_relations")
        for index, text in enumerate(relations if isinstance(relations, list) else ()):
            if read_relations([text]) is None:
                yield _unreadable_relation(context, number, entry, index, text)
    # Apart from the loop above, which looks at entries that may be too broken to be layers.
    for layer in context.layers:
        yield from _undefined_indices(context, layer)
        yield from _one_point(context, layer)


def _equation(context: WorkloadContext, number: int, entry: Data, equation: str) -> Iterator[Finding]:
    read = read_equation(equation)
    # The pattern is ZigZag's and takes any letter for an operand; everything behind its parser knows I and W alone.
    if EQUATION.match(equation) and read and set(read[0]) == {"O", "I", "W"}:
        return
    yield finding(
        "equation",
        "error",
        context.workload,
        (number, "equation"),
        f"`{equation}` is not of the form O[..]+=A[..]*B[..] or O[..]=A[..]+B[..] with the operands I and W",
        zigzag=INVALID,
        fix="two operands, I and W, each with its indices in brackets; only the second one may have none (W[])",
        layer=name_of(entry),
    )


def _unreadable_relation(context: WorkloadContext, number: int, entry: Data, index: int, text: Value) -> Finding:
    return finding(
        "equation",
        "error",
        context.workload,
        (number, "dimension_relations", index),
        f"`{text}` is not of the form a=[c*]b+[d*]e",
        zigzag=INVALID,
        fix="write the input's index as a sum of two loops: ix=2*ox+1*fx",
        layer=name_of(entry),
    )


def _undefined_indices(context: WorkloadContext, layer: EntryLayer) -> Iterator[Finding]:
    for operand, indices in layer.indices.items():
        for index in indices:
            if index not in layer.loops and index not in layer.related:
                yield finding(
                    "equation",
                    "error",
                    context.workload,
                    (layer.number, "equation"),
                    f"{operand} has the index {index.lower()}, which is neither a loop nor the left-hand side of a "
                    f"relation" + did_you_mean(index, layer.loops),
                    zigzag=f"KeyError: {index}",
                    fix=f"add {index} to loop_dims, or a relation {index.lower()}=...",
                    layer=layer.name,
                )


def _one_point(context: WorkloadContext, layer: EntryLayer) -> Iterator[Finding]:
    if layer.operations == 1:
        yield finding(
            "size-mismatch",
            "error",
            context.workload,
            (layer.number, "loop_sizes"),
            f"all loops of layer {layer.name} are 1: there is nothing to map",
            zigzag="ValueError: max() arg is an empty sequence",
            fix="leave the layer out, and let its readers take its source",
            layer=layer.name,
        )


def operand_order(context: WorkloadContext) -> Iterator[Finding]:
    """ZigZag finds the activation by position (workload/layer_node.py:197): second of two variable operands, first
    of two constant ones without a relation."""
    for layer in context.layers:
        taken = activation_for_zigzag(layer)
        # Where W and I are both there, and W is taken for what comes from the layer before.
        if taken in ("W",) and "I" in layer.inputs:
            wanted = "W before I" if not layer.constants else "I before W"
            yield finding(
                "operand-order",
                "warning",
                context.workload,
                (layer.number, "equation"),
                f"ZigZag takes W for the activation of layer {layer.name}: it looks at the order when "
                f"{'both operands are variable' if not layer.constants else 'both are constant'}",
                zigzag="KeyError: I1 or NoValidLoopOrderingFoundException with locality; nothing without",
                fix=f"write {wanted} in the equation",
                layer=layer.name,
            )


def activation_for_zigzag(layer: EntryLayer) -> str | None:
    """The operand that ZigZag takes for the activation; None where a relation decides."""
    if len(layer.inputs) != 2:
        return None
    constants = layer.constants
    if len(constants) == 1:
        return None
    if not constants:
        return layer.inputs[1]
    return None if layer.relations else layer.inputs[0]


def with_operand_order(context: Context, data: list[Value]) -> list[Value]:
    """W and I change places where ZigZag takes W for the activation."""
    return each_layer(data, lambda entry, layer: _swapped(entry) if activation_for_zigzag(layer) == "W" else entry)


def _swapped(entry: Data) -> Data:
    equation = str(entry.get("equation"))
    match = EQUATION.match(equation)
    assert match is not None
    _, first, first_indices, combine, second, second_indices = match.groups()
    # `W[]` may stand second only, by ZigZag's pattern: changed about, the equation would be refused.
    if not first_indices.replace("[", "").replace("]", "") or "[]" in second_indices:
        return entry  # only the second operand may have no indices
    start = equation[: match.start(2)]
    return {**entry, "equation": f"{start}{second}{second_indices}{combine}{first}{first_indices}"}


EQUATIONS = of_workload(equations, order=20)
"""Finds a layer of one point, too: that is a size-mismatch."""
CHECKS = (
    Check(
        code="operator-type",
        severity="error",
        meaning="an operator type that ZigZag refuses",
        zigzag=INVALID,
        way_out=f"use one of {', '.join(TYPES)}",
        rules=(of_workload(operator_types, order=10),),
        exceptions=(Predicts("validate user provided workload"),),
    ),
    Check(
        code="equation",
        severity="error",
        meaning="an equation or a relation that ZigZag refuses, or cannot resolve",
        zigzag=f"{INVALID} (its form), or KeyError (an index that nothing defines)",
        way_out="two operands, I and W, each with its indices in brackets; each index is a loop or the left-hand side "
        "of a relation ix=2*ox+1*fx",
        rules=(EQUATIONS,),
        exceptions=(
            Predicts("validate user provided workload", likeliest=True),
            Predicts("KeyError", likeliest=True),
            Predicts(stage="workload", likeliest=True),
        ),
    ),
    Check(
        code="operand-order",
        severity="warning",
        meaning="ZigZag takes the wrong operand for the activation",
        zigzag="KeyError: I1 or NoValidLoopOrderingFoundException with locality; nothing without",
        way_out="write W before I where both are variable, I before W where both are constant",
        rules=(of_workload(operand_order, order=30),),
        exceptions=(
            Predicts("NoValidLoopOrderingFoundException"),
            Predicts("There are still layers"),
            Predicts("KeyError: I"),
        ),
        repairs=(WorkloadRepair(40, with_operand_order),),
    ),
)
