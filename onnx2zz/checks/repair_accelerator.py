"""Repairs of an accelerator, data to data: what has one sensible cure, and what the user decided.

All of them work on the port-based format, except those that make the older one convertible.
"""

from collections.abc import Mapping
from typing import Any

from onnx2zz.checks.context import Context
from onnx2zz.checks.decisions import Decisions
from onnx2zz.checks.homes import at_home, bits_at_home
from onnx2zz.checks.memories import OPERANDS, Memory, needed_by_name, read_hierarchy
from onnx2zz.checks.memory_order import memory_order
from onnx2zz.formats.accelerator_schema import declared_ports, is_old_memory, is_old_schema, to_port_based, used_ports

ARRAY_DEFAULTS = {"unit_energy": 0, "unit_area": 0}
MEMORY_DEFAULTS = {"latency": 1, "area": 0}
OLD_DEFAULTS = {**MEMORY_DEFAULTS, "r_port": 1, "w_port": 1, "rw_port": 0}
# zigzag inputs/hardware/*.yaml: the DRAM that all of ZigZag's own accelerators have
DRAM = {"size": 10_000_000_000, "r_cost": 700, "w_cost": 750, "area": 0, "latency": 1}
DRAM_BANDWIDTH = 64  # bit/cycle
WRITES = ("fh", "fl")


def repaired_accelerator(context: Context, decisions: Decisions) -> Any:
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


def _each_memory(data: Mapping[str, Any], repair: Any) -> dict[str, Any]:
    needs = needed_by_name(read_hierarchy(data))
    memories = data["memories"].items()
    return {**data, "memories": {name: repair(memory, needs.get(str(name), {})) for name, memory in memories}}


def _with_defaults(data: Mapping[str, Any]) -> dict[str, Any]:
    array = data.get("operational_array")
    memories = {name: _memory_with_defaults(memory) for name, memory in data["memories"].items()}
    return {**data, "memories": memories, "operational_array": _filled(array, ARRAY_DEFAULTS)}


def _memory_with_defaults(memory: Any) -> Any:
    if not isinstance(memory, Mapping):
        return memory
    filled = _filled(memory, OLD_DEFAULTS if is_old_memory(memory) else MEMORY_DEFAULTS)
    if "ports" not in filled and is_old_memory(memory):
        return {**filled, "ports": _dealt(filled)}
    return filled


def _filled(entry: Any, defaults: Mapping[str, Any]) -> Any:
    return {**entry, **{name: value for name, value in defaults.items() if name not in entry}}


def _dealt(memory: Mapping[str, Any]) -> list[dict[str, str]]:
    """An entry for each operand of an older memory: its ports in turn, reads from read ports, writes to write ports."""
    names = declared_ports(memory)
    reads = [name for name in names if not name.startswith("w_")] or list(names)
    writes = [name for name in names if not name.startswith("r_")] or list(names)
    entries: list[dict[str, str]] = []
    for number, operand in enumerate(memory.get("operands") or ()):
        read, write = reads[number % len(reads)], writes[number % len(writes)]
        up = {"fl": write, "th": read} if operand == "O" else {}
        entries.append({"fh": write, "tl": read, **up})
    return entries


def _in_port_based_format(data: Mapping[str, Any]) -> Any:
    """Converted, after the counts of ports were raised to what is used; unchanged where that is not enough."""
    memories = {name: _convertible(memory) for name, memory in data["memories"].items()}
    from onnx2zz.errors import InputError

    try:
        return to_port_based({**data, "memories": memories}, keep_idle_ports=True)
    except InputError:
        return data


def _convertible(memory: Any) -> Any:
    if not is_old_memory(memory) or not isinstance(memory.get("ports"), list):
        return memory
    missing = len(memory.get("operands") or ()) - len(memory["ports"])
    filled = {**memory, "ports": [*memory["ports"], *({} for _ in range(missing))]}
    counts: dict[str, int] = {}
    for name in used_ports(filled):
        kind, _, number = name.partition("_port_")
        if number.isdigit() and isinstance(filled.get(f"{kind}_port"), int):
            counts[f"{kind}_port"] = max(int(number), counts.get(f"{kind}_port", 0), filled[f"{kind}_port"])
    filled = {**filled, **counts}
    unwritable = filled.get("w_port") == 0 and filled.get("rw_port") == 0
    return {**filled, "w_port": 1} if unwritable else filled


