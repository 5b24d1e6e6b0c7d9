"""Memories must be listed lowest first: ZigZag takes the order of the file for the levels."""

from collections.abc import Iterator

from onnx2zz.checks.accelerator_data import memories_of
from onnx2zz.checks.check import AcceleratorRepair, Check, Predicts, of_accelerator
from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.files.document import Data
from onnx2zz.formats.accelerator import Memory, read_hierarchy
from onnx2zz.formats.yaml_source import YamlSource


def memory_order(context: AcceleratorContext) -> Iterator[Finding]:
    """A memory that stands before a smaller one of the same operand (zigzag parser/accelerator_factory.py:46)."""
    memories = context.hierarchy.memories
    for memory in memories:
        # Only where an operand is shared: memories of different operands have no order between them.
        below = [other for other in memories[memory.number + 1 :] if _belongs_below(other, memory)]
        if below:
            names = ", ".join(other.name for other in below)
            order = ", ".join(other.name for other in context.hierarchy.lowest_first())
            yield finding(
                "memory-order",
                "error",
                context.accelerator,
                memory.place,
                f"{memory.name} ({memory.size:,} bit) is listed before the smaller {names}: ZigZag takes the first "
                "memory of an operand for its innermost level and the last one for its home",
                zigzag="NoValidLoopOrderingFoundException, as soon as a layer does not fit what it takes for the top",
                fix=f"list the memories lowest first: {order}",
            )


def _belongs_below(other: Memory, memory: Memory) -> bool:
    shared = set(other.operands) & set(memory.operands)
    return bool(shared) and other.size is not None and memory.size is not None and other.size < memory.size


def with_lowest_first(context: Context, data: Data, choice: str) -> Data:
    """Memories sorted by size, where a larger one stands before a smaller one of the same operand."""
    # Only where the order is wrong for some operand: elsewhere the author's stays, even where sizes would say another
    # one.
    if not any(memory_order(AcceleratorContext(accelerator=YamlSource("", "", data, {})))):
        return data
    order = [memory.name for memory in read_hierarchy(data).lowest_first()]
    by_name = {str(name): (name, memory) for name, memory in memories_of(data).items()}
    return {**data, "memories": dict(by_name[name] for name in order)}


CHECKS = (
    Check(
        code="memory-order",
        severity="error",
        meaning="a memory stands before a smaller one of the same operand; ZigZag wants the lowest first",
        zigzag="NoValidLoopOrderingFoundException, as soon as a layer does not fit what it takes for the top",
        way_out="list the memories lowest first",
        rules=(of_accelerator(memory_order, order=20),),
        exceptions=(Predicts("NoValidLoopOrderingFoundException"), Predicts("There are still layers")),
        repairs=(AcceleratorRepair(30, with_lowest_first),),
    ),
)
