"""Where operands live: each needs a memory, it must fit, and the next layer must be able to read it there."""

from collections.abc import Collection, Iterator, Mapping

from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.formats.accelerator import Hierarchy, Memory
from onnx2zz.formats.mapping_entry import DEFAULT_LINKS
from onnx2zz.formats.workload_entry import EntryLayer


def no_memory(context: AcceleratorContext) -> Iterator[Finding]:
    """An operand that no memory holds."""
    if not context.hierarchy.memories:
        return
    for operand in context.used_operands:
        if not context.hierarchy.levels(operand):
            yield finding(
                "no-memory",
                "error",
                context.accelerator,
                ("memories",),
                f"no memory holds {operand}",
                zigzag=f"KeyError: {operand}",
                fix=f"add {operand} to the operands of a memory, with a port for it",
            )


def no_common_level(context: AcceleratorContext) -> Iterator[Finding]:
    """No memory that holds both I1 and O: nothing carries one layer's output to the next layer's input."""
    holders = {operand: context.hierarchy.levels(operand) for operand in ("I1", "O")}
    if not all(holders.values()) or {m.name for m in holders["I1"]} & {m.name for m in holders["O"]}:
        return
    where = "; ".join(f"{operand} in {', '.join(m.name for m in held)}" for operand, held in holders.items())
    yield finding(
        "no-common-level",
        "error" if context.exploit_data_locality else "warning",
        context.accelerator,
        ("memories",),
        f"no memory holds both I1 and O ({where}): one layer's output never becomes the next layer's input",
        zigzag="AssertionError: There are still layers with top mem levels not figured out. (with locality; "
        "without, the transfer is simply not counted)",
        fix="let the top memory hold I1 and O, or add a DRAM above: --decide no-common-level=add-dram",
    )


def capacity(context: AcceleratorContext) -> Iterator[Finding]:
    """Layers whose operands do not fit the topmost memory that holds them, wherever the file lists it."""
    for layer in context.layers_as_meant:
        for memory in context.hierarchy.lowest_first():
            needed = bits_at_home(layer, context.links(layer), at_home(context.hierarchy, memory))
            if memory.size is not None and sum(needed.values()) > memory.size:
                yield _too_small(context, layer, memory, needed)
                continue
            one = bits_of_one(layer, context.links(layer), memory.operands)
            if memory.size is not None and sum(one.values()) > memory.size and _sums_over_time(context, layer):
                yield _too_narrow(context, layer, memory, one)


def _sums_over_time(context: Context, layer: EntryLayer) -> bool:
    """Whether partial sums are kept: a layer that adds nothing up has its final values at once."""
    return layer.operations > layer.elements("O")


def _too_narrow(context: AcceleratorContext, layer: EntryLayer, memory: Memory, one: dict[str, int]) -> Finding:
    return finding(
        "capacity",
        "error",
        context.accelerator,
        (*memory.place, "size"),
        f"{memory.name} has {memory.size} bit, and one element of {element_sizes(one)} of layer {layer.name} (id "
        f"{layer.id}) does not fit it",
        zigzag=f"NoValidLoopOrderingFoundException: No valid loop ordering was found for layer {layer.name}",
        fix=f"make {memory.name} at least {sum(one.values())} bit large, or the elements narrower",
        layer=layer.name,
    )


def element_sizes(one: Mapping[str, int]) -> str:
    """`O (a partial sum of 32 bit)`."""
    return ", ".join(
        f"{operand} ({'a partial sum of ' if operand == 'O' else ''}{bits} bit)"
        for operand, bits in one.items()
        if bits
    )


def at_home(hierarchy: Hierarchy, memory: Memory) -> frozenset[str]:
    """The memory operands that have no level above `memory`."""
    return frozenset(operand for operand in memory.operands if hierarchy.top(operand) is memory)


def bits_at_home(layer: EntryLayer, links: Mapping[str, str], held: Collection[str]) -> dict[str, int]:
    """Bits of the layer's operands that live in a memory where `held` are at home: they must fit whole, all at once."""
    linked = {operand: links.get(operand, DEFAULT_LINKS.get(operand, operand)) for operand in layer.indices}
    return {operand: layer.bits(operand) for operand, memory_operand in linked.items() if memory_operand in held}


def bits_of_one(layer: EntryLayer, links: Mapping[str, str], held: Collection[str]) -> dict[str, int]:
    """Bits of one element of each of the layer's operands that a memory holds: the least that passes it. An output is a
    partial sum there."""
    linked = {operand: links.get(operand, DEFAULT_LINKS.get(operand, operand)) for operand in layer.indices}
    return {operand: layer.precision.get(operand, 0) for operand, memory in linked.items() if memory in held}


def _too_small(context: AcceleratorContext, layer: EntryLayer, memory: Memory, needed: dict[str, int]) -> Finding:
    parts = " + ".join(f"{operand} {_volume(layer, operand)} = {bits:,} bit" for operand, bits in needed.items())
    total = sum(needed.values())
    biggest = all((other.size or 0) <= (memory.size or 0) for other in context.hierarchy.memories)
    nowhere = " and no memory is larger" if biggest else ""
    return finding(
        "capacity",
        "error",
        context.accelerator,
        (*memory.place, "size"),
        f"layer {layer.name} (id {layer.id}) needs {parts} in {memory.name}, its topmost memory, which has "
        f"{memory.size:,} bit{nowhere}: nothing above it takes the rest of {', '.join(needed)}",
        zigzag=f"NoValidLoopOrderingFoundException: No valid loop ordering was found for layer {layer.name}",
        fix=f"a level above {memory.name} for {', '.join(needed)}, or at least {total:,} bit: "
        "--decide capacity=extend|add-dram|enlarge",
        layer=layer.name,
    )


def _volume(layer: EntryLayer, operand: str) -> str:
    width = layer.precision.get("O_final" if operand == "O" else operand, 0)
    sizes = [size for size in map(layer.extent, layer.indices[operand]) if size != 1] or [1]
    return "x".join(map(str, (*sizes, width)))
