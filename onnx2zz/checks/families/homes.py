"""Where operands live: each needs a memory, it must fit, and the next layer must be able to read it there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from onnx2zz.checks.accelerator_data import DRAM_BANDWIDTH, list_of, memories_of, with_memory_changed
from onnx2zz.checks.check import AcceleratorRepair, Check, Predicts, of_accelerator
from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.files.document import Data
from onnx2zz.formats.accelerator import Hierarchy, Memory, read_hierarchy
from onnx2zz.formats.allocation import OPERANDS
from onnx2zz.formats.mapping_entry import DEFAULT_LINKS
from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.formats.yaml_source import YamlSource

# zigzag inputs/hardware/*.yaml: the DRAM that all of ZigZag's own accelerators have
DRAM: Data = {"size": 10_000_000_000, "r_cost": 700, "w_cost": 750, "area": 0, "latency": 1}


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
    # An operand without any memory is `no-memory`'s, and would be told twice.
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
            # The sum, since all that is at home in a memory lies there whole and at the same time.
            if memory.size is not None and sum(needed.values()) > memory.size:
                yield _too_small(context, layer, memory, needed)
                continue
            one = bits_of_one(layer, context.links(layer), memory.operands)
            # A further memory above does not help here: one element of each operand has to pass this one at once.
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
    # Then `extend` has nowhere to go, and the sentence should not let the reader look for it.
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


def with_memory_for_each_operand(context: Context, data: Data, choice: str) -> Data:
    """Operands that no memory holds get the home that was decided."""
    for operand in OPERANDS:
        if not read_hierarchy(data).levels(operand):
            data = _add_home(data, (operand,), choice)
    return data


def with_common_level(context: Context, data: Data, choice: str) -> Data:
    """I1 and O get a home in common where they have none."""
    inputs, outputs = ({memory.name for memory in read_hierarchy(data).levels(operand)} for operand in ("I1", "O"))
    return data if inputs & outputs else _add_home(data, ("I1", "O"), choice)


def with_room(context: Context, data: Data, choice: str) -> Data:
    """Homes that are too small grow or get another above, one memory after the other."""
    # Each pass enlarges or relieves one memory; a repair that changes nothing (nowhere to extend to) must not go on for
    # ever.
    for _ in range(len(memories_of(data)) + 1):
        crowded = _crowded(context, data)
        if not crowded:
            break
        memory, operands, bits = crowded
        data = _enlarged(data, memory, bits) if choice == "enlarge" else _add_home(data, operands, choice, above=memory)
    return data


def _crowded(context: Context, data: Data) -> tuple[Memory, tuple[str, ...], int] | None:
    """The first memory that cannot hold what has its home there: its operands, and the bits of the largest layer."""
    # The data as repaired so far, without places: nothing is told of them.
    judged = replace(context, accelerator=YamlSource("", "", data, {}))
    for memory in judged.hierarchy.lowest_first():
        held = at_home(judged.hierarchy, memory)
        needs = [(layer, bits_at_home(layer, judged.links(layer), held)) for layer in judged.layers_as_meant]
        over = [(layer, need) for layer, need in needs if sum(need.values()) > (memory.size or 0)]
        if over:
            operands = {judged.memory_operand(layer, operand) for layer, need in over for operand in need}
            return memory, tuple(sorted(operands)), max(sum(need.values()) for _, need in over)
    return None


def _enlarged(data: Data, memory: Memory, bits: int) -> Data:
    # To a power of two, as memories are made.
    return with_memory_changed(data, memory.name, {"size": 1 << (bits - 1).bit_length()})


def _add_home(data: Data, operands: tuple[str, ...], choice: str, above: Memory | None = None) -> Data:
    """The operands in the largest memory that is there (`extend`), or in a DRAM above everything (`add-dram`)."""
    if choice == "add-dram":
        return {**data, "memories": {**memories_of(data), _free_name(data, "dram"): _dram(data)}}
    largest = read_hierarchy(data).lowest_first()[-1]
    # The largest memory is the crowded one itself, or no larger: moving there would only move the fault.
    if above is not None and (largest.size or 0) <= (above.size or 0):
        return data
    held = list_of(largest.raw, "operands")
    return with_memory_changed(data, largest.name, {"operands": [*held, *(one for one in operands if one not in held)]})


def _dram(data: Data) -> Data:
    directions = {operand: ("fh", "tl", "fl", "th") if operand == "O" else ("fh", "tl") for operand in OPERANDS}
    port: Data = {
        "name": "rw_port_1",
        "type": "read_write",
        "bandwidth_min": DRAM_BANDWIDTH,
        "bandwidth_max": DRAM_BANDWIDTH,
        "allocation": [f"{operand}, {direction}" for operand, ds in directions.items() for direction in ds],
    }
    # It serves all dimensions: one DRAM stands beside the whole array, and not one beside each unit.
    return {**DRAM, "operands": list(OPERANDS), "ports": [port], "served_dimensions": list(read_hierarchy(data).array)}


def _free_name(data: Data, name: str) -> str:
    taken = set(map(str, memories_of(data)))
    return next(free for free in (name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))) if free not in taken)


CHECKS = (
    Check(
        code="capacity",
        severity="error",
        meaning="a layer's operands do not fit the topmost memory that holds them: which, how many bits, how many "
        "there are; a memory too small for one element (a partial sum of 32 bit in 16)",
        zigzag="NoValidLoopOrderingFoundException",
        way_out="a level above the memory, a larger one, or narrower elements: --decide "
        "capacity=extend|add-dram|enlarge",
        rules=(of_accelerator(capacity, "workload", order=110),),
        exceptions=(
            Predicts("NoValidLoopOrderingFoundException", likeliest=True),
            Predicts("There are still layers"),
            Predicts(stage="layer", likeliest=True),
        ),
        repairs=(
            AcceleratorRepair(
                60,
                with_room,
                choices={
                    "extend": "the operand's home moves to a larger memory that is there already: every byte of it "
                    "then passes that memory's ports, at its energy",
                    "add-dram": "a DRAM above everything, with the figures of ZigZag's own accelerators: 10 Gbit, 64 "
                    "bit/cycle, 700 pJ a read and 750 pJ a write",
                    "enlarge": "the memory grows to the next power of two that holds the layer; its energy per access, "
                    "latency and area stay as they are written, which is too little for a larger memory",
                },
            ),
        ),
    ),
    Check(
        code="no-common-level",
        severity="error",
        meaning="no memory holds I1 and O: an output never becomes an input (an error with locality)",
        zigzag="AssertionError: There are still layers with top mem levels not figured out. (with locality; without, "
        "the transfer is simply not counted)",
        way_out="let the top memory hold I1 and O, or add a DRAM above: --decide no-common-level=extend|add-dram",
        rules=(of_accelerator(no_common_level, order=100),),
        exceptions=(Predicts("There are still layers", likeliest=True), Predicts(stage="locality", likeliest=True)),
        repairs=(
            AcceleratorRepair(
                50,
                with_common_level,
                choices={
                    "extend": "the largest memory holds I1 and O as well: no new part, but inputs and outputs share "
                    "its ports",
                    "add-dram": "a DRAM above everything (as for capacity): outputs leave the chip and come back as "
                    "inputs",
                },
            ),
        ),
    ),
    Check(
        code="no-memory",
        severity="error",
        meaning="no memory holds an operand",
        zigzag="KeyError with the operand",
        way_out="add the operand to a memory, with a port for it: --decide no-memory=extend|add-dram",
        rules=(of_accelerator(no_memory, order=90),),
        exceptions=(
            Predicts("NoValidLoopOrderingFoundException"),
            Predicts("There are still layers"),
            Predicts("KeyError: I"),
        ),
        repairs=(
            AcceleratorRepair(
                40,
                with_memory_for_each_operand,
                choices={
                    "extend": "the largest memory holds the operand as well",
                    "add-dram": "a DRAM above everything holds it (as for capacity)",
                },
            ),
        ),
    ),
)
