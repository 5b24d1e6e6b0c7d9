"""The classes of which hardware was made before 2024-05: their parameters in order, with what they default to.

Sources: zigzag-dse 2.0.0 to 3.0.0, classes/hardware/architecture; zigzag-imc, ImcArray.py and its units.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from onnx2zz.conversion.python.values import Built, Unknown, is_dict
from onnx2zz.files.document import is_tuple


@dataclass(frozen=True)
class Signature:
    """The parameters of a class or method; one without a default must be given."""

    parameters: tuple[str, ...]
    defaults: Mapping[str, object] = field(default_factory=dict[str, object])


CLASSES: Mapping[str, Signature] = {
    "MemoryInstance": Signature(
        (
            *("name", "size", "r_bw", "w_bw", "r_cost", "w_cost", "area", "r_port", "w_port", "rw_port", "latency"),
            *("min_r_granularity", "min_w_granularity", "mem_type", "auto_cost_extraction"),
        ),
        {
            "w_bw": 0,
            "r_cost": 0,
            "w_cost": 0,
            "area": 0,
            "r_port": 1,
            "w_port": 1,
            "rw_port": 0,
            "latency": 1,
            "min_r_granularity": None,
            "min_w_granularity": None,
            "mem_type": "sram",
            "auto_cost_extraction": False,
        },
    ),
    "Multiplier": Signature(("input_precision", "energy_cost", "area")),
    "MultiplierArray": Signature(("multiplier", "dimensions", "sharing"), {"sharing": None}),
    "OperationalUnit": Signature(("input_precision", "output_precision", "energy_cost", "area")),
    "OperationalArray": Signature(("multiplier", "dimensions", "sharing"), {"sharing": None}),
    "ImcArray": Signature(("tech_param", "hd_param", "dimensions")),
    "MemoryHierarchy": Signature(("operational_array", "name"), {"name": ""}),
    "Core": Signature(("id", "operational_array", "memory_hierarchy", "dataflows"), {"dataflows": None}),
    "Accelerator": Signature(("name", "core_set", "global_buffer"), {"global_buffer": None}),
}
UNSAID = object()
"""In place of an argument whose default hangs on the release."""
ADD_MEMORY = Signature(
    ("memory_instance", "operands", "port_alloc", "served_dimensions"),
    {"port_alloc": None, "served_dimensions": UNSAID},
)
OTHER_NAMES: Mapping[str, str] = {
    "operational_unit": "multiplier",
    "operand_spatial_sharing": "sharing",
    "unit_cost": "energy_cost",
    "unit_area": "area",
    "unit": "multiplier",
}
"""What a parameter is called in some releases, or as an attribute -> its name here."""


def bound(signature: Signature, built: tuple[tuple[object, ...], Mapping[str, object]], line: int) -> dict[str, object]:
    """Parameter -> value; Unknown where it is missing."""
    positional, named = built
    given = {OTHER_NAMES.get(name, name): value for name, value in named.items()}
    given |= dict(zip(signature.parameters, positional, strict=False))
    missing = {name: Unknown(f"`{name}` is not given", line) for name in signature.parameters}
    return missing | dict(signature.defaults) | given


def arguments(built: Built) -> dict[str, object]:
    """Parameter -> value of an object, of those classes."""
    signature = CLASSES.get(built.kind, Signature(()))
    return bound(signature, (built.positional, built.named), built.line)


def attribute(built: Built, name: str, line: int) -> object:
    """What `built.name` is."""
    if built.kind == "ImcArray":
        return _of_imc_array(built, name, line)
    given = arguments(built)
    if name in given:
        return given[name]
    # An attribute may go by the name that the parameter has in another release.
    other = OTHER_NAMES.get(name)
    if other in given:
        return given[other]
    dimensions = given.get("dimensions")
    if is_dict(dimensions) and name in ("dimension_sizes", "nb_dimensions", "total_unit_count"):
        return _about(dimensions, name)
    # Not of hardware, but files are named after themselves: Path(__file__).stem.
    if built.kind == "Path" and name in ("stem", "name") and built.positional:
        text = str(built.positional[0]).rpartition("/")[2]
        return text.rpartition(".")[0] or text if name == "stem" else text
    return Unknown(f"`{name}` of {built.kind} is not known without running it", line)


def _about(dimensions: dict[object, object], name: str) -> object:
    sizes = [size for size in dimensions.values() if isinstance(size, int)]
    return {"dimension_sizes": sizes, "nb_dimensions": len(sizes), "total_unit_count": prod(sizes)}[name]


def _of_imc_array(built: Built, name: str, line: int) -> object:
    """An array's unit, and the unit's logic, tell of the same figures."""
    given = arguments(built)
    if name in ("unit", "logic_unit"):
        return built
    if name in given:
        return given[name]
    hardware, dimensions = given["hd_param"], given["dimensions"]
    if is_dict(hardware) and is_dict(dimensions):
        ends = {"wl_dim_size": hardware.get("wordline_dimension"), "bl_dim_size": hardware.get("bitline_dimension")}
        if name in ends:
            return dimensions.get(ends[name], Unknown(f"`{name}` has no dimension", line))
        if name == "nb_of_banks":
            return prod(n for dim, n in dimensions.items() if dim not in ends.values() and isinstance(n, int))
    return Unknown(f"`{name}` of {built.kind} is not known without running it", line)


def is_foreign(value: object) -> bool:
    """Whether a value is what a function from outside gives (`getenv("SIZE")`): maybe no object, but None or a text."""
    return isinstance(value, Built) and value.kind not in CLASSES


def items_given(built: Built, count: int) -> list[object]:
    """What comes of `a, b = f(x)` where f is from outside: values that remember where they are from."""
    return [Unknown(f"`{built.kind}` is not in this file", built.line, built.kind)] * count


def is_set_of_cores(value: object) -> list[object] | None:
    """The cores of an accelerator, in a set, list or tuple."""
    if isinstance(value, list):
        return [*value]
    return [*value] if is_tuple(value) else None
