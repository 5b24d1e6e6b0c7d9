"""ZigZag's two accelerator formats: the older one, and its exact conversion to the port-based one.

Older (zigzag-dse up to 3.8.1): per memory `r_bw`, `w_bw`, the number of ports of each kind, and one entry of `ports`
for each operand, in the order of `operands`, that says which port serves which direction (`fh`, `tl`, `fl`, `th`).
Port-based (from 3.8.2): a list of ports, each with its own bandwidths and the operands and directions it serves.

Sources: zigzag 3.8.1 parser/accelerator_validator.py and hardware/architecture/memory_level.py (ports are built from
the counts, a read-write port has the read bandwidth); zigzag 3.9.1 parser/accelerator_validator.py.
Data in, data out: what PyYAML reads and writes. Nothing is changed in place.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from onnx2zz.errors import InputError, Problem

DIRECTIONS = ("fh", "tl", "fl", "th")  # from high, to low, from low, to high, seen from the memory
OLD_FIELDS = ("r_bw", "w_bw", "r_port", "w_port", "rw_port", "min_r_granularity", "min_w_granularity")
REQUIRED_OLD_FIELDS = ("r_bw", "w_bw", "r_port", "w_port", "rw_port", "operands", "ports")
PORT_KINDS = {"r": "read", "w": "write", "rw": "read_write"}  # prefix of a port's name -> its type


def is_old_memory(memory: Any) -> bool:
    """Whether one memory is written in the older format."""
    if not isinstance(memory, Mapping):
        return False
    ports = memory.get("ports")
    entries = ports if isinstance(ports, list) else []
    return any(field in memory for field in OLD_FIELDS) or any(
        isinstance(entry, Mapping) and any(direction in entry for direction in DIRECTIONS) for entry in entries
    )


def is_old_schema(accelerator: Any) -> bool:
    """Whether any memory of an accelerator is written in the older format."""
    memories = accelerator.get("memories") if isinstance(accelerator, Mapping) else None
    return isinstance(memories, Mapping) and any(is_old_memory(memory) for memory in memories.values())


def to_port_based(accelerator: Any, *, keep_idle_ports: bool = False) -> Any:
    """The accelerator in the port-based format; one that is in it already comes back equal.

    Ports that are declared and serve nothing are left out unless `keep_idle_ports`: ZigZag drops them as well.
    Raises InputError with every reason why a memory in the older format has no exact equivalent.
    """
    if not is_old_schema(accelerator):
        return accelerator
    memories = accelerator["memories"]
    problems = [problem for name, memory in memories.items() for problem in conversion_problems(str(name), memory)]
    if problems:
        raise InputError(problems)
    converted = {name: _convert_memory(memory, keep_idle_ports) for name, memory in memories.items()}
    return {**accelerator, "memories": converted}


def conversion_problems(name: str, memory: Any) -> Iterator[Problem]:
    """What keeps one memory from being converted: zigzag 3.8.1 refuses the same files."""
    if not is_old_memory(memory):
        return
    missing = [field for field in REQUIRED_OLD_FIELDS if field not in memory]
    if missing:
        yield Problem(f"memory {name}", f"lacks {', '.join(missing)}", "add what is missing")
        return
    if not _well_formed(memory):
        yield Problem(f"memory {name}", "a bandwidth, port number, operand or port has the wrong type", "correct it")
        return
    if len(memory["ports"]) != len(memory["operands"]):
        counts = f"{len(memory['operands'])} operands, but {len(memory['ports'])} entries in ports"
        yield Problem(f"memory {name}", counts, "give one entry for each operand, in the same order")
    for port in used_ports(memory):
        if port not in declared_ports(memory):
            yield Problem(f"memory {name}", f"uses {port}, which its numbers of ports do not declare", "declare it")


def _well_formed(memory: Mapping[str, Any]) -> bool:
    numbers = ("r_bw", "w_bw", "r_port", "w_port", "rw_port")
    return (
        all(isinstance(memory[field], int) for field in numbers)
        and isinstance(memory["operands"], list)
        and isinstance(memory["ports"], list)
        and all(isinstance(entry, Mapping) for entry in memory["ports"])
        and all(isinstance(port, str) for entry in memory["ports"] for port in entry.values())
    )


def declared_ports(memory: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that the counts of an older memory stand for: `r_port: 2` is r_port_1 and r_port_2."""
    counts = {kind: memory.get(f"{kind}_port") for kind in PORT_KINDS}
    return tuple(
        f"{kind}_port_{number}"
        for kind, count in counts.items()
        if isinstance(count, int)
        for number in range(1, count + 1)
    )


def used_ports(memory: Mapping[str, Any]) -> tuple[str, ...]:
    """The ports that the entries of an older memory name, in order of appearance."""
    entries = memory.get("ports") or []
    return tuple(dict.fromkeys(port for entry in entries for port in entry.values() if isinstance(port, str)))


def _convert_memory(memory: Any, keep_idle_ports: bool) -> Any:
    """One memory; order of keys as ZigZag's shipped files have it. `auto_cost_extraction: False` is the default."""
    if not is_old_memory(memory):
        return memory
    dropped = {"ports", *OLD_FIELDS}
    kept = {
        field: value
        for field, value in memory.items()
        if field not in dropped and not (field == "auto_cost_extraction" and value is False)
    }
    ports = [port for port in declared_ports(memory) if keep_idle_ports or _serves(memory, port)]
    return {**kept, "ports": [_convert_port(memory, port) for port in ports]}


def _serves(memory: Mapping[str, Any], port: str) -> list[str]:
    """`I1, tl` and so on for all that goes through `port`: operands in their order, directions in ZigZag's."""
    return [
        f"{operand}, {direction}"
        for operand, entry in zip(memory["operands"], memory["ports"], strict=True)
        for direction in DIRECTIONS
        if entry.get(direction) == port
    ]


def _convert_port(memory: Mapping[str, Any], port: str) -> dict[str, Any]:
    kind = port.split("_", 1)[0]
    side = "w" if kind == "w" else "r"
    widest = memory[f"{side}_bw"]
    narrowest = memory.get(f"min_{side}_granularity")
    return {
        "name": port,
        "type": PORT_KINDS[kind],
        "bandwidth_min": widest if narrowest is None else narrowest,
        "bandwidth_max": widest,
        "allocation": _serves(memory, port),
    }
