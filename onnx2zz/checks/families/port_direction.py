"""Directions in which a memory must move an operand: missing, or of a port that cannot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onnx2zz.checks.accelerator_data import DRAM_BANDWIDTH, Needs, each_memory, list_of
from onnx2zz.checks.check import AcceleratorRepair, Check, Predicts, of_accelerator
from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.families.ports import PORTS_UNDECLARED
from onnx2zz.checks.finding import Finding, Severity, finding
from onnx2zz.checks.needed_directions import needed_directions
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.accelerator import Memory

WRITES = {"fh": "written from the level above", "fl": "written from the level below"}
READS = {"th": "read by the level above", "tl": "read by the level below"}
UNDEFINED = "ValueError: Memory bandwidth not defined for {memory} {operand} {direction}"
NAMES = {"fh": "wr_in_by_high", "fl": "wr_in_by_low", "th": "rd_out_to_high", "tl": "rd_out_to_low"}


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
        # With an error all directions are told together, those to the outside too: one line in the file cures both.
        if lacking:
            yield _missing(context, memory, operand, (*lacking, *external), "error")
        elif external:
            yield _missing(context, memory, operand, tuple(external), "warning")


def _missing(
    context: AcceleratorContext, memory: Memory, operand: str, directions: tuple[str, ...], severity: Severity
) -> Finding:
    meaning = ", ".join(f"{d} ({ {**WRITES, **READS}[d] })" for d in directions)
    writable = any(port.kind in ("write", "read_write") for port in memory.ports)
    # Then no allocation helps: a port has to be built, and only the user can say so.
    no_port = " and has no write port at all" if not writable and set(directions) & set(WRITES) else ""
    innermost = context.hierarchy.levels(operand)[0] is memory
    inner = UNDEFINED.format(memory=memory.name, operand=operand, direction=NAMES[directions[0]])
    # ZigZag divides this port's width by an element's first of all (spatial_mapping_generation.py:247), and meets None.
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


ADD_PORT = "add-port"


def with_needed_directions(context: Context, data: Data, choice: str) -> Data:
    """Every direction that an operand needs is allocated to a port of the memory; a port that is not there is hardware,
    and only the user can add it."""
    return each_memory(data, _complete_ports)


def with_new_ports(context: Context, data: Data, choice: str) -> Data:
    """Directions that no port of the memory can take get a new one."""
    return each_memory(data, lambda memory, needs: _complete_ports(memory, needs, add=choice == ADD_PORT))


@dataclass
class _ServingPort:
    """A port of the file, and what it serves once that is repaired."""

    port: Data
    allocation: list[str]


def _complete_ports(memory: Value, needs: Needs, *, add: bool = False) -> Value:
    """Every direction that each operand needs, on the port that serves its kind already, else (`add`) on a new one."""
    given = memory.get("ports") if isinstance(memory, Mapping) else None
    if not isinstance(memory, Mapping) or not isinstance(given, list):
        return memory
    # Copies, which are changed below: the data that came in are still compared with what comes out.
    ports = [_ServingPort(port, _sensible(memory, port)) for port in given if isinstance(port, Mapping)]
    for operand, directions in needs.items():
        for direction in directions:
            # What is allocated already stays where it is, even on another port than this repair would choose.
            if not any(f"{operand}, {direction}" in port.allocation for port in ports):
                # A new port joins `ports`, so that the next direction of its kind finds it instead of getting one more.
                port = _port_for(ports, operand, direction) or (_new_port(ports, direction) if add else None)
                if port is not None:
                    port.allocation.append(f"{operand}, {direction}")
    # A port that serves nothing after all is left out, as ZigZag does; only now is it known which.
    written: list[Data] = [{**one.port, "allocation": one.allocation} for one in ports if one.allocation]
    return {**memory, "ports": written}


def _sensible(memory: Data, port: Data) -> list[str]:
    """The allocation without other memories' operands, impossible directions and inputs that come from below."""
    wrong = WRONG.get(str(port.get("type")), ())
    kept: list[str] = []
    for allocation in list_of(port, "allocation"):
        operand, _, direction = str(allocation).partition(", ")
        if operand != "O":
            # Whoever writes `fl` for an input means its filling, seen from the other side.
            direction = {"fl": "fh", "th": "tl"}.get(direction, direction)
        if operand in list_of(memory, "operands") and direction not in wrong:
            kept.append(f"{operand}, {direction}")
    return list(dict.fromkeys(kept))


def _port_for(ports: list[_ServingPort], operand: str, direction: str) -> _ServingPort | None:
    """A port of the right kind: the operand's own, else an idle one, else the first; None where there is none."""
    kind = "write" if direction in WRITES else "read"
    fitting = [one for one in ports if one.port.get("type") in (kind, "read_write")]
    # On the operand's own port its traffic shares a bandwidth with itself; on another's it would slow that down.
    own = [one for one in fitting if any(served.startswith(f"{operand}, ") for served in one.allocation)]
    idle = [one for one in fitting if not one.allocation]
    for choice in (own, idle, fitting):
        if choice:
            return choice[0]
    return None


def _new_port(ports: list[_ServingPort], direction: str) -> _ServingPort:
    """A further port of the kind that a direction needs, as wide as the first."""
    kind = "write" if direction in WRITES else "read"
    like: Data = ports[0].port if ports else {}
    widths: Data = {end: like.get(end, DRAM_BANDWIDTH) for end in ("bandwidth_min", "bandwidth_max")}
    ports.append(_ServingPort({"name": f"{kind[0]}_port_1", "type": kind, **widths}, []))
    return ports[-1]


CHECKS = (
    Check(
        code="port-direction",
        severity="error",
        meaning="an operand lacks a direction that it needs, or uses a port of the wrong kind (warning: only the "
        "outside of a top memory would use it)",
        zigzag="ValueError: Memory bandwidth not defined; TypeError at the innermost level; ValueError: Failed to "
        "validate provided accelerator for a port of the wrong kind",
        way_out="allocate the direction to a port of the right kind; a port that is not there is hardware: "
        "--decide port-direction=add-port",
        rules=(PORTS_UNDECLARED, of_accelerator(port_direction, order=40)),
        exceptions=(
            Predicts("Memory bandwidth not defined", likeliest=True),
            Predicts("'NoneType' and", likeliest=True),
            Predicts("validate provided accelerator"),
        ),
        repairs=(
            AcceleratorRepair(70, with_needed_directions),
            AcceleratorRepair(
                71,
                with_new_ports,
                choices={
                    ADD_PORT: "a further port for directions that none of the memory's can take, as wide as its first: "
                    "more hardware, which ZigZag counts no area for"
                },
            ),
        ),
    ),
)
