"""Fields: missing, unknown, of the wrong type; and what YAML made of the text."""

from collections.abc import Iterator, Mapping

from onnx2zz.checks import formats
from onnx2zz.checks.context import AcceleratorContext, Context
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.checks.formats import Format
from onnx2zz.checks.spelling import did_you_mean
from onnx2zz.files.document import Data, Value
from onnx2zz.formats.accelerator_schema import is_old_memory
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
        ("accelerator", context.accelerator, accelerator_parts),
        ("mapping", context.mapping, mapping_parts),
        ("workload", context.workload, workload_parts),
    ):
        if source and not any(trap.fatal for trap in source.traps):
            for place, value, form in parts(source.data):
                yield from _judge(source, kind, place, value, form)


def accelerator_parts(data: Value) -> Iterator[Part]:
    """Every mapping of an accelerator file with the format that it should have."""
    yield (), data, formats.ACCELERATOR
    if not isinstance(data, Mapping):
        return
    array = data.get("operational_array")
    if "operational_array" in data:
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
            yield _unknown(source, kind, place, str(name), form)
        elif not _fits(content, types):
            yield _wrong_type(source, kind, (*place, name), content, types)


def _fits(content: Value, types: formats.Types) -> bool:
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


def _unknown(source: YamlSource, kind: str, place: Path_, name: str, form: Format) -> Finding:
    owner = f"{place[-1]}" if place else kind
    return finding(
        "unknown-field",
        "error",
        source,
        (*place, name),
        f"{owner} has the unknown field {name}" + did_you_mean(name, form.known),
        zigzag=INVALID[kind],
        fix="remove it" if not did_you_mean(name, form.known) else "rename it",
    )


def _wrong_type(source: YamlSource, kind: str, place: Path_, value: Value, types: formats.Types) -> Finding:
    wanted = " or ".join(
        {"NoneType": "nothing", "str": "text", "dict": "a mapping"}.get(t.__name__, t.__name__) for t in types
    )
    what = f"{place[-1]}" if place else kind
    return finding(
        "yaml",
        "error",
        source,
        place,
        f"{what} is {value!r:.60} ({type(value).__name__}), where ZigZag takes {wanted}",
        zigzag=INVALID[kind],
        fix=f"write {wanted}",
    )


def old_schema(context: AcceleratorContext) -> Iterator[Finding]:
    """The accelerator format that zigzag-dse 3.8.1 took."""
    source = context.accelerator
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
        if memory.old and any(port.kind == "read_write" for port in memory.ports):
            yield from _lost_write_bandwidth(source, memory.place, memory.raw)


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
