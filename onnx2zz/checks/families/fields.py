"""Fields: missing, unknown, of the wrong type; and what YAML made of the text."""

from collections.abc import Iterator, Mapping

from onnx2zz.checks import formats
from onnx2zz.checks.accelerator_data import list_of, memories_of
from onnx2zz.checks.check import AcceleratorRepair, Check, Predicts, of_any_file
from onnx2zz.checks.context import Context
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.checks.formats import Format
from onnx2zz.files.document import Data, Value, is_mapping
from onnx2zz.formats.accelerator_schema import OLD_FIELDS, declared_ports, is_old_memory
from onnx2zz.formats.foreign_keys import EARLIER_NAMES, today
from onnx2zz.formats.quantity import in_bits
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.yaml_source import Path_, YamlSource

INVALID = {
    "accelerator": "ValueError: Failed to validate provided accelerator",
    "mapping": "ValueError: Failed to validate user provided mapping.",
    "workload": "ValueError: Failed to validate user provided workload.",
}
# fields that ZigZag's validator lets go, and its code asks for
KEY_ERRORS = {
    "ports": "KeyError: 'ports'",
    "unit_energy": "KeyError: 'unit_energy'",
    "unit_area": "KeyError: 'unit_area'",
}
Part = tuple[Path_, Value, Format]


def yaml_traps(context: Context) -> Iterator[Finding]:
    """Syntax errors, and what YAML 1.1 reads otherwise than it looks."""
    for source in (*context.unreadable, *context.sources):
        for trap in source.traps:
            yield Finding(
                code="yaml",
                severity="error" if trap.fatal else "warning",
                file=source.path,
                line=trap.mark.line,
                column=trap.mark.column,
                message=trap.what,
                zigzag="an exception of the YAML reader, or of whatever meets the data"
                if trap.fatal
                else "nothing: it takes the value that YAML gives",
                fix=trap.way_out,
            )


def fields(context: Context) -> Iterator[Finding]:
    """Missing and unknown fields and values of the wrong type, everywhere in the three files."""
    for kind, source, parts in (
        ("accelerator", context.accelerator and today("accelerator", context.accelerator), accelerator_parts),
        ("mapping", context.mapping and today("mapping", context.mapping), mapping_parts),
        ("workload", context.workload, workload_parts),
    ):
        # Behind a syntax error there are no data, and everything would be missing.
        if source and not any(trap.fatal for trap in source.traps):
            for place, value, form in parts(source.data):
                yield from _judge(source, kind, place, value, form)


def accelerator_parts(data: Value) -> Iterator[Part]:
    """Every mapping of an accelerator file with the format that it should have."""
    # A part that is no mapping is handed out all the same: the formats say so, with its place. Only what should lie
    # inside it cannot be looked at.
    yield (), data, formats.ACCELERATOR
    if not isinstance(data, Mapping):
        return
    array = data.get("operational_array")
    if "operational_array" in data:
        # An array that computes in memory has other fields; by the wrong list half of them would be unknown.
        is_imc = isinstance(array, Mapping) and array.get("is_imc") is True
        yield ("operational_array",), array, formats.IMC_ARRAY if is_imc else formats.ARRAY
    memories = data.get("memories")
    for name, memory in memories.items() if isinstance(memories, Mapping) else ():
        old = is_old_memory(memory)
        yield ("memories", name), _with_costs(memory), formats.OLD_MEMORY if old else formats.MEMORY
        ports = memory.get("ports") if isinstance(memory, Mapping) else None
        for index, port in enumerate(ports if isinstance(ports, list) else ()):
            yield ("memories", name, "ports", index), port, formats.OLD_PORT if old else formats.PORT


def _with_costs(memory: Value) -> Value:
    """CACTI gives the costs when asked to: then they need not be there."""
    if isinstance(memory, Mapping) and memory.get("auto_cost_extraction") is True:
        return {"r_cost": None, "w_cost": None, "area": None, **memory}
    return memory


def mapping_parts(data: Value) -> Iterator[Part]:
    """Every mapping of a mapping file with the format that it should have."""
    for index, entry in enumerate(data if isinstance(data, list) else ()):
        yield (index,), entry, formats.MAPPING
        if isinstance(entry, Mapping) and "memory_operand_links" in entry:
            yield (index, "memory_operand_links"), entry["memory_operand_links"], formats.LINKS


