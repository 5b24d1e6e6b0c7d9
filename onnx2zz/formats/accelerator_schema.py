"""ZigZag's two accelerator formats: the older one, and its exact conversion to the port-based one.

Older (zigzag-dse up to 3.8.1): per memory `r_bw`, `w_bw`, the number of ports of each kind, and one entry of `ports`
for each operand, in the order of `operands`, that says which port serves which direction (`fh`, `tl`, `fl`, `th`).
Port-based (from 3.8.2): a list of ports, each with its own bandwidths and the operands and directions it serves.

Sources: zigzag 3.8.1 parser/accelerator_validator.py and hardware/architecture/memory_level.py (ports are built from
the counts, a read-write port has the read bandwidth); zigzag 3.9.1 parser/accelerator_validator.py.
Data in, data out: what PyYAML reads and writes. Nothing is changed in place.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Data, Key, Value, is_mapping
from onnx2zz.formats.allocation import DIRECTIONS, with_joined_allocations
from onnx2zz.formats.foreign_keys import with_todays_keys

OLD_FIELDS = ("r_bw", "w_bw", "r_port", "w_port", "rw_port", "min_r_granularity", "min_w_granularity")
REQUIRED_OLD_FIELDS = ("r_bw", "w_bw", "r_port", "w_port", "rw_port", "operands", "ports")
PORT_FIELDS = ("name", "type", "bandwidth_min", "bandwidth_max", "allocation")
PORT_KINDS = {"r": "read", "w": "write", "rw": "read_write"}  # prefix of a port's name -> its type
PORT_NAME = re.compile(r"(r|w|rw)_port_[1-9][0-9]*", re.ASCII)


def is_old_memory(memory: object) -> TypeGuard[Data]:
    """Whether one memory is written in the older format. Its ports say so, and where they say nothing its fields: the
    ports of today with a field of before (`r_bw`) beside them are a memory of today with a field too many."""
    if not is_mapping(memory):
        return False
    ports = memory.get("ports")
    keys = {key for entry in (ports if isinstance(ports, list) else []) if is_mapping(entry) for key in entry}
    # The entries of ports decide first. A memory that was half converted by hand has keys of both formats, and what its
    # ports are is what all else depends on.
    if keys & set(DIRECTIONS):
        return True
    return not keys & set(PORT_FIELDS) and any(field in memory for field in OLD_FIELDS)


def as_meant(accelerator: Value) -> Value:
    """The accelerator under today's keys, allocations joined; each memory stays in its format."""
    return with_joined_allocations(with_todays_keys("accelerator", accelerator))


def is_old_schema(accelerator: object) -> bool:
    """Whether any memory of an accelerator is written in the older format."""
    memories = accelerator.get("memories") if is_mapping(accelerator) else None
    return isinstance(memories, Mapping) and any(is_old_memory(memory) for memory in memories.values())


def to_port_based(accelerator: Value, *, keep_idle_ports: bool = False) -> Value:
    """The accelerator in the port-based format; one that is in it already comes back equal.

    Ports that are declared and serve nothing are left out unless `keep_idle_ports`: ZigZag drops them as well.
    Raises InputError with every reason why a memory in the older format has no exact equivalent.
    """
    memories = accelerator.get("memories") if isinstance(accelerator, Mapping) else None
    if not isinstance(accelerator, Mapping) or not isinstance(memories, Mapping) or not is_old_schema(accelerator):
        return accelerator
    problems = [problem for name, memory in memories.items() for problem in conversion_problems(str(name), memory)]
    # All memories are looked at before anything is refused, so that one run tells every one of them.
    if problems:
        raise InputError(problems)
    converted: Data = {name: _convert_memory(memory, keep_idle_ports) for name, memory in memories.items()}
    return {**accelerator, "memories": converted}


def conversion_problems(name: str, memory: Value) -> Iterator[Problem]:
    """What keeps one memory from being converted: zigzag 3.8.1 refuses the same files."""
    if not is_old_memory(memory):
        return
    missing = [field for field in REQUIRED_OLD_FIELDS if field not in memory]
    # Without its fields nothing more can be said of a memory: the reading below would call each of them a wrong type.
    if missing:
        yield Problem(f"memory {name}", f"lacks {', '.join(missing)}", "add what is missing")
        return
    old = _read_old_memory(memory)
    if old is None:
        yield Problem(f"memory {name}", "a bandwidth, port number, operand or port has the wrong type", "correct it")
        return
    if len(old.ports) != len(old.operands):
        counts = f"{len(old.operands)} operands, but {len(old.ports)} entries in ports"
        yield Problem(f"memory {name}", counts, "give one entry for each operand, in the same order")
    # A name that is no port's cannot get a bandwidth. One that is merely not declared can: ports of today are declared
    # where they are used.
    for port in used_ports(memory):
        if port not in ports_meant(memory):
            yield Problem(
                f"memory {name}", f"uses {port}, which is no port's name", "write r_port_1, w_port_1 or rw_port_1"
            )


