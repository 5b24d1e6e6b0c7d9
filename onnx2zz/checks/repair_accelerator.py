"""Repairs of an accelerator, data to data: what has one sensible cure, and what the user decided.

All of them work on the port-based format, except those that make the older one convertible.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.decisions import Decisions
from onnx2zz.checks.homes import at_home, bits_at_home
from onnx2zz.checks.memory_order import memory_order
from onnx2zz.checks.needed_directions import needed_by_name
from onnx2zz.errors import InputError
from onnx2zz.files.document import Data, Key, Value
from onnx2zz.formats.accelerator import OPERANDS, Memory, read_hierarchy
from onnx2zz.formats.accelerator_schema import declared_ports, is_old_memory, is_old_schema, to_port_based, used_ports
from onnx2zz.formats.yaml_source import YamlSource

ARRAY_DEFAULTS: Data = {"unit_energy": 0, "unit_area": 0}
MEMORY_DEFAULTS: Data = {"latency": 1, "area": 0}
OLD_DEFAULTS: Data = {**MEMORY_DEFAULTS, "r_port": 1, "w_port": 1, "rw_port": 0}
# zigzag inputs/hardware/*.yaml: the DRAM that all of ZigZag's own accelerators have
DRAM: Data = {"size": 10_000_000_000, "r_cost": 700, "w_cost": 750, "area": 0, "latency": 1}
DRAM_BANDWIDTH = 64  # bit/cycle
WRITES = ("fh", "fl")

Needs = Mapping[str, tuple[str, ...]]
"""Operand -> the directions in which a memory must be able to move it."""


def repaired_accelerator(context: Context, decisions: Decisions) -> Value:
    """The accelerator's data with every repair that applies; what stays broken comes back as it is."""
    data = context.accelerator.data if context.accelerator else None
    if not isinstance(data, Mapping) or not isinstance(data.get("memories"), Mapping):
        return data
    if decisions.get("missing-field") == "default":
        data = _with_defaults(data)
    data = _in_port_based_format(data)
    if is_old_schema(data):
        return data  # a field is missing, and nothing was decided about it
    data = _lowest_first(data)
    data = _with_homes(context, data, decisions)
    return _each_memory(data, lambda memory, needs: _narrow(_complete_ports(memory, needs)))


def _memories(data: Data) -> Data:
    memories = data.get("memories")
    return memories if isinstance(memories, Mapping) else {}


def _each_memory(data: Data, repair: Callable[[Value, Needs], Value]) -> Data:
    needs = needed_by_name(read_hierarchy(data))
    repaired: Data = {name: repair(memory, needs.get(str(name), {})) for name, memory in _memories(data).items()}
    return {**data, "memories": repaired}


def _changed(data: Data, name: str, changes: Data) -> Data:
    """The accelerator with other values for some fields of one memory."""
    memories: Data = {
        key: {**memory, **changes} if str(key) == name and isinstance(memory, Mapping) else memory
        for key, memory in _memories(data).items()
    }
    return {**data, "memories": memories}


def _with_defaults(data: Data) -> Data:
    memories: Data = {name: _memory_with_defaults(memory) for name, memory in _memories(data).items()}
    array = data.get("operational_array")
    filled: Data = {"operational_array": _filled(array, ARRAY_DEFAULTS)} if isinstance(array, Mapping) else {}
    return {**data, "memories": memories, **filled}


def _memory_with_defaults(memory: Value) -> Value:
    if not isinstance(memory, Mapping):
        return memory
    filled = _filled(memory, OLD_DEFAULTS if is_old_memory(memory) else MEMORY_DEFAULTS)
    if "ports" not in filled and is_old_memory(memory):
        return {**filled, "ports": _dealt(filled)}
    return filled


def _filled(entry: Data, defaults: Data) -> Data:
    return {**entry, **{name: value for name, value in defaults.items() if name not in entry}}


