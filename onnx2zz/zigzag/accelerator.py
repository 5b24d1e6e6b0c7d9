"""ZigZag's object for an accelerator file, and the plain facts about it."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from zigzag.datatypes import MemoryOperand
from zigzag.hardware.architecture.accelerator import Accelerator
from zigzag.hardware.architecture.imc_array import ImcArray
from zigzag.hardware.architecture.memory_level import MemoryLevel
from zigzag.hardware.architecture.memory_port import DataDirection, MemoryPort
from zigzag.parser.accelerator_factory import AcceleratorFactory

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.files.document import Value
from onnx2zz.formats.accelerator_schema import as_meant, to_port_based
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.zigzag.cacti import private_cacti
from onnx2zz.zigzag.hardware import ArrayAndPorts, TopPort
from onnx2zz.zigzag.hierarchy import BuiltHierarchy, BuiltLevel, Link
from onnx2zz.zigzag.objections import AcceleratorObjector
from onnx2zz.zigzag.schema import schema_problems

WAY_OUT = "`--arch zigzag:tpu_like` names a file that ZigZag accepts, to compare with"


def load_accelerator(path: Path) -> Accelerator:
    """ZigZag's object for an accelerator file in either format. Raises InputError as `build_accelerator` does."""
    return build_accelerator(path, load_yaml(path))


def build_accelerator(path: Path, document: Value) -> Accelerator:
    """ZigZag's object for what stands in an accelerator file; `path` is for errors only.

    Raises InputError with everything that ZigZag's schema, or the conversion of the older format, objects to.
    """
    with _refusing(path), private_cacti():
        return AcceleratorFactory(_validated(path, document)).create()


def check_accelerator(path: Path, document: Value) -> None:
    """Raises InputError with everything that ZigZag's schema objects to; nothing is built, and no program started."""
    with _refusing(path):
        _validated(path, document)


@contextmanager
def _refusing(path: Path) -> Generator[None]:
    try:
        yield
    except InputError:
        # What is refused here is a sentence with a place already; only ZigZag's own exceptions still need one.
        raise
    except Exception as error:  # ZigZag raises anything on a file that its schema lets pass
        # The notes carry what CACTI said last (cacti.py): the exception itself has no more than a return value.
        reason = " ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
        said = f"ZigZag cannot build this accelerator ({reason})"
        raise InputError(Problem(str(path), said, WAY_OUT)) from error


def _in_port_based_format(path: Path, document: Value) -> Value:
    try:
        return to_port_based(document)
    except InputError as error:
        raise InputError(replace(problem, where=f"{path}: {problem.where}") for problem in error.problems) from error


def _is_accelerator(document: object) -> bool:
    return isinstance(document, dict) and document.keys() >= {"name", "memories", "operational_array"}


def _validated(path: Path, document: Value) -> dict[str, Any]:
    """The file in the port-based format, with ZigZag's defaults."""
    document = as_meant(document)
    if not _is_accelerator(document):
        raise InputError(Problem(str(path), "no accelerator: name, memories or operational_array is missing", WAY_OUT))
    # ZigZag's `validate` runs the checks behind the schema even where the schema is not met, and they then die with a
    # KeyError of their own. So the schema is asked first, and alone: its errors have places.
    validator = AcceleratorObjector(_in_port_based_format(path, document))
    cerberus: Any = validator.validator
    if not cerberus.validate(validator.data):
        raise InputError(schema_problems(f"{path}: ", cerberus.errors))
    validator.validate()
    raise_if_any(Problem(str(path), objection) for objection in validator.said)
    return validator.normalized_data


def hardware(accelerator: Accelerator) -> ArrayAndPorts:
    """The plain facts about `accelerator`."""
    array = accelerator.operational_array
    return ArrayAndPorts(
        array=tuple((str(dim), size) for dim, size in array.dimension_sizes.items()),
        in_memory=isinstance(array, ImcArray),
        top_ports=_top_ports(accelerator),
    )


def _top_ports(accelerator: Accelerator) -> tuple[TopPort, ...]:
    hierarchy = accelerator.memory_hierarchy
    top = {str(operand): hierarchy.get_memory_levels(operand)[-1] for operand in hierarchy.get_operands()}
    # Operands often share their highest memory. Its ports must be listed once, or a bound would count one port twice.
    memories = {level.id: level for level in top.values()}
    ports = ((level, port, _passing(port, level.id, top)) for level in memories.values() for port in level.ports)
    return tuple(TopPort(port.bw_max, serves, level.name) for level, port, serves in ports if serves)


def _passing(port: MemoryPort, memory: int, top: dict[str, MemoryLevel]) -> frozenset[str]:
    # A bound may count only what every mapping has to move: inputs are read down, the output is written up. Partial
    # sums that come back, and anything written from above a highest memory, need not happen.
    return frozenset(
        str(operand)
        for operand, _, direction in port.served_op_lv_dir
        if top[str(operand)].id == memory
        and direction == (DataDirection.WR_IN_BY_LOW if operand.is_output() else DataDirection.RD_OUT_TO_LOW)
    )


def hierarchy(accelerator: Accelerator) -> BuiltHierarchy:
    """The memories of `accelerator`, and how they reach the array."""
    memories = accelerator.memory_hierarchy
    # By identity: ZigZag's ports are equal wherever type and widths are (memory_port.py:75), also those of two
    # memories.
    ports = {id(port): n for n, port in enumerate(port for level in memories.mem_level_list for port in level.ports)}
    array: Any = accelerator.operational_array
    return BuiltHierarchy(
        levels=tuple((str(op), _levels(op, memories.get_memory_levels(op), ports)) for op in memories.get_operands()),
        inner=tuple(
            (str(op), frozenset(map(str, level.served_dimensions)), level.memory_instance.size)
            for level in memories.get_inner_memories()
            for op in level.operands
        ),
        systolic=frozenset(map(str, getattr(array, "systolic_dimensions", ()))),
        operation_energy=array.unit.energy_cost if hasattr(array, "unit") else 0.0,  # in memory, rows price it
    )


def _levels(operand: MemoryOperand, levels: list[MemoryLevel], ports: dict[int, int]) -> tuple[BuiltLevel, ...]:
    """An array dim that a lower memory serves is behind it (stages/mapping/spatial_mapping_conversion.py:239)."""
    # ZigZag looks at a level alone. Here each level also has what those below it serve: that is where the data has been
    # spread out already.
    served: frozenset[str] = frozenset()
    found: list[BuiltLevel] = []
    for level in levels:
        served |= frozenset(map(str, level.served_dimensions))
        found.append(_level(level, operand, served, ports))
    return tuple(found)


def _level(level: MemoryLevel, operand: MemoryOperand, served: frozenset[str], ports: dict[int, int]) -> BuiltLevel:
    write = DataDirection.WR_IN_BY_LOW if operand.is_output() else DataDirection.WR_IN_BY_HIGH
    return BuiltLevel(
        memory=level.name,
        bits=level.memory_instance.size,
        served=served,
        read=_link(level, operand, DataDirection.RD_OUT_TO_LOW, level.read_energy, ports),
        write=_link(level, operand, write, level.write_energy, ports),
    )


def _link(
    level: MemoryLevel, operand: MemoryOperand, direction: DataDirection, energy: float, ports: dict[int, int]
) -> Link | None:
    for port in level.ports:
        if any((op, way) == (operand, direction) for op, _, way in port.served_op_lv_dir):
            return Link(ports[id(port)], port.bw_min, port.bw_max, energy)
    return None