def workload_parts(data: Value) -> Iterator[Part]:
    """Every mapping of a workload file with the format that it should have."""
    for index, entry in enumerate(data if isinstance(data, list) else ()):
        yield (index,), entry, formats.LAYER
        for name, form in (("operand_precision", formats.PRECISION), ("operand_source", formats.SOURCE)):
            if isinstance(entry, Mapping) and name in entry:
                yield (index, name), entry[name], form


def _judge(source: YamlSource, kind: str, place: Path_, value: Value, form: Format) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield _wrong_type(source, kind, place, value, (dict,))
        return
    for name in form.required:
        if name not in value:
            yield _missing(source, kind, place, name)
    for name, content in value.items():
        types = form.known.get(str(name))
        if types is None:
            yield _unknown(source, kind, place, value, str(name), form)
        elif not _fits(content, types):
            yield _wrong_type(source, kind, (*place, name), content, types)


def _fits(content: Value, types: formats.Types) -> bool:
    # True is an int to Python and none to ZigZag's cerberus.
    return isinstance(content, types) and (bool in types or not isinstance(content, bool))


def _missing(source: YamlSource, kind: str, place: Path_, name: str) -> Finding:
    owner = f"{place[-1]}" if place else kind
    return finding(
        "missing-field",
        "error",
        source,
        place,
        f"{owner} lacks {name}" + (": no port is allocated to any operand" if name == "ports" else ""),
        zigzag=KEY_ERRORS.get(name, INVALID[kind]),
        fix=f"add {name}: --decide missing-field=default gives {DEFAULTS.get(name, 'no value for it')}",
    )


DEFAULTS = {
    "area": "0 (area is then not counted)",
    "rw_port": "0",
    "unit_energy": "0 (MACs then cost no energy)",
    "unit_area": "0 (area is then not counted)",
    "latency": "1 cycle",
    "ports": "one read and one write port for each declared one, operands dealt to them in turn",
}


def _unknown(source: YamlSource, kind: str, place: Path_, value: Value, name: str, form: Format) -> Finding:
    owner = f"{place[-1]}" if place else kind
    said = f"{owner} has the unknown field {name}" + did_you_mean(name, form.known)
    fix = "remove it" if not did_you_mean(name, form.known) else "rename it"
    # A left-over of a conversion by hand: "rename it" would be the wrong advice.
    if form is formats.MEMORY and name in OLD_FIELDS:
        said = f"{owner} has {name}, a field of the format up to 3.8.1, beside ports of today's, which say all of it"
        fix = f"remove it, if the ports are right (--fix does): {ports_say(value)}"
    elif name in EARLIER_NAMES:
        said = f"{owner} has {name}, which is called {EARLIER_NAMES[name]} today and stands here under both names"
        fix = f"remove one of the two (--fix keeps {EARLIER_NAMES[name]})"
    return finding("unknown-field", "error", source, (*place, name), said, zigzag=INVALID[kind], fix=fix)


def ports_say(memory: Value) -> str:
    """The bandwidths of a memory's ports, in bit/cycle."""
    ports = list_of(memory, "ports") if is_mapping(memory) else []
    widths = (f"{port.get('name')} moves {port.get('bandwidth_max')}" for port in ports if is_mapping(port))
    return ", ".join(widths) + " bit/cycle"


def _wrong_type(source: YamlSource, kind: str, place: Path_, value: Value, types: formats.Types) -> Finding:
    wanted = " or ".join(
        {"NoneType": "nothing", "str": "text", "dict": "a mapping"}.get(t.__name__, t.__name__) for t in types
    )
    what = f"{place[-1]}" if place else kind
    # `size: 16KB` is what a data sheet says, and the commonest text where a number is wanted.
    bits = in_bits(value) if isinstance(value, str) and types == formats.INT else None
    return finding(
        "yaml",
        "error",
        source,
        place,
        f"{what} is {value!r:.60} ({type(value).__name__}), where ZigZag takes {wanted}",
        zigzag=INVALID[kind],
        fix=f"write {wanted}"
        if bits is None
        else f"write {bits}: ZigZag's sizes are bits, and {value} is {bits:,} of them",
    )


ARRAY_DEFAULTS: Data = {"unit_energy": 0, "unit_area": 0}
MEMORY_DEFAULTS: Data = {"latency": 1, "area": 0}
OLD_DEFAULTS: Data = {**MEMORY_DEFAULTS, "r_port": 1, "w_port": 1, "rw_port": 0}


