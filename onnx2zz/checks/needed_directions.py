"""The directions in which a memory must be able to move an operand (zigzag cost_model.py)."""

from onnx2zz.formats.accelerator import Hierarchy, Memory


def needed_directions(hierarchy: Hierarchy, memory: Memory, operand: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The directions that ZigZag asks for, and those that only the world outside the top memory would use."""
    is_top = hierarchy.top(operand) is memory
    if operand == "O":
        return (("tl", "fl"), ("fh", "th")) if is_top else (("tl", "fl", "fh", "th"), ())
    return (("tl",), ("fh",)) if is_top else (("tl", "fh"), ())


def needed_by_name(hierarchy: Hierarchy) -> dict[str, dict[str, tuple[str, ...]]]:
    """All directions of each operand in each memory, those to the outside included."""
    return {
        memory.name: {operand: sum(needed_directions(hierarchy, memory, operand), ()) for operand in memory.operands}
        for memory in hierarchy.memories
    }