def _dealt(memory: Data) -> list[Data]:
    """An entry for each operand of an older memory: its ports in turn, reads from read ports, writes to write ports."""
    names = declared_ports(memory)
    reads = [name for name in names if not name.startswith("w_")] or list(names)
    writes = [name for name in names if not name.startswith("r_")] or list(names)
    entries: list[Data] = []
    for number, operand in enumerate(_list(memory, "operands")):
        read, write = reads[number % len(reads)], writes[number % len(writes)]
        up = {"fl": write, "th": read} if operand == "O" else {}
        entries.append({"fh": write, "tl": read, **up})
    return entries


def _list(memory: Data, field: str) -> list[Value]:
    value = memory.get(field)
    return value if isinstance(value, list) else []


def _in_port_based_format(data: Data) -> Data:
    """Converted, after the counts of ports were raised to what is used; unchanged where that is not enough."""
    memories: Data = {name: _convertible(memory) for name, memory in _memories(data).items()}
    try:
        converted = to_port_based({**data, "memories": memories}, keep_idle_ports=True)
    except InputError:
        return data
    return converted if isinstance(converted, Mapping) else data


def _convertible(memory: Value) -> Value:
    if not is_old_memory(memory) or not isinstance(memory.get("ports"), list):
        return memory
    ports = _list(memory, "ports")
    missing = len(_list(memory, "operands")) - len(ports)
    empty: list[Data] = [{} for _ in range(missing)]
    filled: dict[Key, Value] = {**memory, "ports": [*ports, *empty]}
    counts: dict[Key, int] = {}
    for name in used_ports(filled):
        kind, _, number = name.partition("_port_")
        declared = filled.get(f"{kind}_port")
        if number.isdigit() and isinstance(declared, int):
            counts[f"{kind}_port"] = max(int(number), counts.get(f"{kind}_port", 0), declared)
    filled |= counts
    unwritable = filled.get("w_port") == 0 and filled.get("rw_port") == 0
    return {**filled, "w_port": 1} if unwritable else filled


def _lowest_first(data: Data) -> Data:
    """Memories sorted by size, where a larger one stands before a smaller one of the same operand."""
    if not any(memory_order(AcceleratorContext(accelerator=YamlSource("", "", data, {})))):
        return data
    order = [memory.name for memory in read_hierarchy(data).lowest_first()]
    by_name = {str(name): (name, memory) for name, memory in _memories(data).items()}
    return {**data, "memories": dict(by_name[name] for name in order)}


@dataclass
class _ServingPort:
    """A port of the file, and what it serves once that is repaired."""

    port: Data
    allocation: list[str]


def _complete_ports(memory: Value, needs: Needs) -> Value:
    """Every direction that each operand needs, on the port that serves its kind already, else on a new one."""
    given = memory.get("ports") if isinstance(memory, Mapping) else None
    if not isinstance(memory, Mapping) or not isinstance(given, list):
        return memory
    ports = [_ServingPort(port, _sensible(memory, port)) for port in given if isinstance(port, Mapping)]
    for operand, directions in needs.items():
        for direction in directions:
            if not any(f"{operand}, {direction}" in port.allocation for port in ports):
                _port_for(ports, operand, direction).allocation.append(f"{operand}, {direction}")
    written: list[Data] = [{**one.port, "allocation": one.allocation} for one in ports if one.allocation]
    return {**memory, "ports": written}


def _sensible(memory: Data, port: Data) -> list[str]:
    """The allocation without other memories' operands, impossible directions and inputs that come from below."""
    wrong = {"read": WRITES, "write": ("tl", "th")}.get(str(port.get("type")), ())
    kept: list[str] = []
    for allocation in _list(port, "allocation"):
        operand, _, direction = str(allocation).partition(", ")
        if operand != "O":
            direction = {"fl": "fh", "th": "tl"}.get(direction, direction)
        if operand in _list(memory, "operands") and direction not in wrong:
            kept.append(f"{operand}, {direction}")
    return list(dict.fromkeys(kept))


