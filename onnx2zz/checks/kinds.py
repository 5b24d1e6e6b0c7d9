"""Which of the given files is the accelerator, which the mapping, which the workload: their content says."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from onnx2zz.checks.context import Context
from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import Value
from onnx2zz.formats.yaml_source import Mark, Trap, YamlSource

UNKNOWN = Trap(
    Mark(1, 1),
    "this is no accelerator (memories, operational_array), no system (core or cores), no mapping (a list of entries "
    "with spatial_mapping) and no workload (a list of layers with equation and loop_dims)",
    "give one of these",
    fatal=True,
)
PLACEMENT = Trap(
    Mark(1, 1),
    "this is a mapping of Stream's (`layers`, each with its cores): it places layers on the cores of a system, and "
    "maps none on an array",
    "give it to `onnx2zz evaluate --arch SYSTEM --placement FILE`",
    fatal=True,
)
NOTHING = Trap(
    Mark(1, 1),
    "there is nothing in this file: a workload needs at least one layer, a mapping at least the entry `default`, an "
    "accelerator its memories and its array",
    "fill it, or leave it out; a model compiles to no layers where all its nodes are the host's",
    fatal=True,
)
LAYER_FIELDS = {"equation", "loop_dims", "loop_sizes", "operand_precision", "operator_type"}
MAPPING_FIELDS = {"spatial_mapping", "memory_operand_links", "spatial_mapping_hint", "temporal_ordering", "name"}
ACCELERATOR_FIELDS = {"memories", "operational_array"}
SYSTEM_FIELDS = {"core", "cores", "core_connectivity", "topology"}


def sorted_by_kind(sources: Iterable[YamlSource]) -> Context:
    """A context of the files. Raises InputError where two of a kind are given: they are judged one set at a time."""
    found: dict[str, YamlSource] = {}
    unreadable: list[YamlSource] = []
    problems: list[Problem] = []
    for source in sources:
        kind = kind_of(source.data)
        if kind is None:
            # A file with a syntax error has no data and is of no kind; the error says more than that.
            unreadable.append(source if any(trap.fatal for trap in source.traps) else _unknown(source))
        elif kind in found:
            problems.append(Problem(source.path, f"a second {kind}, beside {found[kind].path}", "check them apart"))
        else:
            found[kind] = source
    if problems:
        raise InputError(problems)
    return Context(
        accelerator=found.get("accelerator"),
        mapping=found.get("mapping"),
        workload=found.get("workload"),
        system=found.get("system"),
        unreadable=tuple(unreadable),
    )


def _unknown(source: YamlSource) -> YamlSource:
    is_placement = isinstance(source.data, Mapping) and isinstance(source.data.get("layers"), list)
    reason = PLACEMENT if is_placement else UNKNOWN if source.data else NOTHING
    return replace(source, traps=(*source.traps, reason))


def kind_of(data: Value) -> str | None:
    """system, accelerator, mapping or workload; None for anything else."""
    if isinstance(data, Mapping):
        if SYSTEM_FIELDS & set(data):
            return "system"
        return "accelerator" if ACCELERATOR_FIELDS & set(data) else None
    entries = [entry for entry in data if isinstance(entry, Mapping)] if isinstance(data, list) else []
    # Over all entries, since the first one may be the broken one that is to be judged.
    fields = {key for entry in entries for key in entry}
    # Any one of the fields will do, and the workload is asked first: both kinds have `name`, and a layer that lost most
    # of its fields must still be told what it lacks.
    if LAYER_FIELDS & fields:
        return "workload"
    return "mapping" if MAPPING_FIELDS & fields else None
