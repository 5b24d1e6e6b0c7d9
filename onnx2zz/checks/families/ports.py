"""Ports: used but not declared, of no known name, or wider than their memory."""

from collections.abc import Iterator, Mapping, Sequence

from onnx2zz.checks.accelerator_data import each_memory, list_of
from onnx2zz.checks.check import AcceleratorRepair, Check, Predicts, of_accelerator
from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.families.old_schema import PORT_BASED_FORMAT
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.accelerator import Memory
from onnx2zz.formats.accelerator_schema import (
    PORT_NAME,
    declared_ports,
    port_meant,
    used_ports,
    written_ports,
)


def port_undeclared(context: AcceleratorContext) -> Iterator[Finding]:
    """Ports that entries name and no declaration gives; entries that are not one for each operand."""
    # Only the older format can name a port that is not declared: a number declares the ports of a kind (`rw_port: 2`),
    # and entries name them. Where the number itself is missing, the check of fields says so.
    for memory in context.hierarchy.memories:
        declared = declared_ports(memory.raw) if memory.old else tuple(port.name for port in memory.ports)
        used = dict.fromkeys(port for directions in memory.serves.values() for port in directions.values())
        for port in used:
            # Where the count itself is missing, `missing-field` has said so.
            if port not in declared and f"{port.split('_', 1)[0]}_port" in memory.raw:
                yield _undeclared(context, memory, port, declared)
        yield from _misspelt(context, memory)
        # None at all is a missing field's matter.
        if memory.old and _entries(memory) not in (0, len(memory.operands)):
            yield _entries_missing(context, memory)
        # Where nothing is used at all, the ports are not idle but not yet allocated.
        if memory.old and (idle := [port for port in declared if port not in used_ports(memory.raw)]) and used:
            yield _unused(context, memory, idle)


def _entries(memory: Memory) -> int:
    """How many entries `ports` has."""
    ports = memory.raw.get("ports")
    return len(ports) if isinstance(ports, Sequence | Mapping) else 0


def _undeclared(context: AcceleratorContext, memory: Memory, port: str, declared: tuple[str, ...]) -> Finding:
    kind = port.split("_", 1)[0]
    return finding(
        "port-undeclared",
        "warning",
        context.accelerator,
        (*memory.place, "ports"),
        f"{memory.name} uses {port}, but declares only {', '.join(declared) or 'no port'}; it is taken to be there",
        zigzag="ValueError: Failed to validate user provided accelerator. (3.8.1; the newer format has no counts)",
        fix=f"set {kind}_port to {port.rsplit('_', 1)[-1]}, or use a port that is declared",
    )


def _misspelt(context: AcceleratorContext, memory: Memory) -> Iterator[Finding]:
    """Names in entries of the older format that are no port's: another spelling of one, or none at all."""
    for written in written_ports(memory.raw) if memory.old else ():
        meant = port_meant(written)
        if PORT_NAME.fullmatch(written) is None:
            known = PORT_NAME.fullmatch(meant) is not None
            yield finding(
                "port-undeclared",
                "warning" if known else "error",
                context.accelerator,
                (*memory.place, "ports"),
                f"{memory.name} names a port {written}, " + (f"taken for {meant}" if known else "which is none"),
                zigzag="ValueError: Failed to validate user provided accelerator.",
                fix=f"write {meant}" if known else "write r_port_1, w_port_1 or rw_port_1, or another number",
            )


def _entries_missing(context: AcceleratorContext, memory: Memory) -> Finding:
    return finding(
        "port-direction",
        "error",
        context.accelerator,
        (*memory.place, "ports"),
        f"{memory.name} holds {', '.join(memory.operands)}, but has {_entries(memory)} entries in ports: "
        "each operand needs its own, in the order of operands",
        zigzag="ValueError: Failed to validate user provided accelerator.",
        fix=f"give {len(memory.operands)} entries, one for each of {', '.join(memory.operands)}",
    )


