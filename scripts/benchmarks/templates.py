"""What templates are worth: the honest latency with the mapping file, with the templates' choice, with `auto`."""

import os
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import Literal, TypedDict

from onnx2zz.compiler import compile_model
from onnx2zz.formats.mapping_entry import MappingEntry, mapping_entry_for, read_mapping
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator, find_model, templates
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.mapping.choice import choose
from onnx2zz.mapping.honest import honest_price
from onnx2zz.mapping.interconnect import declared, shown_by
from onnx2zz.mapping.judge import ChoiceTerms
from onnx2zz.mapping.templated import TemplateTarget, templated
from onnx2zz.mapping.templates import Templates, read_templates
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.inputs import read_accelerator
from onnx2zz.pricing.roofline import roofline
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.accelerator import hardware, hierarchy
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.spatial import unrollings
from onnx2zz.zigzag.talk import talk_goes_to
from onnx2zz.zigzag.unrolling import Unrolling
from onnx2zz.zigzag.unrolling_prices import UnrollingPrices
from scripts.benchmarks.benchmark import Benchmark, options
from scripts.doc_table import table

NETWORKS = ("resnet18", "mobilenetv2")
ACCELERATORS = ("tpu_like", "edge_tpu_like", "meta_prototype", "seneca")
Source = Literal["hand", "templates", "auto"]
SOURCES: Mapping[Source, str] = {"hand": "mapping file", "templates": "templates", "auto": "auto"}
OPTIONS = PriceOptions()


class TemplatesCase(TypedDict):
    """Whose layers are mapped on what."""

    network: str
    accelerator: str


class TemplatesLine(TemplatesCase):
    """Cycles of the whole network after each source, and CPU seconds that finding the mappings took."""

    roofline: float
    hand: float
    hand_s: float
    templates: float
    templates_s: float
    auto: float
    auto_s: float


@dataclass(frozen=True)
class Sources:
    """Where the mapping of a layer may come from, and the honest cycles of the layer with it."""

    base: Sequence[MappingEntry]
    known: Templates
    target: TemplateTarget

    @cached_property
    def terms(self) -> ChoiceTerms:
        wires = shown_by(self.base, declared(self.target.hierarchy, Wires()))
        return ChoiceTerms(self.target.accelerator, self.target.hardware, self.target.hierarchy, wires, OPTIONS)

    def hand(self, entry: WorkloadEntry, mapped: MappingEntry) -> float:
        """The best that ZigZag makes of the mapping file."""
        found = unrollings(entry, mapped, self.target.accelerator, OPTIONS)
        return min(self._cycles(entry, mapped, one) for one in found)

    def templates(self, entry: WorkloadEntry, mapped: MappingEntry) -> float:
        unrolling = templated(entry, mapped, self.known, self.target)
        assert unrolling is not None, "the templates that ship leave something for each layer"
        return self._cycles(entry, mapped, unrolling)

    def auto(self, entry: WorkloadEntry, mapped: MappingEntry) -> float:
        best = choose(entry, mapped, self.terms).best
        assert best is not None and best.latency_cycles is not None
        return best.latency_cycles

    def _cycles(self, entry: WorkloadEntry, mapped: MappingEntry, unrolling: Unrolling) -> float:
        target = self.target
        prices = UnrollingPrices(entry, mapped, target.accelerator, OPTIONS)
        return honest_price(prices, unrolling, target.hardware).latency_cycles


def cases(given: Namespace) -> Iterable[TemplatesCase]:
    for network, accelerator in product(given.network, ACCELERATORS):
        yield {"network": network, "accelerator": accelerator}


@cache
def _layers(network: str) -> Sequence[WorkloadEntry]:
    return compile_model(find_model(network).path).entries


def measured(case: TemplatesCase) -> TemplatesLine:
    layers = _layers(case["network"])
    with talk_goes_to(Path(os.devnull)):
        sources = _sources(case["accelerator"])
        mapped = [(entry, mapping_entry_for(entry, sources.base)) for entry in layers]
        floor = sum(roofline(*one, sources.target.hardware).cycles for one in mapped)
        hand, hand_s = _total(mapped, sources.hand)
        by_template, templates_s = _total(mapped, sources.templates)
        auto, auto_s = _total(mapped, sources.auto)
    return {
        **case,
        "roofline": floor,
        "hand": hand,
        "hand_s": hand_s,
        "templates": by_template,
        "templates_s": templates_s,
        "auto": auto,
        "auto_s": auto_s,
    }


def _sources(name: str) -> Sources:
    found = find_accelerator(name)
    built, base = read_accelerator(found.path).built, read_mapping(load_yaml(choose_mapping(None, found).path))
    target = TemplateTarget(built, hardware(built), hierarchy(built))
    file = templates(found)
    assert file is not None
    return Sources(base, read_templates(file, tuple(dim for dim, _ in target.hardware.array)), target)


def _total(
    mapped: Sequence[tuple[WorkloadEntry, MappingEntry]], cycles: Callable[[WorkloadEntry, MappingEntry], float]
) -> tuple[float, float]:
    """Cycles of the network, and CPU seconds; layers that are alike are mapped once."""
    keys = [layer_key(*one) for one in mapped]
    begun = time.process_time()
    costs = {key: cycles(*one) for key, one in dict(zip(keys, mapped, strict=True)).items()}
    return sum(costs[key] for key in keys), round(time.process_time() - begun, 2)


def tables(lines: Sequence[TemplatesLine]) -> dict[str, str]:
    head = ["honest latency [Mcycles]", *SOURCES.values(), "sum of rooflines", "templates / auto"]
    rows = [
        [f"{line['network']}, {line['accelerator']}"]
        + [f"{line[source] / 1e6:,.3f}" for source in SOURCES]
        + [f"{line['roofline'] / 1e6:,.3f}", f"{line['templates'] / line['auto']:.3f}"]
        for line in lines
    ]
    return {"templates": table(head, rows)}


def main(arguments: Sequence[str]) -> int:
    parser = options("templates", __doc__)
    parser.add_argument("--network", nargs="+", default=NETWORKS)
    return Benchmark("templates", "mapping.md", cases, measured, tables).main(parser, arguments)
