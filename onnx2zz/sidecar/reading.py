"""Read the sidecar of an accelerator and check it against the accelerator's memories.

To add a key: its field in figures.py, its name in `KEYS`, and how it is read, here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import get_args

from onnx2zz.errors import Problem, raise_if_any
from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.formats.allocation import OPERANDS
from onnx2zz.formats.section import Section
from onnx2zz.formats.shipped_files import Found, sidecar
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.yaml_source import YamlSource, read_yaml
from onnx2zz.sidecar.figures import Coding, Correction, Densities, MemoryFigures, OperandAccess, Pages, Sidecar
from onnx2zz.sidecar.wires import Wires

SUFFIX = ".onnx2zz.yaml"
KEYS = (
    *("clock_mhz", "noc_pj_per_event", "memories", "corrections", "interconnect"),
    *("systolic_skew", "pass_overhead_cycles", "pass_filling", "density", "zero_gating", "coding", "sliding_window"),
    *("padded", "folds_apart", "fresh_sums", "output_path", "idle_mw", "dram_efficiency", "access_cycles"),
    *("access_bits", "dram_pages", "companion", "input_toggle"),
)
MEMORY_KEYS = ("static_pw_per_bit", "um2_per_bit")
PAGE_KEYS = ("page_bits", "activation_cycles", "activation_pj")
CORRECTION_KEYS = ("memory", "operand", "access", "factor", "pj_per_operation", "why")
WIRE_KEYS = ("adder_trees", "multicast", "diagonals")
ACCESSES: tuple[OperandAccess, ...] = get_args(OperandAccess)
CODINGS: tuple[Coding, ...] = get_args(Coding)
TENSORS = ("I", "W", "O")
GATED = ("I", "W", "I1", "I2")
IN_OUTPUT_PATH = ("Add", "Pooling")
"""The operator types of ZigZag's workloads that are no product; activations are fused to their layers already."""


def sidecar_path(accelerator: Path) -> Path:
    """Where the sidecar of an accelerator file lies, if it has one."""
    return accelerator.with_name(accelerator.stem + SUFFIX)


def read_sidecar(accelerator: Path, hierarchy: Hierarchy) -> Sidecar | None:
    """The sidecar beside an accelerator file, None where there is none.

    Raises InputError with everything that is wrong with it, each with its line.
    """
    path = sidecar_path(accelerator)
    return parse_sidecar(read_yaml(path), hierarchy) if path.is_file() else None


def sidecar_of(accelerator: Found, hierarchy: Hierarchy) -> Sidecar | None:
    """The sidecar of an accelerator; for one of ZigZag's, ours of that name. Raises InputError as `read_sidecar`."""
    path = sidecar(accelerator)
    return parse_sidecar(read_yaml(path), hierarchy) if path.is_file() else None


def parse_sidecar(source: YamlSource, hierarchy: Hierarchy) -> Sidecar:
    """The sidecar that `source` holds. Raises InputError as `read_sidecar` does."""
    raise_if_any(Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps)
    # An empty file is a sidecar that says nothing, and no fault.
    whole = Section(source if source.data is not None else replace(source, data={}), (), KEYS)
    found = Sidecar(
        path=source.path,
        clock_mhz=whole.number("clock_mhz", above_zero=True),
        noc_pj_per_event=whole.number("noc_pj_per_event"),
        memories=dict(_memories(whole, hierarchy)),
        corrections=tuple(_corrections(whole, hierarchy)),
        interconnect=_wires(whole, hierarchy),
        systolic_skew=whole.words("systolic_skew", tuple(hierarchy.array), "array dim"),
        pass_overhead_cycles=whole.number("pass_overhead_cycles"),
        pass_filling=dict(_of_memories(whole, "pass_filling", hierarchy)),
        density=densities(whole),
        zero_gating=whole.words("zero_gating", GATED, "operand that can be zero"),
        coding=dict(_codings(whole, hierarchy)),
        sliding_window=whole.words("sliding_window", _names(hierarchy), "memory of the accelerator"),
        padded=whole.words("padded", _names(hierarchy), "memory of the accelerator"),
        folds_apart=whole.words("folds_apart", _names(hierarchy), "memory of the accelerator"),
        fresh_sums=whole.words("fresh_sums", _names(hierarchy), "memory of the accelerator"),
        output_path=whole.words("output_path", IN_OUTPUT_PATH, "operator type that needs no product"),
        idle_mw=whole.number("idle_mw"),
        dram_efficiency=whole.share("dram_efficiency", above_zero=True),
        access_cycles=dict(_of_memories(whole, "access_cycles", hierarchy)),
        access_bits=dict(_of_memories(whole, "access_bits", hierarchy)),
        dram_pages=dict(_pages(whole, hierarchy)),
        companion=whole.text("companion") or None,
        input_toggle=whole.share("input_toggle", above_zero=True),
    )
    _object_to_missing_clock(whole, found)
    _object_to_overlaps(whole, found.corrections)
    _object_to_words_alone(whole, found)
    _object_to_two_models(whole, found)
    raise_if_any(whole.problems)
    return found


def _memories(whole: Section, hierarchy: Hierarchy) -> Iterator[tuple[str, MemoryFigures]]:
    names = [memory.name for memory in hierarchy.memories]
    for name, section in whole.sections("memories", MEMORY_KEYS):
        if name not in names:
            what = f"the accelerator has no memory {name}{did_you_mean(name, names)}"
            section.object_to((), what, f"it has: {', '.join(names)}")
        yield name, MemoryFigures(section.number("static_pw_per_bit"), section.number("um2_per_bit"))


