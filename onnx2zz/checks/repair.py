"""`check --fix`: files with their repairs, and what changed."""

from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

import yaml

from onnx2zz.checks.context import Context
from onnx2zz.checks.decisions import Decisions
from onnx2zz.checks.repair_accelerator import repaired_accelerator
from onnx2zz.checks.repair_workload import repaired_workload
from onnx2zz.files.document import Value
from onnx2zz.formats.yaml_source import YamlSource, parse_yaml


@dataclass(frozen=True)
class RepairedFile:
    """One file's new text and the difference to its old data, both written in the same style.

    Comments do not survive; the diff shows data only, so that it is about the repairs.
    """

    path: str
    text: str
    diff: str
    data: Value


def repair(context: Context, decisions: Decisions) -> tuple[RepairedFile, ...]:
    """Every file of the context, repaired as far as there is one sensible repair or a decision."""
    repaired: list[RepairedFile] = []
    for source, data in (
        (context.accelerator, repaired_accelerator(context, decisions)),
        (context.mapping, context.mapping.data if context.mapping else None),
        (context.workload, repaired_workload(context)),
    ):
        if source is not None:
            repaired.append(_compared(source, data))
    return tuple(repaired)


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
    if data == source.data and _same_order(data, source.data):
        return RepairedFile(source.path, source.text, "", data)
    before, after = as_text(source.data), as_text(data)
    name = Path(source.path).name
    lines = unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (repaired)", n=1
    )
    return RepairedFile(source.path, after, "".join(lines), data)


def _same_order(one: Value, other: Value) -> bool:
    """Equal mappings may differ in the order of keys, which is the order of memories."""
    return as_text(one) == as_text(other)
