"""An accelerator of ZigZag's classes (before 2024-05) as today's accelerator file.

Ports follow from the numbers of ports and the allocation, as in the YAML of 2024: accelerator_schema.py has that part.
Sources: zigzag-dse 2.5.3 classes/hardware/architecture/memory_level.py (ports, served dimensions),
memory_hierarchy.py:57-80 (allocation where none is given); zigzag 3.9.1 parser/accelerator_validator.py.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from onnx2zz.conversion.converted import Converted
from onnx2zz.conversion.python.expressions import call_function
from onnx2zz.conversion.python.mapping import unrolled
from onnx2zz.conversion.python.plain import Figures
from onnx2zz.conversion.python.signatures import ADD_MEMORY, UNSAID, arguments, bound, is_set_of_cores
from onnx2zz.conversion.python.statements import PythonFile
from onnx2zz.conversion.python.values import Built, Call, Function, Unknown, is_dict, items_of
from onnx2zz.errors import raise_if_any
from onnx2zz.files.document import Data, Key, Value, is_tuple
from onnx2zz.formats.accelerator_schema import to_port_based
from onnx2zz.formats.allocation import DIRECTIONS, OPERANDS

CELLS = "cells"
"""What ZigZag calls the memory whose cells compute (parser/accelerator_factory.py)."""
COSTS = ("r_cost", "w_cost", "area")
CACTI = ("get_cacti_cost", "get_w_cost_per_weight_from_cacti")
DIMENSION = re.compile(r"D\d")
ARRAYS = ("MultiplierArray", "OperationalArray", "ImcArray")


def read_accelerator(file: PythonFile, name: str) -> Converted | None:
    """The accelerator that the file makes; None where it makes none. `name` is what it is called where it says nothing.

    Raises InputError with everything that is only known in a run, or that no file of today can say.
    """
    accelerators = [one for one in file.built if one.kind == "Accelerator"]
    cores = [one for one in file.built if one.kind == "Core"]
    figures = Figures(file)
    if accelerators:
        found = _accelerator(accelerators[-1], figures, name)
    elif cores:
        found = _core(cores[-1], figures, name)
    else:
        hierarchy = _hierarchy(file)
        if hierarchy is None:
            return None
        found = _parts(arguments(hierarchy).get("operational_array"), hierarchy, figures, name, hierarchy.line)
    raise_if_any(figures.problems)
    return Converted("accelerator", to_port_based(found), tuple(figures.notes))


def _hierarchy(file: PythonFile) -> Built | None:
    """The file's memory hierarchy: one that it makes, or one that a function of it makes from an array that another
    makes."""
    made = [one for one in file.built if one.kind == "MemoryHierarchy"]
    if made:
        return made[-1]
    # Many files only define functions, which another file calls (as ZigZag's own inputs did): they are called here as
    # that file would, the hierarchy's with the array.
    functions = [one for one in file.names.values() if isinstance(one, Function)]
    arrays = [got for one in functions if (got := _called(file, one, ())) and got.kind in ARRAYS]
    for array in arrays[:1]:
        for one in functions:
            got = _called(file, one, (array,)) or _called(file, one, ())
            if got and got.kind == "MemoryHierarchy":
                return got
    return None


def _called(file: PythonFile, function: Function, given: tuple[object, ...]) -> Built | None:
    spec = function.definition.args
    needed = len(spec.posonlyargs) + len(spec.args) - len(spec.defaults)
    if needed != len(given):
        return None
    got = call_function(function, given, {}, getattr(function.definition, "lineno", 1), file.reading)
    return got if isinstance(got, Built) else None


def _accelerator(built: Built, figures: Figures, name: str) -> Data:
    given = arguments(built)
    called = given["name"] if isinstance(given["name"], str) and given["name"] else name
    cores = is_set_of_cores(given["core_set"])
    if cores is None:
        figures.known(given["core_set"], built.line, "the cores")
        if not figures.problems:
            figures.fault(built.line, "the accelerator has no set of cores", "give its core in a set")
        return {}
    if given["global_buffer"] is not None:
        figures.fault(built.line, "a global buffer beside the cores", "add it as the core's highest memory")
    if len(cores) != 1:
        what = f"an accelerator of {len(cores)} cores, and ZigZag prices one"
        figures.fault(built.line, what, "leave one core in the set, convert, and describe the system with `cores:`")
        return {}
    core = cores[0]
    if not isinstance(core, Built) or core.kind != "Core":
        figures.known(core, built.line, "the core")
        return {}
    return _core(core, figures, called)


def _core(core: Built, figures: Figures, name: str) -> Data:
    given = arguments(core)
    found = _parts(given["operational_array"], given["memory_hierarchy"], figures, name, core.line)
    dataflows = items_of(given["dataflows"]) or []
    if len(dataflows) == 1 and is_dict(dataflows[0]):
        return {**found, "dataflows": unrolled(dataflows[0], core.line, figures)}
    if dataflows:
        figures.notes.append(f"line {core.line}: {len(dataflows)} dataflows are left out: a file of today names one")
    return found


def _parts(array: object, hierarchy: object, figures: Figures, name: str, line: int) -> Data:
    if not isinstance(array, Built) or array.kind not in ARRAYS:
        figures.known(array, line, "the array")
        return {}
    if not isinstance(hierarchy, Built) or hierarchy.kind != "MemoryHierarchy":
        figures.known(hierarchy, line, "the memory hierarchy")
        return {}
    dimensions = {
        dim: figures.integer(size, array.line, f"the size of {dim}")
        for dim, size in figures.entries(arguments(array)["dimensions"], array.line, "the array's dimensions").items()
    }
    for dim in dimensions:
        if not DIMENSION.fullmatch(dim):
            figures.fault(array.line, f"an array dimension `{dim}`: ZigZag takes D1 to D9", "rename it")
    memories = _memories(hierarchy, tuple(dimensions), array, figures)
    return {"name": name, "operational_array": _array(array, dimensions, figures), "memories": memories}


def _array(array: Built, dimensions: Mapping[str, int], figures: Figures) -> Data:
    sizes: Data = {"dimensions": [*dimensions], "sizes": [*dimensions.values()]}
    given = arguments(array)
    if array.kind == "ImcArray":
        return {**_in_memory(array, figures), **sizes}
    unit = given["multiplier"]
    if not isinstance(unit, Built):
        figures.known(unit, array.line, "the array's unit")
        return sizes
    costs = arguments(unit)
    return {
        "unit_energy": figures.number(costs.get("energy_cost"), unit.line, "the energy of a unit"),
        "unit_area": figures.number(costs.get("area"), unit.line, "the area of a unit"),
        **sizes,
    }


def _in_memory(array: Built, figures: Figures) -> Data:
    """An array that computes in its memory: ZigZag's own figures of 28 nm stand for `tech_param` today."""
    given = figures.entries(arguments(array)["hd_param"], array.line, "hd_param")

    def asked(key: str) -> float:
        return figures.number(given.get(key, Unknown(f"`{key}` is not given", array.line)), array.line, key)

    first, second = [*sorted(figures.entries(arguments(array)["dimensions"], array.line, "the dimensions")), "", ""][:2]
    if (given.get("wordline_dimension", first), given.get("bitline_dimension", second)) != (first, second):
        figures.fault(array.line, "wordlines must lie along D1 and bitlines along D2 today", "exchange the dimensions")
    figures.notes.append(f"line {array.line}: tech_param is left out: ZigZag has figures of its own for 28 nm")
    analog = given.get("imc_type") == "analog"
    converter: Data = {"adc_resolution": asked("adc_resolution")} if analog else {}
    return {
        "is_imc": True,
        "imc_type": "analog" if analog else "digital",
        "input_precision": [int(asked("input_precision")), int(asked("weight_precision"))],
        "bit_serial_precision": asked("input_bit_per_cycle"),
        **converter,
    }


