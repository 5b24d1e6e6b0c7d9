"""Memories must be listed lowest first: ZigZag takes the order of the file for the levels."""

from collections.abc import Iterator

from onnx2zz.checks.context import AcceleratorContext
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.formats.accelerator import Memory


def memory_order(context: AcceleratorContext) -> Iterator[Finding]:
    """A memory that stands before a smaller one of the same operand (zigzag parser/accelerator_factory.py:46)."""
    memories = context.hierarchy.memories
    for memory in memories:
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
