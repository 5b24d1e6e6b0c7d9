"""What goes through a port: `I1, tl` and so on, and the forms in which people write that."""

from collections.abc import Iterator, Mapping

from onnx2zz.files.document import Data, Value, is_list, is_mapping

OPERANDS = ("I1", "I2", "O")
# From high, to low, from low, to high, seen from the memory; a converted file keeps ZigZag's order.
DIRECTIONS = ("fh", "tl", "fl", "th")


def joined(allocation: Value) -> Value:
    """The allocation as a list of `operand, direction`: `[I1, tl, O, th]`, which YAML reads as four words, and
    `[[I1, tl], [O, th]]` and `I1,tl` are meant so. Anything else comes back as it is."""
    words = list(_words(allocation))
    # However the words are nested, their order is the same; a list that is not of this pattern is nobody's allocation.
    operands, directions = words[::2], words[1::2]
    if not words or len(operands) != len(directions):
        return allocation
    if not set(operands) <= set(OPERANDS) or not set(directions) <= set(DIRECTIONS):
        return allocation
    return [f"{operand}, {direction}" for operand, direction in zip(operands, directions, strict=True)]


def with_joined_allocations(accelerator: Value) -> Value:
    """An accelerator whose port-based memories have such lists; one that has them already comes back as it is."""
    memories = accelerator.get("memories") if is_mapping(accelerator) else None
    if not is_mapping(accelerator) or not is_mapping(memories):
        return accelerator
    changed: Data = {**accelerator, "memories": {name: _with_joined(memory) for name, memory in memories.items()}}
    return accelerator if changed == accelerator else changed


def _with_joined(memory: Value) -> Value:
    ports = memory.get("ports") if is_mapping(memory) else None
    if not is_mapping(memory) or not is_list(ports):
        return memory
    return {**memory, "ports": [_port_with_joined(port) for port in ports]}


def _port_with_joined(port: Value) -> Value:
    if not is_mapping(port) or "allocation" not in port:
        return port
    changed: Data = {**port, "allocation": joined(port["allocation"])}
    return changed


def _words(value: Value) -> Iterator[str]:
    if isinstance(value, str):
        yield from (word.strip() for word in value.split(","))
    elif isinstance(value, Mapping):
        yield ""  # no word that an allocation has
    elif is_list(value):
        for item in value:
            yield from _words(item)
    else:
        yield ""