def _lowest_first(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Memories sorted by size, where a larger one stands before a smaller one of the same operand."""
    from onnx2zz.formats.yaml_source import YamlSource

    source = YamlSource("", "", data, {})
    if not any(memory_order(Context(accelerator=source))):
        return data
    order = [memory.name for memory in read_hierarchy(data).lowest_first()]
    by_name = {str(name): (name, memory) for name, memory in data["memories"].items()}
    return {**data, "memories": dict(by_name[name] for name in order)}


def _complete_ports(memory: Any, needs: Mapping[str, tuple[str, ...]]) -> Any:
    """Every direction that each operand needs, on the port that serves its kind already, else on a new one."""
    if not isinstance(memory, Mapping) or not isinstance(memory.get("ports"), list):
        return memory
    ports = [{**port, "allocation": _sensible(memory, port)} for port in memory["ports"]]
    for operand, directions in needs.items():
        for direction in directions:
            if not any(f"{operand}, {direction}" in port["allocation"] for port in ports):
                port = _port_for(ports, memory, operand, direction)
                port["allocation"] = [*port["allocation"], f"{operand}, {direction}"]
    return {**memory, "ports": [port for port in ports if port["allocation"]]}


def _sensible(memory: Mapping[str, Any], port: Mapping[str, Any]) -> list[str]:
    """The allocation without other memories' operands, impossible directions and inputs that come from below."""
    wrong = {"read": WRITES, "write": ("tl", "th")}.get(str(port.get("type")), ())
    kept: list[str] = []
    for allocation in port.get("allocation") or ():
        operand, _, direction = str(allocation).partition(", ")
        if operand != "O":
            direction = {"fl": "fh", "th": "tl"}.get(direction, direction)
        if operand in memory.get("operands", ()) and direction not in wrong:
            kept.append(f"{operand}, {direction}")
    return list(dict.fromkeys(kept))


def _port_for(ports: list[dict[str, Any]], memory: Mapping[str, Any], operand: str, direction: str) -> dict[str, Any]:
    """A port of the right kind: the operand's own, else an idle one, else the first, else a new one."""
    kind = "write" if direction in WRITES else "read"
    fitting = [port for port in ports if port.get("type") in (kind, "read_write")]
    own = [port for port in fitting if any(a.startswith(f"{operand}, ") for a in port["allocation"])]
    idle = [port for port in fitting if not port["allocation"]]
    for choice in (own, idle, fitting):
        if choice:
            return choice[0]
    widths = {end: ports[0][end] if ports else DRAM_BANDWIDTH for end in ("bandwidth_min", "bandwidth_max")}
    ports.append({"name": f"{kind[0]}_port_1", "type": kind, **widths, "allocation": []})
    return ports[-1]


def _narrow(memory: Any) -> Any:
    """No port wider than its memory."""
    if not isinstance(memory, Mapping) or not isinstance(memory.get("size"), int):
        return memory
    ends = ("bandwidth_min", "bandwidth_max")
    ports = [
        {**port, **{end: min(port[end], memory["size"]) for end in ends if end in port}} for port in memory["ports"]
    ]
    return {**memory, "ports": ports}


def _with_homes(context: Context, data: Mapping[str, Any], decisions: Decisions) -> Mapping[str, Any]:
    """Operands get a home that is there, is shared, and is large enough, as far as the user decided how."""
    for operand in OPERANDS:
        if not read_hierarchy(data).levels(operand) and "no-memory" in decisions:
            data = _add_home(data, (operand,), decisions["no-memory"])
    held = [{memory.name for memory in read_hierarchy(data).levels(operand)} for operand in ("I1", "O")]
    if not held[0] & held[1] and "no-common-level" in decisions:
        data = _add_home(data, ("I1", "O"), decisions["no-common-level"])
    for _ in range(len(data["memories"]) + 1):
        crowded = _crowded(context, data)
        if not crowded or "capacity" not in decisions:
            break
        memory, operands, bits = crowded
        choice = decisions["capacity"]
        data = _enlarged(data, memory, bits) if choice == "enlarge" else _add_home(data, operands, choice, above=memory)
    return data


def _crowded(context: Context, data: Mapping[str, Any]) -> tuple[Memory, tuple[str, ...], int] | None:
    """The first memory that cannot hold what has its home there: its operands, and the bits of the largest layer."""
    from dataclasses import replace

    from onnx2zz.formats.yaml_source import YamlSource

    judged = replace(context, accelerator=YamlSource("", "", data, {}))
    for memory in judged.hierarchy.lowest_first():
        held = at_home(judged.hierarchy, memory)
        needs = [(layer, bits_at_home(layer, judged.links(layer), held)) for layer in judged.layers_as_meant]
        over = [(layer, need) for layer, need in needs if sum(need.values()) > (memory.size or 0)]
        if over:
            operands = {judged.memory_operand(layer, operand) for layer, need in over for operand in need}
            return memory, tuple(sorted(operands)), max(sum(need.values()) for _, need in over)
    return None


def _enlarged(data: Mapping[str, Any], memory: Memory, bits: int) -> Mapping[str, Any]:
    size = 1 << (bits - 1).bit_length()
    return {**data, "memories": {**data["memories"], memory.name: {**data["memories"][memory.name], "size": size}}}


def _add_home(
    data: Mapping[str, Any], operands: tuple[str, ...], choice: str, above: Memory | None = None
) -> Mapping[str, Any]:
    """The operands in the largest memory that is there (`extend`), or in a DRAM above everything (`add-dram`)."""
    if choice == "add-dram":
        return {**data, "memories": {**data["memories"], _free_name(data, "dram"): _dram(data)}}
    largest = read_hierarchy(data).lowest_first()[-1]
    if above is not None and (largest.size or 0) <= (above.size or 0):
        return data
    raw = data["memories"][largest.name]
    extended = {**raw, "operands": [*raw["operands"], *(o for o in operands if o not in raw["operands"])]}
    return {**data, "memories": {**data["memories"], largest.name: extended}}


def _dram(data: Mapping[str, Any]) -> dict[str, Any]:
    directions = {operand: ("fh", "tl", "fl", "th") if operand == "O" else ("fh", "tl") for operand in OPERANDS}
    port = {
        "name": "rw_port_1",
        "type": "read_write",
        "bandwidth_min": DRAM_BANDWIDTH,
        "bandwidth_max": DRAM_BANDWIDTH,
        "allocation": [f"{operand}, {direction}" for operand, ds in directions.items() for direction in ds],
    }
    return {**DRAM, "operands": list(OPERANDS), "ports": [port], "served_dimensions": list(read_hierarchy(data).array)}


def _free_name(data: Mapping[str, Any], name: str) -> str:
    taken = set(map(str, data["memories"]))
    return next(free for free in (name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))) if free not in taken)
