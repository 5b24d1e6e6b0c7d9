"""`check --fix`: files with their repairs, and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

import yaml

from onnx2zz.checks.check import AcceleratorRepair, MappingRepair, WorkloadRepair
from onnx2zz.checks.context import Context
from onnx2zz.checks.decisions import Decisions
from onnx2zz.checks.registry import checks
from onnx2zz.files.document import Value
from onnx2zz.formats.accelerator_schema import is_old_schema
from onnx2zz.formats.yaml_edit import edited
from onnx2zz.formats.yaml_source import YamlSource, parse_yaml


@dataclass(frozen=True)
class RepairedFile:
    """One file's new text and the difference to its old data, both written in the same style.

    Comments survive where the repair can be cut into the text; the diff shows data only, so that it is about the
    repairs.
    """

    path: str
    text: str
    diff: str
    data: Value


def repair(context: Context, decisions: Decisions) -> tuple[RepairedFile, ...]:
    """Every file of the context, repaired as far as there is one sensible repair or a decision."""
    repaired: list[RepairedFile] = []
    for source, data in (
        (context.accelerator, _repaired_accelerator(context, decisions)),
        (context.mapping, _repaired_mapping(context)),
        (context.workload, _repaired_workload(context)),
    ):
        if source is not None:
            repaired.append(_compared(source, data))
    return tuple(repaired)


def _repaired_accelerator(context: Context, decisions: Decisions) -> Value:
    """The accelerator's data with every repair that applies; what stays broken comes back as it is."""
    data = context.accelerator.data if context.accelerator else None
    if not isinstance(data, Mapping) or not isinstance(data.get("memories"), Mapping):
        return data
    known = [(code, one) for code, check in checks().items() for one in check.repairs]
    # A repair may be listed by several checks; as a key it runs once, and is decided by the last of their codes.
    codes = {one: code for code, one in known if isinstance(one, AcceleratorRepair)}
    for repair in sorted(codes, key=lambda one: one.order):
        if repair.port_based and is_old_schema(data):
            continue  # a field is missing, and nothing was decided about it
        choice = decisions.get(codes[repair], "")
        # What costs hardware is never decided by us.
        if not repair.choices or choice in repair.choices:
            data = repair.apply(context, data, choice)
    return data


def _repaired_mapping(context: Context) -> Value:
    """The mapping's data with every repair that applies."""
    data = context.mapping.data if context.mapping else None
    if not isinstance(data, list):
        return data
    repairs = [one for check in checks().values() for one in check.repairs if isinstance(one, MappingRepair)]
    for repair in sorted(repairs, key=lambda one: one.order):
        data = repair.apply(context, data)
    return data


def _repaired_workload(context: Context) -> Value:
    """The workload's data with every repair that applies; entries that cannot be read come back as they are."""
    data = context.workload.data if context.workload else None
    if not isinstance(data, list):
        return data
    repairs = [one for check in checks().values() for one in check.repairs if isinstance(one, WorkloadRepair)]
    for repair in sorted(repairs, key=lambda one: one.order):
        # Each repair sees what the one before it made: padding is judged by loops that were turned first.
        data = repair.apply(replace(context, workload=YamlSource("", "", data, {})), data)
    return data


def as_text(data: Value) -> str:
    """Data as YAML: keys in their order, short lists on one line."""
    return yaml.dump(
        data, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True
    )


def repaired_context(context: Context, files: tuple[RepairedFile, ...]) -> Context:
    """The context after the repair, to be judged again."""
    by_path = {file.path: parse_yaml(file.text, file.path) for file in files}
    kinds = {"accelerator": context.accelerator, "mapping": context.mapping, "workload": context.workload}
    return replace(context, **{kind: by_path[source.path] for kind, source in kinds.items() if source})


def _compared(source: YamlSource, data: Value) -> RepairedFile:
    # Then the file is left to the byte: comments, anchors and spelling are the user's.
    if data == source.data and _same_order(data, source.data):
        return RepairedFile(source.path, source.text, "", data)
    before, after = as_text(source.data), as_text(data)
    name = Path(source.path).name
    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (repaired)", n=1
    )
    # The data are written anew only where no edit of the text makes them.
    return RepairedFile(source.path, edited(source.text, data) or after, "".join(lines), data)


def _same_order(one: Value, other: Value) -> bool:
    """Equal mappings may differ in the order of keys, which is the order of memories."""
    return as_text(one) == as_text(other)