def with_defaults(context: Context, data: Data, choice: str) -> Data:
    """Missing fields get the values that count for nothing."""
    memories: Data = {name: _memory_with_defaults(memory) for name, memory in memories_of(data).items()}
    array = data.get("operational_array")
    filled: Data = {"operational_array": _filled(array, ARRAY_DEFAULTS)} if isinstance(array, Mapping) else {}
    return {**data, "memories": memories, **filled}


def _memory_with_defaults(memory: Value) -> Value:
    if not isinstance(memory, Mapping):
        return memory
    filled = _filled(memory, OLD_DEFAULTS if is_old_memory(memory) else MEMORY_DEFAULTS)
    # Only the older format says which ports there are apart from what uses them.
    if "ports" not in filled and is_old_memory(memory):
        return {**filled, "ports": _dealt(filled)}
    return filled


def without_leftovers(context: Context, data: Data, choice: str) -> Data:
    """Memories and an array of today's format lose the fields of before that stand beside today's."""
    array = data.get("operational_array")
    memories: Data = {name: _memory_of_today(memory) for name, memory in memories_of(data).items()}
    kept: Data = {"operational_array": _without_earlier_names(array)} if is_mapping(array) else {}
    return {**_without_earlier_names(data), "memories": memories, **kept}


def _memory_of_today(memory: Value) -> Value:
    if not is_mapping(memory) or is_old_memory(memory):
        return memory
    return {name: value for name, value in memory.items() if name not in OLD_FIELDS or "ports" not in memory}


def _without_earlier_names(entry: Data) -> Data:
    return {name: value for name, value in entry.items() if EARLIER_NAMES.get(str(name)) not in entry}


def _filled(entry: Data, defaults: Data) -> Data:
    return {**entry, **{name: value for name, value in defaults.items() if name not in entry}}


def _dealt(memory: Data) -> list[Data]:
    """An entry for each operand of an older memory: its ports in turn, reads from read ports, writes to write ports."""
    names = declared_ports(memory)
    # A memory with one kind of port only gets a wrong direction here, which `port-direction` then names with its line.
    reads = [name for name in names if not name.startswith("w_")] or list(names)
    writes = [name for name in names if not name.startswith("r_")] or list(names)
    entries: list[Data] = []
    for number, operand in enumerate(list_of(memory, "operands")):
        # In turn, since nobody said which operand has which; equal shares are the only guess that favours none.
        read, write = reads[number % len(reads)], writes[number % len(writes)]
        up = {"fl": write, "th": read} if operand == "O" else {}
        entries.append({"fh": write, "tl": read, **up})
    return entries


FIELDS = of_any_file(fields, order=20)
CHECKS = (
    Check(
        code="yaml",
        severity="error",
        meaning="syntax error; a spelling that YAML 1.1 reads as something else (`no`, `010`, `1e10`, `1:30`, a key "
        "given twice); a value of the wrong type",
        zigzag="an exception of the YAML reader or of its validators; nothing where it takes the value that YAML gives",
        way_out="write the value so that YAML reads it as it is meant, in quotes where it is text",
        rules=(of_any_file(yaml_traps, order=10), FIELDS),
        exceptions=(
            Predicts("validate provided accelerator"),
            Predicts("validate user provided mapping"),
            Predicts("validate user provided workload"),
        ),
    ),
    Check(
        code="missing-field",
        severity="error",
        meaning="a field that ZigZag requires and that is not there",
        zigzag="ValueError: Failed to validate, or KeyError with the field",
        way_out="add the field, or take the value that counts for nothing: --decide missing-field=default",
        rules=(FIELDS,),
        exceptions=(
            Predicts("validate provided accelerator", likeliest=True),
            Predicts("validate user provided mapping"),
            Predicts("validate user provided workload"),
            Predicts("KeyError"),
            Predicts(stage="accelerator", likeliest=True),
        ),
        repairs=(
            AcceleratorRepair(
                10,
                with_defaults,
                choices={
                    "default": "areas and MAC energy 0 (they are then not counted), latency 1, no further ports; a "
                    "memory without ports gets those that it declares, its operands dealt to them in turn",
                },
                port_based=False,
            ),
        ),
    ),
    Check(
        code="unknown-field",
        severity="error",
        meaning="a field that ZigZag does not know, with the likely meaning",
        zigzag="ValueError: Failed to validate",
        way_out="rename it, or remove it; --fix removes what is left over from an earlier format",
        rules=(FIELDS,),
        repairs=(AcceleratorRepair(15, without_leftovers, port_based=False),),
        exceptions=(
            Predicts("validate provided accelerator"),
            Predicts("validate user provided mapping"),
            Predicts("validate user provided workload"),
        ),
    ),
)