def _names(hierarchy: Hierarchy) -> tuple[str, ...]:
    return tuple(memory.name for memory in hierarchy.memories)


def _of_memories(whole: Section, key: str, hierarchy: Hierarchy) -> Iterator[tuple[str, float]]:
    """A number above 0 for each of some memories."""
    section = whole.section(key, _names(hierarchy))
    for name in section.keys() if section else ():
        number = section.number(name, above_zero=True) if section else None
        if number is not None:
            yield name, number


def _pages(whole: Section, hierarchy: Hierarchy) -> Iterator[tuple[str, Pages]]:
    section = whole.section("dram_pages", _names(hierarchy))
    for name, of_memory in whole.sections("dram_pages", PAGE_KEYS) if section else ():
        of_memory.required("page_bits")
        bits = of_memory.number("page_bits", above_zero=True)
        cycles, energy = of_memory.number("activation_cycles"), of_memory.number("activation_pj")
        if bits is not None:
            yield name, Pages(bits, cycles or 0.0, energy or 0.0)


def _codings(whole: Section, hierarchy: Hierarchy) -> Iterator[tuple[str, Coding]]:
    section = whole.section("coding", _names(hierarchy))
    for name in section.keys() if section else ():
        coding = section.word(name, CODINGS, "coding of zeros") if section else None
        if coding is not None:
            yield name, coding


def densities(whole: Section) -> Densities:
    """What stands under `density`: layer -> operand -> share. The layers are a workload's."""
    return {
        layer: {operand: share for operand in TENSORS if (share := section.share(operand)) is not None}
        for layer, section in whole.sections("density", TENSORS)
    }


def _corrections(whole: Section, hierarchy: Hierarchy) -> Iterator[Correction]:
    operands = {memory.name: memory.operands for memory in hierarchy.memories}
    for name, section in whole.sections("corrections", CORRECTION_KEYS):
        # All keys are read before anything is raised, so that each fault of a file is told, with its line.
        section.required("memory", "operand")
        memory = section.word("memory", tuple(operands), "memory of the accelerator")
        # Without the memory nobody knows which operands there are.
        operand = section.word("operand", operands.get(memory or "", ()), f"operand of {memory}") if memory else None
        access = section.word("access", ACCESSES, "kind of access")
        factor, added = section.number("factor"), section.number("pj_per_operation")
        _object_to_no_effect(section)
        yield Correction(
            name,
            memory or "",
            operand or "",
            access,
            # 0 is a factor: accesses that cost nothing.
            1.0 if factor is None else factor,
            added or 0.0,
            section.text("why"),
        )


def _wires(whole: Section, hierarchy: Hierarchy) -> Wires:
    section, dims = whole.section("interconnect", WIRE_KEYS), tuple(hierarchy.array)
    if section is None:
        return Wires()
    shared = section.section("multicast", OPERANDS)
    return Wires(
        adder_trees=section.words("adder_trees", dims, "array dim"),
        multicast={operand: shared.words(operand, dims, "array dim") for operand in OPERANDS} if shared else {},
        diagonals=tuple(section.pairs("diagonals", dims, "array dim")),
    )


def _object_to_no_effect(section: Section) -> None:
    if "factor" not in section and "pj_per_operation" not in section:
        what = f"{'.'.join(map(str, section.place))} corrects nothing"
        section.object_to((), what, "give it a factor or pj_per_operation")


def _object_to_missing_clock(whole: Section, found: Sidecar) -> None:
    """Static power becomes energy over time only."""
    # By the key and not by the value: a clock that is no number has been objected to already.
    if found.idle_mw and "clock_mhz" not in whole:
        way_out = "add clock_mhz: energy is power x time, and ZigZag counts cycles"
        whole.object_to(("idle_mw",), "idle power without a clock", way_out)
    powered = [name for name, figures in found.memories.items() if figures.static_pw_per_bit]
    if powered and "clock_mhz" not in whole:
        way_out = "add clock_mhz: static energy is power x time, and ZigZag counts cycles"
        whole.object_to(("memories", powered[0], "static_pw_per_bit"), "static power without a clock", way_out)


def _object_to_words_alone(whole: Section, found: Sidecar) -> None:
    """How much an access brings says nothing without its time."""
    for name in found.access_bits:
        if name not in found.access_cycles:
            way_out = f"add access_cycles: {{{name}: ...}}, or leave it out"
            whole.object_to(
                ("access_bits", name), f"what an access to {name} brings, but not how long it takes", way_out
            )


def _object_to_two_models(whole: Section, found: Sidecar) -> None:
    """Rows that miss are what keeps a DRAM below its peak rate: both together would count them twice."""
    if found.dram_pages and "dram_efficiency" in whole:
        what = "dram_pages and dram_efficiency both say what rows that are opened take"
        whole.object_to(("dram_pages",), what, "keep one of them")
    for name in found.dram_pages:
        if name in found.access_cycles:
            what = f"dram_pages and access_cycles both say what an access to {name} takes"
            whole.object_to(("dram_pages", name), what, "keep one of them")


def _object_to_overlaps(whole: Section, corrections: Sequence[Correction]) -> None:
    """Two factors for one energy: nobody could tell which of them holds."""
    for first, second in combinations(corrections, 2):
        same_place = (first.memory, first.operand) == (second.memory, second.operand)
        # Reads and writes may be corrected apart; a correction of both leaves room for neither. An empty operand is
        # another fault, which has been told.
        if same_place and first.operand and (first.access is None or second.access in (None, first.access)):
            what = f"{second.name} corrects what {first.name} corrects already: {first.operand} at {first.memory}"
            whole.object_to(("corrections", second.name), what, "make them one, or read and write apart")
