"""Read and check the files of an evaluation together, so that everything wrong with them is said at once."""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.files.document import Value, is_list
from onnx2zz.formats.accelerator import Hierarchy, read_hierarchy, unit_area
from onnx2zz.formats.accelerator_schema import as_meant
from onnx2zz.formats.coverage import Coverage
from onnx2zz.formats.foreign_keys import with_todays_keys
from onnx2zz.formats.mapping_entry import MappingEntry, over_the_array, read_mapping
from onnx2zz.formats.shipped_files import MAPPINGS, Found, ours, zigzags
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_comments import comments
from onnx2zz.formats.yaml_source import load_yaml, read_yaml
from onnx2zz.pricing import mapping_check, workload_check
from onnx2zz.pricing.extraction import extracted_costs
from onnx2zz.pricing.price_cache import PriceCache
from onnx2zz.zigzag.cacti_costs import UM2_PER_MM2, MemoryCosts, with_costs
from onnx2zz.zigzag.hardware import ArrayAndPorts

if TYPE_CHECKING:
    from zigzag.hardware.architecture.accelerator import Accelerator


FIGURES = ("r_cost", "w_cost", "area", "unit_energy", "unit_area")
"""Fields of an accelerator's file that have a source, if it tells one."""


@dataclass(frozen=True)
class PricedWorkload:
    """A workload to be evaluated: the model it came from, the file that errors name, its layers, and the coverage
    that `compile` wrote with it. `from_model`: nobody wrote it to a folder yet."""

    model: str
    file: str
    layers: tuple[WorkloadEntry, ...]
    coverage: Coverage | None = None
    from_model: bool = False

    @cached_property
    def digest(self) -> str:
        """Of all that its layers say: they are asked about again and again, and a large network has thousands."""
        return sha256(repr(self.layers).encode()).hexdigest()

    def write(self, directory: Path, mapping: str | None, arch: str | None) -> None:
        """Writes what `compile` would: workload.yaml and coverage.json, and mapping.yaml with the given text."""
        from onnx2zz.emission.files import write_compiled

        assert self.coverage is not None, "a model that was compiled has a coverage"
        write_compiled(directory, self.layers, {**self.coverage, "arch": arch}, mapping)

    @property
    def arch(self) -> str | None:
        """The accelerator that it was compiled for, as the user named it."""
        return self.coverage["arch"] if self.coverage else None


@dataclass(frozen=True)
class AcceleratorFile:
    """What stands in an accelerator file, and ZigZag's object for it, which is built when it is first asked for.

    `extracted`: what CACTI said of the memories that ask for it; `document` has it already, so everything that depends
    on the document depends on that as well.
    """

    path: Path
    document: Value
    extracted: tuple[MemoryCosts, ...] = ()

    @cached_property
    def built(self) -> "Accelerator":
        """Raises InputError with everything that is wrong with the file."""
        from onnx2zz.zigzag.accelerator import build_accelerator

        return build_accelerator(self.path, self.document)

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """Where its figures come from, as the comments of its file tell, by place (`memories.dram.r_cost`). A comment
        of one word names a unit, and no source."""
        try:
            said = comments(read_yaml(self.path))
        except InputError:  # what comes from no file has no comments
            return {}
        return {place: text for place, text in said.items() if place.rpartition(".")[2] in FIGURES and " " in text}

    @cached_property
    def hierarchy(self) -> Hierarchy:
        """Its memories and its array as the file has them; areas that CACTI gave are in um2."""
        return read_hierarchy(with_costs(self.document, self.extracted, UM2_PER_MM2))

    @property
    def unit_area(self) -> float:
        """The area of one unit of the array; 0 where the file gives none."""
        return unit_area(self.document)

    def __reduce__(self) -> tuple[Callable[..., "AcceleratorFile"], tuple[Path, bytes, tuple[MemoryCosts, ...]]]:
        return _unpacked, (self.path, self._packed, self.extracted)  # another process builds its own

    @cached_property
    def _packed(self) -> bytes:
        return pickle.dumps(self.document)


def read_accelerator(path: Path) -> AcceleratorFile:
    """The file at `path`. Raises InputError if it is no YAML."""
    return accelerator_of(path, as_meant(load_yaml(path)))


def accelerator_of(path: Path, document: Value) -> AcceleratorFile:
    """An accelerator as a document that comes from the file at `path`."""
    # By its pickled text, which hashes, and keeps the order of keys: that of memories is the order of levels.
    return _unpacked(path, pickle.dumps(document))


@lru_cache(maxsize=64)
def _unpacked(path: Path, packed: bytes, extracted: tuple[MemoryCosts, ...] = ()) -> AcceleratorFile:
    """The same object for the same text, so that ZigZag's is built once: that takes as long as pricing a layer."""
    return AcceleratorFile(path, pickle.loads(packed), extracted)


def _costed(file: AcceleratorFile, price_cache: PriceCache) -> AcceleratorFile:
    """The accelerator with numbers where its file asks for CACTI's. Raises InputError."""
    extracted = extracted_costs(file.path, file.document, price_cache)
    if not extracted:
        return file
    return _unpacked(file.path, pickle.dumps(with_costs(file.document, extracted)), extracted)


