"""Values that ZigZag's validators refuse, in each file by itself, and that no other rule has named."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from onnx2zz.checks.check import AcceleratorRepair, Check, Predicts
from onnx2zz.checks.context import Context
from onnx2zz.checks.families.fields import INVALID
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.errors import InputError
from onnx2zz.files.document import Data, Key, Value, is_mapping
from onnx2zz.formats.accelerator_schema import to_port_based
from onnx2zz.formats.allocation import with_joined_allocations
from onnx2zz.formats.foreign_keys import today
from onnx2zz.formats.yaml_source import Path_, YamlSource

if TYPE_CHECKING:
    from onnx2zz.zigzag.objections import Objection

DIMENSION = "a dimension of the array is D and one digit: D1"
UNROLLING = "an unrolling is a loop and a factor: `K, 8`"
MEANT = {
    "operands": "an operand of a memory is I1, I2 or O",
    "name": "a port's name is r_port_1, w_port_1, rw_port_1 or with another number",
    "allocation": "an allocation is an operand and a direction in one text, in quotes within brackets: "
    "`['I1, tl', 'O, th']` (I1, I2 or O; fh, tl, fl or th)",
    **dict.fromkeys(("dimensions", "served_dimensions", "systolic_dimensions"), DIMENSION),
    **dict.fromkeys(("D1", "D2", "D3", "D4"), UNROLLING),
}
"""What is wanted of the entries of a field, where ZigZag says that by a regular expression."""


def refused_values(context: Context, findings: tuple[Finding, ...]) -> Iterator[Finding]:
    """An error for each value that ZigZag refuses where none of the findings stands."""
    # By place: the rules' words are better than ZigZag's, and a fault told twice looks like two.
    said = frozenset((one.file, one.line, one.column) for one in findings if one.severity == "error")
    return _refused(context, said)


Mark = tuple[str, int, int]


def _refused(context: Context, said: frozenset[Mark]) -> Iterator[Finding]:
    from onnx2zz.zigzag.objections import accelerator_objections, mapping_objections, workload_objections

    for kind, source, objections in (
        ("accelerator", context.accelerator and today("accelerator", context.accelerator), accelerator_objections),
        ("mapping", context.mapping and today("mapping", context.mapping), mapping_objections),
        ("workload", context.workload, workload_objections),
    ):
        if source:
            new = [one for one in _objections(source, objections) if not _is_said(source, one, said)]
            for alike in _alike(new):
                yield _finding(kind, source, alike)


def _is_said(source: YamlSource, one: "Objection", said: frozenset[Mark]) -> bool:
    """Whether an error stands at its place; without a place, whether the file has any."""
    mark = source.at(*one.place)
    return (source.path, mark.line, mark.column) in said if one.place else source.path in {file for file, *_ in said}


def _objections(source: YamlSource, objections: "Callable[[Value], tuple[Objection, ...]]") -> "tuple[Objection, ...]":
    """But unknown and missing fields, which `fields` names. None where the data are no such file at all: the validators
    raise anything then, and `fields` has said it."""
    try:
        found = objections(to_port_based(source.data))
        return tuple(one for one in found if one.said not in ("unknown field", "required field"))
    except InputError:
        return ()
    except Exception:
        return ()


def _alike(objections: "Sequence[Objection]") -> "list[list[Objection]]":
    """Those of one memory, entry or layer that say the same, together."""
    groups: dict[object, list[Objection]] = {}
    for one in objections:
        # The first two keys name a memory, an entry or a layer; cerberus repeats an objection for every item below.
        groups.setdefault((one.place[:2], _field(one.place), one.said), []).append(one)
    return list(groups.values())


def _field(place: Path_) -> str:
    """The innermost name of a place: `operands` of ("memories", "rf", "operands", 2)."""
    return next((key for key in reversed(place) if isinstance(key, str)), "")


def _finding(kind: str, source: YamlSource, alike: "Sequence[Objection]") -> Finding:
    first = alike[0]
    owner = ".".join(str(key) for key in first.place[:2]) or kind
    values = ", ".join(dict.fromkeys(f"{_at(source.data, one.place)!r:.60}" for one in alike)) if first.place else ""
    wanted = MEANT.get(_field(first.place), first.said) if "regex" in first.said else first.said
    return finding(
        "value",
        "error",
        source,
        first.place,
        f"{owner}: {_field(first.place)} {values}: {wanted}" if values else f"{owner}: {first.said}",
        zigzag=INVALID[kind],
        fix="correct it" if not values else f"write what ZigZag takes: {wanted}",
    )


def _at(data: Value, place: Path_) -> Value:
    """What stands at a place; None where there is none: it may be one of the converted file."""
    for key in place:
        data = _below(data, key)
    return data


def _below(data: Value, key: Key) -> Value:
    if isinstance(data, Mapping):
        return data.get(key)
    return data[key] if isinstance(data, list) and isinstance(key, int) and 0 <= key < len(data) else None


def with_pairs(context: Context, data: Data, choice: str) -> Data:
    """Allocations that list operand and direction as words of their own are joined: each stays on its port."""
    paired = with_joined_allocations(data)
    return paired if is_mapping(paired) else data


CHECKS = (
    Check(
        code="value",
        severity="error",
        meaning="what ZigZag's validator refuses and no other code names: operands, ports, dimensions, lengths; also "
        "of one file alone",
        zigzag="ValueError: Failed to validate",
        way_out="write what ZigZag takes, as the finding says it",
        asks_zigzag=refused_values,
        repairs=(AcceleratorRepair(8, with_pairs, port_based=False),),
        exceptions=(
            Predicts("validate provided accelerator"),
            Predicts("validate user provided mapping"),
            Predicts("validate user provided workload"),
        ),
    ),
)