def _memories(hierarchy: Built, dimensions: tuple[str, ...], array: Built, figures: Figures) -> Data:
    found: dict[Key, Value] = {}
    calls = [call for call in hierarchy.calls if call.method == "add_memory"]
    unsaid = _served_where_unsaid(calls, dimensions)
    for call in calls:
        if call.undecided:
            figures.fault(
                call.line, "whether this memory is added is only known in a run", "add it without a condition"
            )
            continue
        given = {"served_dimensions": unsaid, **_asked_for(call)}
        instance = given["memory_instance"]
        if not isinstance(instance, Built) or instance.kind != "MemoryInstance":
            figures.known(instance, call.line, "the memory")
            continue
        memory = {**_instance(instance, figures), **_added(given, call, instance, dimensions, figures)}
        name = figures.text(arguments(instance)["name"], instance.line, "the name of a memory")
        own = _own_name(name, memory, found, array, figures, call.line)
        found[own] = _without_cacti(memory, instance, figures) if own == CELLS else memory
    if not found and not figures.problems:
        figures.fault(hierarchy.line, "the memory hierarchy has no memory", "add them with add_memory")
    return found


def _asked_for(call: Call) -> dict[str, object]:
    """What a call of add_memory says, without the dimensions where it says none."""
    given = bound(ADD_MEMORY, (call.positional, call.named), call.line)
    return {name: value for name, value in given.items() if name != "served_dimensions" or value is not UNSAID}