@dataclass(frozen=True)
class MappingFile:
    """What stands in a mapping file."""

    path: Path
    document: Value

    @cached_property
    def entries(self) -> tuple[MappingEntry, ...]:
        """Its entries, once ZigZag has accepted it."""
        return read_mapping(self.document)


@dataclass(frozen=True)
class PricingInputs:
    """Checked inputs: they fit together."""

    workload: PricedWorkload
    mapping: tuple[MappingEntry, ...]
    accelerator: AcceleratorFile
    hardware: ArrayAndPorts


def load_inputs(
    workload: PricedWorkload,
    accelerator: Found | AcceleratorFile,
    mapping: Found,
    price_cache: PriceCache,
    *,
    as_start: bool = False,
) -> PricingInputs:
    """Read the accelerator, if it is not yet, and the mapping, and check all three. Raises InputError with every
    problem of theirs.

    Inputs that ZigZag accepted before are not put to it again. `as_start`: the mapping is where a choice starts from,
    so it need not fit: what it unrolls over dimensions that the array lacks is left out.
    """
    unreadable: list[Problem] = []
    target = entries = None
    # Both files are read before anything is refused, so that one run tells what is wrong with either.
    with noted_in(unreadable):
        read = read_accelerator(accelerator.path) if isinstance(accelerator, Found) else accelerator
        target = _costed(read, price_cache)
    with noted_in(unreadable):
        entries = MappingFile(mapping.path, with_todays_keys("mapping", load_yaml(mapping.path)))
    # An unreadable file leaves None here, and nothing is known under such a key: `_accepted` then raises with
    # everything.
    asked = (target and target.document, entries and entries.document, workload.digest)
    facts = price_cache.hardware(asked, lambda: _accepted(workload, target, entries, unreadable, price_cache))
    assert target is not None and entries is not None
    if as_start:
        return PricingInputs(workload, tuple(over_the_array(entries.entries, facts.array)), target, facts)
    raise_if_any(_misfits(entries, workload.layers, facts))
    return PricingInputs(workload, entries.entries, target, facts)


def _accepted(
    workload: PricedWorkload,
    accelerator: AcceleratorFile | None,
    mapping: MappingFile | None,
    unreadable: Sequence[Problem],
    price_cache: PriceCache,
) -> ArrayAndPorts:
    """What the accelerator offers, if ZigZag accepts all three files. Raises InputError."""
    from onnx2zz.zigzag.accelerator import hardware

    faults = price_cache.faults(("workload", workload.digest), lambda: _workload_problems(workload))
    problems, facts = [*faults, *unreadable], None
    refused: list[Problem] = []
    with noted_in(refused):
        facts = hardware(accelerator.built) if accelerator else None
    # ZigZag stops at its first objection. Check names all of them with lines; where it finds none, ZigZag's own is
    # told.
    if accelerator and refused:
        from onnx2zz.pricing.accelerator_check import accelerator_faults

        refused = [*(accelerator_faults(accelerator.path, accelerator.document) or refused)]
    problems += refused
    problems.extend(_costs_without_value(accelerator) if accelerator else ())
    problems.extend(_mapping_problems(mapping) if mapping else ())
    raise_if_any(problems)
    assert facts is not None
    return facts


def _costs_without_value(accelerator: AcceleratorFile) -> Iterator[Problem]:
    """ZigZag prices with them, and its energies are nan or inf."""
    from onnx2zz.checks.families.costs import not_finite

    for place, number in not_finite(accelerator.document):
        field = ".".join(map(str, place))
        yield Problem(f"{accelerator.path}: {field}", f"is {number}", "write a finite number; 0 is not counted")


def _workload_problems(workload: PricedWorkload) -> tuple[Problem, ...]:
    from onnx2zz.zigzag.layer import workload_problems

    return (
        # From coarse to fine: the later checks index what the earlier ones found to be there.
        workload_check.missing_fields(workload.file, list(workload.layers))
        or workload_problems(workload.file, workload.layers)
        or workload_check.inconsistencies(workload.file, workload.layers)
    )


def _mapping_problems(mapping: MappingFile) -> tuple[Problem, ...]:
    from onnx2zz.zigzag.layer import mapping_problems

    file = str(mapping.path)
    entries = mapping.document if is_list(mapping.document) else []
    return mapping_check.unusable(file, mapping.document) or mapping_problems(file, entries)


def _misfits(mapping: MappingFile, layers: Sequence[WorkloadEntry], facts: ArrayAndPorts) -> tuple[Problem, ...]:
    file, entries = str(mapping.path), mapping.entries
    absent = mapping_check.array_problems(file, entries, facts)
    ships = mapping.path in (*ours(MAPPINGS).values(), *zigzags(MAPPINGS).values())
    # Files that ship are written for all networks, and name loops that this one may not have.
    return absent if ships else absent + mapping_check.dim_problems(file, entries, layers)
