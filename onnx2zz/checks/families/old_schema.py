"""The accelerator format that zigzag-dse 3.8.1 took, and its conversion."""

from collections.abc import Iterator, Mapping

from onnx2zz.checks.accelerator_data import list_of, memories_of
from onnx2zz.checks.check import AcceleratorRepair, Check, of_accelerator
from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.errors import InputError
from onnx2zz.files.document import Data, Value, is_mapping
from onnx2zz.formats.accelerator import read_hierarchy
from onnx2zz.formats.accelerator_schema import is_old_memory, ports_meant, to_port_based
from onnx2zz.formats.foreign_keys import foreign_keys, with_todays_keys
from onnx2zz.formats.yaml_source import Path_, YamlSource


def old_schema(context: AcceleratorContext) -> Iterator[Finding]:
    """The accelerator format that zigzag-dse 3.8.1 took."""
    source = context.accelerator
    yield from _earlier_names(source)
    if not any(memory.old for memory in context.hierarchy.memories):
        return
    first = next(memory for memory in context.hierarchy.memories if memory.old)
    yield finding(
        "old-schema",
        "warning",
        source,
        first.place,
        "the memories are in the format of zigzag-dse up to 3.8.1 (r_bw, r_port, fh/tl/fl/th); onnx2zz converts it "
        "exactly wherever it takes an accelerator",
        zigzag="ValueError: Failed to validate provided accelerator (3.8.2 and later, on the file as it is)",
        fix="write it in the port-based format: --fix -o DIR",
    )
    for memory in context.hierarchy.memories:
        # Only a port of both kinds has to choose between two bandwidths.
        if memory.old and any(port.kind == "read_write" for port in memory.ports):
            yield from _lost_write_bandwidth(source, memory.place, memory.raw)


def _earlier_names(source: YamlSource) -> Iterator[Finding]:
    for one in foreign_keys("accelerator", source.data):
        if one.today:
            yield finding(
                "old-schema",
                "warning",
                source,
                one.path,
                f"{one.key} is what {one.today} was called in ZigZag's files of 2024; onnx2zz takes it wherever it "
                "takes an accelerator",
                zigzag="ValueError: Failed to validate provided accelerator (3.8.2 and later, on the file as it is)",
                fix=f"write {one.today}: --fix -o DIR",
            )


def _lost_write_bandwidth(source: YamlSource, place: Path_, raw: Data) -> Iterator[Finding]:
    if "w_bw" in raw and raw.get("r_bw") != raw["w_bw"]:
        yield finding(
            "old-schema",
            "warning",
            source,
            (*place, "w_bw"),
            f"{place[-1]} has a read-write port, which has one bandwidth: r_bw = {raw.get('r_bw')} stays, w_bw = "
            f"{raw.get('w_bw')} is lost",
            zigzag="nothing: 3.8.1 gives such a port r_bw too",
            fix="set w_bw = r_bw, or declare separate read and write ports",
        )


def in_port_based_format(context: Context, data: Data, choice: str) -> Data:
    """Under today's names and converted, with an entry of ports for each operand; the memories stay where that is not
    enough."""
    named = with_todays_keys("accelerator", data)
    data = named if is_mapping(named) else data
    filled = _filled_from_above(data)
    memories: Data = {name: _convertible(memory, str(name) in filled) for name, memory in memories_of(data).items()}
    try:
        converted = to_port_based({**data, "memories": memories}, keep_idle_ports=True)
    # Fields are missing and nothing was decided about them: the file comes back, and its findings say what is needed.
    except InputError:
        return data
    return converted if isinstance(converted, Mapping) else data


def _filled_from_above(data: Data) -> frozenset[str]:
    """The memories that hold an operand which a higher one holds, too: what they hold must be written into them."""
    hierarchy = read_hierarchy(data)
    tops = {operand: hierarchy.top(operand) for memory in hierarchy.memories for operand in memory.operands}
    below = (one for one in hierarchy.memories if any(tops[operand] is not one for operand in one.operands))
    return frozenset(one.name for one in below)


def _convertible(memory: Value, is_filled: bool) -> Value:
    """An entry of ports for each operand. A memory that is filled from above, has a write bandwidth and no port to
    write by, has one; at the top that would be hardware nobody asked for."""
    if not is_old_memory(memory) or not isinstance(memory.get("ports"), list):
        return memory
    ports = list_of(memory, "ports")
    # Entries belong to operands by position, so that empty ones at the end leave the others where they are.
    missing = len(list_of(memory, "operands")) - len(ports)
    empty: list[Data] = [{} for _ in range(missing)]
    filled: Data = {**memory, "ports": [*ports, *empty]}
    writes = any(port.startswith(("w_", "rw_")) for port in ports_meant(filled))
    # A bandwidth for writing and a count of 0 contradict each other; that the memory is filled from above decides it.
    unwritable = is_filled and "w_bw" in filled and filled.get("w_port") == 0 and not writes
    return {**filled, "w_port": 1} if unwritable else filled


PORT_BASED_FORMAT = AcceleratorRepair(20, in_port_based_format, port_based=False)
"""Cures ports that are undeclared, too: only the older format declares them apart from their use."""
CHECKS = (
    Check(
        code="old-schema",
        severity="warning",
        meaning="the accelerator is in the format of zigzag-dse up to 3.8.1; taken everywhere, converted exactly",
        zigzag="ValueError: Failed to validate provided accelerator (3.8.2 and later, on the file as it is)",
        way_out="write it in the port-based format: --fix -o DIR",
        rules=(of_accelerator(old_schema, order=10),),
        repairs=(PORT_BASED_FORMAT,),
    ),
)
