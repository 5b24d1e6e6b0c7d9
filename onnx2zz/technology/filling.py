"""An accelerator's file with the costs of a technology node in place of its own, each with its source beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import get_args

from onnx2zz.errors import InputError, Problem, raise_if_any
from onnx2zz.files.document import Data, Key, Value, is_mapping
from onnx2zz.formats.accelerator import Memory, read_hierarchy
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.yaml_edit import edited
from onnx2zz.formats.yaml_source import YamlSource
from onnx2zz.formats.yaml_sources import with_sources
from onnx2zz.pricing.extraction import question
from onnx2zz.technology.dram import DramKind, dram_access
from onnx2zz.technology.figure import Figure
from onnx2zz.technology.memory import costs_at
from onnx2zz.technology.scaling import Node
from onnx2zz.technology.units import unit_costs
from onnx2zz.zigzag.cacti_costs import FIELD, UM2_PER_MM2, Asked, MemoryKind

ARRAY = "operational_array"
Place = tuple[Key, ...]


@dataclass(frozen=True)
class Filled:
    """The file's new text, its figures by their place, and the memories that keep their costs, each with the reason."""

    text: str
    figures: Mapping[Place, Figure]
    kept: Mapping[str, str]


@dataclass
class _Filling:
    """What is found so far."""

    figures: dict[Place, Figure] = field(default_factory=dict[Place, Figure])
    kept: dict[str, str] = field(default_factory=dict[str, str])


def filled(source: YamlSource, unit: str, at: Node, drams: Mapping[str, DramKind]) -> Filled:
    """The accelerator of `source` with units for operands of the kind `unit` and memories at a node. `drams`: memories
    off the chip; the others are SRAM, or what their `mem_type` says.

    A memory that CACTI has no figures for keeps its costs. Raises InputError for a file that is no accelerator, an
    array that computes in memory, and memories that there are not.
    """
    document = source.data
    array = document.get(ARRAY) if is_mapping(document) else None
    if not is_mapping(document) or not is_mapping(array):
        raise InputError(Problem(source.path, f"no {ARRAY}", "name an accelerator's file"))
    memories = read_hierarchy(document).memories
    raise_if_any(_problems(source, array, memories, drams))
    found, costs = _Filling(), unit_costs(unit, at)
    found.figures[ARRAY, "unit_energy"], found.figures[ARRAY, "unit_area"] = costs.energy, costs.area
    for memory in memories:
        _fill_memory(memory, at, drams, found)
    return Filled(_written(source, document, found), found.figures, found.kept)


def _problems(
    source: YamlSource, array: Data, memories: tuple[Memory, ...], drams: Mapping[str, DramKind]
) -> Iterator[Problem]:
    names = [memory.name for memory in memories]
    if array.get("is_imc") is True:
        what = "an array that computes in memory, whose costs ZigZag works out itself"
        yield Problem(f"{source.path}: {ARRAY}", what, "leave it as it is")
    for name in drams:
        if name not in names:
            what = f"the accelerator has no memory {name}{did_you_mean(name, names)}"
            yield Problem("--dram", what, f"it has: {', '.join(names)}")


def _fill_memory(memory: Memory, at: Node, drams: Mapping[str, DramKind], found: _Filling) -> None:
    asked = question(memory)
    if asked is None:
        found.kept[memory.name] = "it has no size, or no port that reads"
    elif memory.name in drams:
        _fill_dram(memory, asked, drams[memory.name], found)
    elif _kind(asked) is None:
        found.kept[memory.name] = f"mem_type {asked.kind} is none of {', '.join(get_args(MemoryKind))}"
    else:
        _fill_on_chip(memory, asked, at, found)


def _kind(asked: Asked) -> MemoryKind | None:
    return next((kind for kind in get_args(MemoryKind) if kind == asked.kind), None)


def _fill_dram(memory: Memory, asked: Asked, kind: DramKind, found: _Filling) -> None:
    access = dram_access(kind, asked.read_width)
    found.figures[*memory.place, "r_cost"] = found.figures[*memory.place, "w_cost"] = access
    found.figures[*memory.place, "area"] = Figure(0.0, "um2", "off the chip")


def _fill_on_chip(memory: Memory, asked: Asked, at: Node, found: _Filling) -> None:
    kind = _kind(asked)
    assert kind is not None
    try:
        costs = costs_at(kind, asked.bits, asked.read_width, at.nanometres, at.volts)
    except InputError as error:
        # A register of a few bits is below what CACTI can build. What the file says of it is better than a guess.
        found.kept[memory.name] = error.problems[0].what
        return
    said = {
        "r_cost": Figure(costs.costs.read_pj, "pJ", costs.source),
        "w_cost": Figure(costs.costs.write_pj, "pJ", costs.source),
        "area": Figure(costs.costs.area_mm2 * UM2_PER_MM2, "um2", costs.source),
    }
    found.figures |= {(*memory.place, key): figure for key, figure in said.items()}


def _written(source: YamlSource, document: Data, found: _Filling) -> str:
    new = document
    for place, figure in found.figures.items():
        new = _with(new, place, figure.value)
    for memory in {place[1] for place in found.figures if place[0] == "memories"}:
        # The figures stand in the file now: ZigZag must not ask for others.
        if is_mapping(inner := _at(new, ("memories", memory))) and FIELD in inner:
            new = _with(new, ("memories", memory, FIELD), False)
    text = edited(source.text, new)
    if text is None:
        way_out = "write its memories out, without anchors and merges"
        raise InputError(Problem(source.path, "figures cannot be put in without losing its comments", way_out))
    told = {place: f"{figure.unit}; {figure.source}" for place, figure in found.figures.items()}
    return with_sources(text, source.path, told)


def _at(document: Value, place: Place) -> Value:
    for key in place:
        document = document.get(key) if is_mapping(document) else None
    return document


def _with(document: Data, place: Place, value: Value) -> Data:
    first, *rest = place
    if not rest:
        return {**document, first: value}
    inner = document.get(first)
    assert is_mapping(inner), "the place of a figure is a mapping's"
    return {**document, first: _with(inner, tuple(rest), value)}