@dataclass(frozen=True)
class _OldMemory:
    """What of a memory in the older format becomes its ports; bandwidths in bit/cycle by the side they are for."""

    operands: list[Value]
    ports: tuple[Mapping[Key, str], ...]
    widest: Mapping[str, int]
    narrowest: Mapping[str, Value]

    def served_by(self, port: str) -> list[str]:
        """`I1, tl` and so on for all that goes through `port`: operands in their order, directions in ZigZag's."""
        return [
            f"{operand}, {direction}"
            for operand, entry in zip(self.operands, self.ports, strict=True)
            for direction in DIRECTIONS
            if entry.get(direction) == port
        ]


def _read_old_memory(memory: Data) -> _OldMemory | None:
    """A memory that has all its fields; None where one of them has the wrong type."""
    operands, entries = memory.get("operands"), memory.get("ports")
    # The counts become no numbers of today's format, but a file in which they are text is one that 3.8.1 refused.
    numbers = [memory.get(field) for field in ("r_bw", "w_bw", "r_port", "w_port", "rw_port")]
    whole = [number for number in numbers if isinstance(number, int)]
    if len(whole) != len(numbers) or not isinstance(operands, list) or not isinstance(entries, list):
        return None
    ports = [_port_names(entry) for entry in entries]
    named = tuple(names for names in ports if names is not None)
    narrowest = {side: memory.get(f"min_{side}_granularity") for side in "rw"}
    # One unreadable entry spoils all: entries belong to operands by position, and leaving one out would shift the rest.
    return _OldMemory(operands, named, {"r": whole[0], "w": whole[1]}, narrowest) if len(named) == len(ports) else None


def _port_names(entry: Value) -> Mapping[Key, str] | None:
    """Direction -> port."""
    if not isinstance(entry, Mapping):
        return None
    names = {direction: port_meant(port) for direction, port in entry.items() if isinstance(port, str)}
    return names if len(names) == len(entry) else None


def declared_ports(memory: Data) -> tuple[str, ...]:
    """The names that the counts of an older memory stand for: `r_port: 2` is r_port_1 and r_port_2."""
    counts = {kind: memory.get(f"{kind}_port") for kind in PORT_KINDS}
    return tuple(
        f"{kind}_port_{number}"
        for kind, count in counts.items()
        if isinstance(count, int)
        for number in range(1, count + 1)
    )


def ports_meant(memory: Data) -> tuple[str, ...]:
    """The ports that an older memory declares, then those that its entries name beside them: ports of today are
    declared where they are used."""
    named = (port for port in used_ports(memory) if PORT_NAME.fullmatch(port))
    return tuple(dict.fromkeys((*declared_ports(memory), *named)))


def written_ports(memory: Data) -> tuple[str, ...]:
    """The names of ports in the entries of an older memory, as they are written, in order of appearance."""
    entries = memory.get("ports")
    mappings = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return tuple(dict.fromkeys(port for entry in mappings for port in entry.values() if isinstance(port, str)))


def port_meant(written: str) -> str:
    """`wr_port_2`, as in ZigZag's eyeriss_like of 2024, is the read-write port 2."""
    return f"rw_{written.removeprefix('wr_')}" if written.startswith("wr_port_") else written


def used_ports(memory: Data) -> tuple[str, ...]:
    """The ports that the entries of an older memory mean, in order of appearance."""
    return tuple(dict.fromkeys(map(port_meant, written_ports(memory))))


def _convert_memory(memory: Value, keep_idle_ports: bool) -> Value:
    """One memory; order of keys as ZigZag's shipped files have it. `auto_cost_extraction: False` is the default."""
    old = _read_old_memory(memory) if is_old_memory(memory) else None
    if old is None or not isinstance(memory, Mapping):
        return memory
    # Everything else stays as it is, fields that nobody knows too: ZigZag then says of them what it says of any file.
    dropped = {"ports", *OLD_FIELDS}
    kept: Data = {
        field: value
        for field, value in memory.items()
        if field not in dropped and not (field == "auto_cost_extraction" and value is False)
    }
    # Repairs keep idle ports, since a direction that is missing may be allocated to one of them.
    ports = [port for port in ports_meant(memory) if keep_idle_ports or old.served_by(port)]
    return {**kept, "ports": [_convert_port(old, port) for port in ports]}


def _convert_port(memory: _OldMemory, port: str) -> Data:
    kind = port.split("_", 1)[0]
    side = "w" if kind == "w" else "r"
    widest, narrowest = memory.widest[side], memory.narrowest[side]
    return {
        "name": port,
        "type": PORT_KINDS[kind],
        "bandwidth_min": widest if narrowest is None else narrowest,
        "bandwidth_max": widest,
        "allocation": memory.served_by(port),
    }
