"""What is judged together: the files given, read as far as they can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeGuard

from onnx2zz.files.document import Data
from onnx2zz.formats.accelerator import Hierarchy, read_hierarchy
from onnx2zz.formats.allocation import OPERANDS
from onnx2zz.formats.mapping_entry import DEFAULT_LINKS, MappingEntry, entry_for, read_mapping
from onnx2zz.formats.pairing import Pairing, pair_layers
from onnx2zz.formats.workload_entry import EntryLayer, WorkloadEntry, as_meant, read_layer
from onnx2zz.formats.yaml_source import YamlSource
from onnx2zz.zigzag.layer_price import LPF_LIMIT

FileKind = Literal["system", "accelerator", "mapping", "workload", "model"]


@dataclass(frozen=True)
class Context:
    """The files, the model's own workload entries (`--model`) and the flags that the verdict holds for."""

    accelerator: YamlSource | None = None
    mapping: YamlSource | None = None
    workload: YamlSource | None = None
    system: YamlSource | None = None
    unreadable: tuple[YamlSource, ...] = ()
    model: tuple[WorkloadEntry, ...] | None = None
    lpf_limit: int = LPF_LIMIT
    exploit_data_locality: bool = False

    @property
    def sources(self) -> tuple[YamlSource, ...]:
        given = (self.system, self.accelerator, self.mapping, self.workload)
        return tuple(source for source in given if source)

    def has(self, kind: FileKind) -> bool:
        """Whether a file of the kind was given and can be read."""
        files = {
            "system": self.system,
            "accelerator": self.accelerator,
            "mapping": self.mapping,
            "workload": self.workload,
        }
        return (self.model if kind == "model" else files[kind]) is not None

    @cached_property
    def hierarchy(self) -> Hierarchy:
        return read_hierarchy(self.accelerator.data if self.accelerator else None)

    @cached_property
    def entries(self) -> tuple[Data, ...]:
        """The workload's entries that are mappings, readable or not."""
        data = self.workload.data if self.workload else None
        return tuple(entry for entry in data if isinstance(entry, Mapping)) if isinstance(data, list) else ()

    @cached_property
    def layers(self) -> tuple[EntryLayer, ...]:
        """The readable layers, as they are written."""
        data = self.workload.data if self.workload else None
        read = [read_layer(number, entry) for number, entry in enumerate(data)] if isinstance(data, list) else []
        return tuple(layer for layer in read if layer)

    @cached_property
    def layers_as_meant(self) -> tuple[EntryLayer, ...]:
        """The readable layers with output-based relations: what their volumes are judged by."""
        return tuple(as_meant(layer) for layer in self.layers)

    @cached_property
    def mapping_entries(self) -> tuple[MappingEntry, ...]:
        """The readable entries of the mapping."""
        return read_mapping(self.mapping.data if self.mapping else None)

    def mapping_of(self, layer: EntryLayer) -> MappingEntry | None:
        """The entry that ZigZag takes."""
        return entry_for(layer.name, layer.kind, self.mapping_entries)

    def memory_operand(self, layer: EntryLayer, operand: str) -> str:
        """I1, I2 or O for a layer's operand."""
        return self.links(layer).get(operand, DEFAULT_LINKS.get(operand, operand))

    def links(self, layer: EntryLayer) -> Mapping[str, str]:
        """The memory operands of a layer's operands, as its mapping entry has them."""
        entry = self.mapping_of(layer)
        return entry.links if entry else DEFAULT_LINKS

    @cached_property
    def pairing(self) -> Pairing:
        """Which of the workload's entries stands for which of the model's."""
        return pair_layers(self.entries, self.model or ())

    @property
    def used_operands(self) -> tuple[str, ...]:
        """The memory operands that any layer uses; all of them without a mapping."""
        # An accelerator for layers of one input has no need of I2, and must not be scolded for lacking it.
        linked = {operand for entry in self.mapping_entries for operand in entry.links.values()}
        return tuple(operand for operand in OPERANDS if operand in linked or not linked)


class AcceleratorContext(Context):
    """A context that was given an accelerator. This class and its siblings say what a rule needs; whether a context is
    one is asked below, and they are not made."""

    accelerator: YamlSource


class SystemContext(Context):
    """A context that was given a system of cores."""

    system: YamlSource


class MappingContext(Context):
    """A context that was given a mapping."""

    mapping: YamlSource


class WorkloadContext(Context):
    """A context that was given a workload."""

    workload: YamlSource


class TripleContext(AcceleratorContext, MappingContext, WorkloadContext):
    """A context that was given all three files: what ZigZag can be run on."""


def has_system(context: Context) -> TypeGuard[SystemContext]:
    return context.system is not None


def has_accelerator(context: Context) -> TypeGuard[AcceleratorContext]:
    return context.accelerator is not None


def has_mapping(context: Context) -> TypeGuard[MappingContext]:
    return context.mapping is not None


def has_workload(context: Context) -> TypeGuard[WorkloadContext]:
    return context.workload is not None


def is_triple(context: Context) -> TypeGuard[TripleContext]:
    return has_accelerator(context) and has_mapping(context) and has_workload(context)