def _served_where_unsaid(calls: Sequence[Call], dimensions: tuple[str, ...]) -> object:
    """A memory served all dimensions where nothing was said, until they were given by name (2024-04): none since."""
    vectors = [vector for call in calls for vector in items_of(_asked_for(call).get("served_dimensions")) or ()]
    return () if any(vector in dimensions for vector in vectors) else "all"


def _without_cacti(memory: Data, instance: Built, figures: Figures) -> Data:
    """The memory that computes: today ZigZag can ask CACTI about all memories but this one
    (hardware/architecture/memory_instance.py:58; a word of so few bits has no array)."""
    if "auto_cost_extraction" not in memory:
        return memory
    kept = {key: value for key, value in memory.items() if key not in ("auto_cost_extraction", "mem_type")}
    if lacking := [cost for cost in COSTS if cost not in kept]:
        figures.notes.append(
            f"line {instance.line}: {' and '.join(lacking)} of {CELLS} came from CACTI, which ZigZag cannot ask about "
            f"cells today: write {'it' if len(lacking) == 1 else 'them'} into the file (ZigZag's own aimc.yaml has "
            "r_cost 0, w_cost 0.095 pJ and area 0)"
        )
    return kept


def _own_name(name: str, memory: Data, found: Mapping[Key, Value], array: Built, figures: Figures, line: int) -> str:
    """The key of a memory: names are keys today, and so each stands once."""
    if array.kind == "ImcArray" and memory.get("operands") == ["I2"] and CELLS not in found:
        if name != CELLS:
            figures.notes.append(f"line {line}: {name} is called {CELLS}, as ZigZag calls the memory that computes")
        return CELLS
    own, number = name, 1
    while own in found:
        number += 1
        own = f"{name}_{number}"
    if own != name:
        figures.notes.append(f"line {line}: a second memory of the name {name} is called {own}")
    return own


def _instance(instance: Built, figures: Figures) -> dict[Key, Value]:
    given, line = arguments(instance), instance.line
    shown = given["name"] if isinstance(given["name"], str) else "a memory"
    costs, extracted = _costs(given, line, shown, figures)
    whole = {
        field: figures.integer(given[field], line, f"{field} of {shown}")
        for field in ("size", "r_bw", "w_bw", "r_port", "w_port", "rw_port", "latency")
    }
    narrow = {
        field: figures.integer(given[field], line, f"{field} of {shown}")
        for field in ("min_r_granularity", "min_w_granularity")
        if given[field]
    }
    kind: Data = {"mem_type": figures.text(given["mem_type"], line, f"mem_type of {shown}")} if extracted else {}
    return {**whole, **costs, **narrow, **kind, **({"auto_cost_extraction": True} if extracted else {})}