def _unused(context: AcceleratorContext, memory: Memory, idle: list[str]) -> Finding:
    return finding(
        "port-undeclared",
        "warning",
        context.accelerator,
        memory.place,
        f"{memory.name} declares {', '.join(idle)}, which nothing uses",
        zigzag="ValueError: Failed to validate user provided accelerator. (3.8.1; the newer format takes it)",
        fix="lower the count, or let an operand use it",
    )


def port_width(context: AcceleratorContext) -> Iterator[Finding]:
    """Ports that move more bits in a cycle than their memory holds, or have no width at all."""
    for memory in context.hierarchy.memories:
        for wide in _wide_ports(memory):
            yield finding(
                "port-width",
                "warning",
                context.accelerator,
                memory.place,
                f"{memory.name} holds {memory.size} bit, but {wide}",
                zigzag="nothing: it counts the traffic as if the memory could deliver it",
                fix=f"set the bandwidth to {memory.size} bit/cycle at most, or make the memory larger",
            )
        yield from _narrow_ports(context, memory)


def _wide_ports(memory: Memory) -> tuple[str, ...]:
    wide = [port for port in memory.ports if memory.size and port.widest and port.widest > memory.size]
    return (", ".join(f"{port.name} moves {port.widest} bit/cycle" for port in wide),) if wide else ()


def _narrow_ports(context: AcceleratorContext, memory: Memory) -> Iterator[Finding]:
    for port in memory.ports:
        low, high = port.narrowest, port.widest
        if low is not None and high is not None and (low > high or low <= 0):
            yield finding(
                "port-width",
                "error",
                context.accelerator,
                memory.place,
                f"{port.name} of {memory.name} has a bandwidth of {low} to {high} bit/cycle",
                zigzag="ValueError: Failed to validate provided accelerator"
                if low > high
                else "AssertionError: Memory bandwidth not defined",
                fix="give 0 < minimum <= maximum",
            )


def with_narrow_ports(context: Context, data: Data, choice: str) -> Data:
    """No port is wider than its memory."""
    return each_memory(data, lambda memory, needs: _narrow(memory))


def _narrow(memory: Value) -> Value:
    """No port wider than its memory."""
    size = memory.get("size") if isinstance(memory, Mapping) else None
    if not isinstance(memory, Mapping) or not isinstance(size, int) or not isinstance(memory.get("ports"), list):
        return memory
    return {**memory, "ports": [_narrowed(port, size) for port in list_of(memory, "ports")]}


def _narrowed(port: Value, size: int) -> Value:
    if not isinstance(port, Mapping):
        return port
    widths = {end: port.get(end) for end in ("bandwidth_min", "bandwidth_max")}
    narrowed: Data = {end: min(width, size) for end, width in widths.items() if isinstance(width, int | float)}
    return {**port, **narrowed}


PORTS_UNDECLARED = of_accelerator(port_undeclared, order=30)
"""Finds entries that are not one for each operand, too: that is a port-direction."""
CHECKS = (
    Check(
        code="port-undeclared",
        severity="error",
        meaning="the older format's counts give other ports than are used (warning: one that is used is taken to be "
        "there, one that nothing uses is left out); a name that is no port's",
        zigzag="ValueError: Failed to validate user provided accelerator. (3.8.1; the newer format has no counts)",
        way_out="set the count to what is used, or use a port that is declared",
        rules=(PORTS_UNDECLARED,),
        exceptions=(Predicts("is not in list", likeliest=True),),
        repairs=(PORT_BASED_FORMAT,),
    ),
    Check(
        code="port-width",
        severity="error",
        meaning="a port moves more bits in a cycle than its memory holds; a width of 0; minimum above maximum",
        zigzag="nothing where it is too wide: it counts the traffic as if the memory could deliver it; else "
        "ValueError or AssertionError",
        way_out="0 < minimum <= maximum <= the memory's size",
        rules=(of_accelerator(port_width, order=50),),
        exceptions=(Predicts("Memory bandwidth not defined"),),
        repairs=(AcceleratorRepair(80, with_narrow_ports),),
    ),
)