def _port_for(ports: list[_ServingPort], operand: str, direction: str) -> _ServingPort:
    """A port of the right kind: the operand's own, else an idle one, else the first, else a new one."""
    kind = "write" if direction in WRITES else "read"
    fitting = [one for one in ports if one.port.get("type") in (kind, "read_write")]
    own = [one for one in fitting if any(served.startswith(f"{operand}, ") for served in one.allocation)]
    idle = [one for one in fitting if not one.allocation]
    for choice in (own, idle, fitting):
        if choice:
            return choice[0]
    like: Data = ports[0].port if ports else {}
    widths: Data = {end: like.get(end, DRAM_BANDWIDTH) for end in ("bandwidth_min", "bandwidth_max")}
    ports.append(_ServingPort({"name": f"{kind[0]}_port_1", "type": kind, **widths}, []))
    return ports[-1]


def _narrow(memory: Value) -> Value:
    """No port wider than its memory."""
    size = memory.get("size") if isinstance(memory, Mapping) else None
    if not isinstance(memory, Mapping) or not isinstance(size, int) or not isinstance(memory.get("ports"), list):
        return memory
    return {**memory, "ports": [_narrowed(port, size) for port in _list(memory, "ports")]}


def _narrowed(port: Value, size: int) -> Value:
    if not isinstance(port, Mapping):
        return port
    widths = {end: port.get(end) for end in ("bandwidth_min", "bandwidth_max")}
    narrowed: Data = {end: min(width, size) for end, width in widths.items() if isinstance(width, int | float)}
    return {**port, **narrowed}


def _with_homes(context: Context, data: Data, decisions: Decisions) -> Data:
    """Operands get a home that is there, is shared, and is large enough, as far as the user decided how."""
    for operand in OPERANDS:
        if not read_hierarchy(data).levels(operand) and "no-memory" in decisions:
            data = _add_home(data, (operand,), decisions["no-memory"])
    held = [{memory.name for memory in read_hierarchy(data).levels(operand)} for operand in ("I1", "O")]
    if not held[0] & held[1] and "no-common-level" in decisions:
        data = _add_home(data, ("I1", "O"), decisions["no-common-level"])
    for _ in range(len(_memories(data)) + 1):
        crowded = _crowded(context, data)
        if not crowded or "capacity" not in decisions:
            break
        memory, operands, bits = crowded
        choice = decisions["capacity"]
        data = _enlarged(data, memory, bits) if choice == "enlarge" else _add_home(data, operands, choice, above=memory)
    return data


def _crowded(context: Context, data: Data) -> tuple[Memory, tuple[str, ...], int] | None:
    """The first memory that cannot hold what has its home there: its operands, and the bits of the largest layer."""
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
    return _changed(data, memory.name, {"size": 1 << (bits - 1).bit_length()})


def _add_home(data: Data, operands: tuple[str, ...], choice: str, above: Memory | None = None) -> Data:
    """The operands in the largest memory that is there (`extend`), or in a DRAM above everything (`add-dram`)."""
    if choice == "add-dram":
        return {**data, "memories": {**_memories(data), _free_name(data, "dram"): _dram(data)}}
    largest = read_hierarchy(data).lowest_first()[-1]
    if above is not None and (largest.size or 0) <= (above.size or 0):
        return data
    held = _list(largest.raw, "operands")
    return _changed(data, largest.name, {"operands": [*held, *(one for one in operands if one not in held)]})


def _dram(data: Data) -> Data:
    directions = {operand: ("fh", "tl", "fl", "th") if operand == "O" else ("fh", "tl") for operand in OPERANDS}
    port: Data = {
        "name": "rw_port_1",
        "type": "read_write",
        "bandwidth_min": DRAM_BANDWIDTH,
        "bandwidth_max": DRAM_BANDWIDTH,
        "allocation": [f"{operand}, {direction}" for operand, ds in directions.items() for direction in ds],
    }
    return {**DRAM, "operands": list(OPERANDS), "ports": [port], "served_dimensions": list(read_hierarchy(data).array)}


def _free_name(data: Data, name: str) -> str:
    taken = set(map(str, _memories(data)))
    return next(free for free in (name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))) if free not in taken)