def _costs(given: Mapping[str, object], line: int, shown: str, figures: Figures) -> tuple[Data, bool]:
    """Costs of an access and the area; left to ZigZag where CACTI says them."""
    said = {field: given[field] for field in COSTS if not _of_cacti(given[field])}
    costs: Data = {field: figures.number(value, line, f"{field} of {shown}") for field, value in said.items()}
    if len(said) < len(COSTS):
        figures.notes.append(f"line {line}: the costs of {shown} are CACTI's: ZigZag asks it (auto_cost_extraction)")
        return costs, True
    return costs, given["auto_cost_extraction"] is True


def _of_cacti(value: object) -> bool:
    return (isinstance(value, Unknown) and value.origin in CACTI) or (isinstance(value, Built) and value.kind in CACTI)


def _added(
    given: Mapping[str, object], call: Call, instance: Built, dimensions: tuple[str, ...], figures: Figures
) -> dict[Key, Value]:
    operands = figures.texts(given["operands"], call.line, "the operands of a memory")
    for operand in operands:
        if operand not in OPERANDS:
            figures.fault(call.line, f"a memory operand `{operand}`: ZigZag takes I1, I2 and O", "call it one of these")
    return {
        "operands": [*operands],
        "ports": [*_ports(given["port_alloc"], operands, call.line, instance, figures)],
        "served_dimensions": [*_served(given["served_dimensions"], dimensions, call.line, figures)],
    }


def _ports(value: object, operands: list[str], line: int, instance: Built, figures: Figures) -> Iterator[Data]:
    """Direction -> port for each operand; the standard one where none is given."""
    # ZigZag's classes allocated ports only where there was one to read and one to write: anything else had to be
    # given.
    if value is None:
        ports = [arguments(instance)[field] for field in ("r_port", "w_port", "rw_port")]
        if ports != [1, 1, 0]:
            figures.fault(line, "no port_alloc, and not one read and one write port", "give port_alloc")
        for operand in operands:
            inputs: Data = {"fh": "w_port_1", "tl": "r_port_1"}
            yield {**inputs, "fl": "w_port_1", "th": "r_port_1"} if operand == "O" else inputs
        return
    entries = items_of(value)
    if entries is None or is_dict(value):
        if figures.known(value, line, "port_alloc"):
            figures.fault(line, "port_alloc is no tuple of dictionaries", "give one dictionary for each operand")
        return
    for entry in entries:
        named = figures.entries(entry, line, "an entry of port_alloc")
        yield {
            direction: figures.text(named[direction], line, "a port")
            for direction in DIRECTIONS
            if named.get(direction) is not None
        }


def _served(value: object, dimensions: tuple[str, ...], line: int, figures: Figures) -> Iterator[str]:
    """The dimensions whose units share one instance: `(0, 1)` is the second, `(0, 0)` none."""
    if value == "all":
        yield from dimensions
        return
    if not figures.known(value, line, "served_dimensions"):
        return
    for vector in items_of(value) or ():
        # From 2024-04 on dimensions went by name, and before by vectors: a file may have either.
        if isinstance(vector, str) and vector in dimensions:
            yield vector
            continue
        ends = vector if is_tuple(vector) else ()
        if len(ends) != len(dimensions) or any(end not in (0, 1) for end in ends):
            figures.fault(line, f"served_dimensions has no vector of {len(dimensions)} ones and zeros", "write 'all'")
        # (1, 1) served units along a diagonal, and the YAML of today has a list of whole dimensions.
        elif sum(end == 1 for end in ends) > 1:
            what = "a memory along a diagonal of the array, which no file of today can say"
            figures.fault(line, what, "serve one dimension in each vector")
        else:
            yield from (dim for dim, end in zip(dimensions, ends, strict=True) if end == 1)
