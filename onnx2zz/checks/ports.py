"""Ports: used but not declared, directions that are missing or impossible, wider than their memory."""

from collections.abc import Iterator, Mapping, Sequence

from onnx2zz.checks.context import AcceleratorContext
from onnx2zz.checks.finding import Finding, Severity, finding
from onnx2zz.checks.needed_directions import needed_directions
from onnx2zz.formats.accelerator import Memory
from onnx2zz.formats.accelerator_schema import declared_ports, used_ports

WRITES = {"fh": "written from the level above", "fl": "written from the level below"}
READS = {"th": "read by the level above", "tl": "read by the level below"}
UNDEFINED = "ValueError: Memory bandwidth not defined for {memory} {operand} {direction}"
NAMES = {"fh": "wr_in_by_high", "fl": "wr_in_by_low", "th": "rd_out_to_high", "tl": "rd_out_to_low"}


def port_undeclared(context: AcceleratorContext) -> Iterator[Finding]:
    """Ports that entries name and no declaration gives; entries that are not one for each operand."""
    for memory in context.hierarchy.memories:
        declared = declared_ports(memory.raw) if memory.old else tuple(port.name for port in memory.ports)
        used = dict.fromkeys(port for directions in memory.serves.values() for port in directions.values())
        for port in used:
            if port not in declared and f"{port.split('_', 1)[0]}_port" in memory.raw:
                yield _undeclared(context, memory, port, declared)
        if memory.old and _entries(memory) not in (0, len(memory.operands)):
            yield _entries_missing(context, memory)
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
        "error",
        context.accelerator,
        (*memory.place, "ports"),
        f"{memory.name} uses {port}, but declares only {', '.join(declared) or 'no port'}",
        zigzag="ValueError: Failed to validate user provided accelerator.",
        fix=f"set {kind}_port to {port.rsplit('_', 1)[-1]}, or use a port that is declared",
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


def port_direction(context: AcceleratorContext) -> Iterator[Finding]:
    """Directions that an operand needs and has no port for, and ports that cannot do what they are used for."""
    for memory in context.hierarchy.memories:
        if "ports" in memory.raw:
            yield from _missing_directions(context, memory)
            yield from _impossible_directions(context, memory)


def _missing_directions(context: AcceleratorContext, memory: Memory) -> Iterator[Finding]:
    for operand in memory.operands:
        inside, outside = needed_directions(context.hierarchy, memory, operand)
        lacking = [d for d in inside if d not in memory.serves.get(operand, {})]
        external = [d for d in outside if d not in memory.serves.get(operand, {})]
        if lacking:
            yield _missing(context, memory, operand, (*lacking, *external), "error")
        elif external:
            yield _missing(context, memory, operand, tuple(external), "warning")


def _missing(
    context: AcceleratorContext, memory: Memory, operand: str, directions: tuple[str, ...], severity: Severity
) -> Finding:
    meaning = ", ".join(f"{d} ({ {**WRITES, **READS}[d] })" for d in directions)
    writable = any(port.kind in ("write", "read_write") for port in memory.ports)
    no_port = " and has no write port at all" if not writable and set(directions) & set(WRITES) else ""
    innermost = context.hierarchy.levels(operand)[0] is memory
    inner = UNDEFINED.format(memory=memory.name, operand=operand, direction=NAMES[directions[0]])
    if innermost and ("fl" if operand == "O" else "tl") in directions:
        inner = "TypeError: unsupported operand type(s) for //: 'NoneType' and 'int'"
    outer = "nothing: traffic between the top memory and the outside is not counted"
    return finding(
        "port-direction",
        severity,
        context.accelerator,
        (*memory.place, "ports"),
        f"{operand} in {memory.name} lacks {meaning}{no_port}",
        zigzag=inner if severity == "error" else outer,
        fix=f"allocate {', '.join(f'{operand}, {d}' for d in directions)} to a port of the right kind",
    )


def _impossible_directions(context: AcceleratorContext, memory: Memory) -> Iterator[Finding]:
    for number, port in enumerate(memory.ports):
        uses = _uses(memory, port.name)
        wrong = [f"{operand}, {direction}" for operand, direction in uses if direction in WRONG.get(port.kind, ())]
        if wrong:
            yield _wrong_kind(context, memory, number, wrong)
    for operand, directions in memory.serves.items():
        if operand not in memory.operands:
            yield _stranger(context, memory, operand)
        if operand != "O" and (set(directions) & {"fl", "th"}):
            yield _upward_input(context, memory, operand, sorted(set(directions) & {"fl", "th"}))


def _uses(memory: Memory, port: str) -> list[tuple[str, str]]:
    return [
        (operand, direction)
        for operand, directions in memory.serves.items()
        for direction, name in directions.items()
        if name == port
    ]


def _wrong_kind(context: AcceleratorContext, memory: Memory, number: int, wrong: list[str]) -> Finding:
    port = memory.ports[number]
    needed = "write" if port.kind == "read" else "read"
    return finding(
        "port-direction",
        "error",
        context.accelerator,
        (*memory.place, "ports") if memory.old else (*memory.place, "ports", number),
        f"{port.name} of {memory.name} is a {port.kind} port, but is used for {'; '.join(wrong)}",
        zigzag="ValueError: Failed to validate provided accelerator",
        fix=f"use a {needed} or read_write port for {'; '.join(wrong)}",
    )


WRONG = {"read": tuple(WRITES), "write": tuple(READS)}


def _stranger(context: AcceleratorContext, memory: Memory, operand: str) -> Finding:
    return finding(
        "port-direction",
        "error",
        context.accelerator,
        (*memory.place, "ports"),
        f"a port of {memory.name} is allocated to {operand}, which is not among its operands",
        zigzag=f"KeyError: {operand}",
        fix=f"add {operand} to operands, or take it out of the allocation",
    )


def _upward_input(context: AcceleratorContext, memory: Memory, operand: str, directions: list[str]) -> Finding:
    return finding(
        "port-direction",
        "warning",
        context.accelerator,
        (*memory.place, "ports"),
        f"{operand} in {memory.name} has {', '.join(directions)}, but an input only comes from above (fh) "
        "and goes down (tl)",
        zigzag="nothing: it never uses this direction",
        fix=f"write fh instead of fl: {operand} is filled from the level above",
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
