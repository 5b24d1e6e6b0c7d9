"""Keys of other tools' files: they mean nothing to one accelerator, and stand in nobody's way."""

from collections.abc import Iterator

from onnx2zz.checks.check import AcceleratorRepair, Check, MappingRepair, of_accelerator, of_mapping
from onnx2zz.checks.context import AcceleratorContext, Context, MappingContext
from onnx2zz.checks.families.fields import INVALID
from onnx2zz.checks.finding import Finding, finding
from onnx2zz.files.document import Data, Value, is_list, is_mapping
from onnx2zz.formats.foreign_keys import Kind, foreign_keys, with_todays_keys
from onnx2zz.formats.yaml_source import YamlSource


def in_accelerators(context: AcceleratorContext) -> Iterator[Finding]:
    """What Stream's core files say of a core in a system."""
    yield from _found("accelerator", context.accelerator)


def in_mappings(context: MappingContext) -> Iterator[Finding]:
    """What Stream's mappings, and ZigZag's of 2024, say of cores."""
    yield from _found("mapping", context.mapping)


def _found(kind: Kind, source: YamlSource) -> Iterator[Finding]:
    """A note for each key, at the first place where it stands."""
    counted: dict[str, int] = {}
    # Keys under an earlier name mean something here, and are `old-schema`'s to tell.
    keys = [one for one in foreign_keys(kind, source.data) if one.today is None]
    for one in keys:
        counted[one.key] = counted.get(one.key, 0) + 1
    for key, count in counted.items():
        first = next(one for one in keys if one.key == key)
        yield finding(
            "foreign-key",
            "note",
            source,
            first.path,
            f"{key} is about a system of cores"
            + (f" (in {count} entries)" if count > 1 else "")
            + ": it means nothing "
            "to one accelerator, and onnx2zz leaves it out",
            zigzag=f"{INVALID[kind].removesuffix('.')} (on the file as it is)",
            fix="nothing to do; --fix -o DIR removes it, for stock ZigZag",
        )


def without_core_keys(context: Context, data: Data, choice: str) -> Data:
    """An accelerator without them."""
    named = with_todays_keys("accelerator", data)
    return named if is_mapping(named) else data


def without_core_allocations(context: Context, data: list[Value]) -> list[Value]:
    """Mapping entries without them."""
    named = with_todays_keys("mapping", data)
    return named if is_list(named) else data


CHECKS = (
    Check(
        code="foreign-key",
        severity="note",
        meaning="a key of Stream's core or mapping files, or of ZigZag's mappings of 2024 (`core_allocation`), that "
        "means nothing to one accelerator; taken everywhere, without it",
        zigzag="ValueError: Failed to validate (on the file as it is)",
        way_out="nothing to do; --fix -o DIR removes it, for stock ZigZag",
        rules=(of_accelerator(in_accelerators, order=15), of_mapping(in_mappings, order=5)),
        repairs=(
            AcceleratorRepair(5, without_core_keys, port_based=False),
            MappingRepair(5, without_core_allocations),
        ),
    ),
)
