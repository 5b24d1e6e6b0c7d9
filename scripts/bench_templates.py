"""What templates are worth: the honest latency of networks x accelerators with the mapping file, with the templates'
choice, and with `--mapping auto`.

    python scripts/bench_templates.py [NETWORK ...]

Each case is a line in docs/measured/templates.jsonl, measured once (delete a line to measure it again); the table in
docs/mapping.md is made from them.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from onnx2zz.compiler import compile_model
from onnx2zz.formats.mapping_entry import mapping_entry_for, read_mapping
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator, find_model, templates
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_source import load_yaml
from onnx2zz.mapping.choice import ChoiceTerms, choose
from onnx2zz.mapping.honest import honest_price
from onnx2zz.mapping.interconnect import declared, shown_by
from onnx2zz.mapping.templated import TemplateTarget, templated
from onnx2zz.mapping.templates import Templates, read_templates
from onnx2zz.pricing.distinct import layer_key
from onnx2zz.pricing.inputs import read_accelerator
from onnx2zz.pricing.roofline import roofline
from onnx2zz.sidecar.figures import Wires
from onnx2zz.zigzag.accelerator import hardware, hierarchy
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.spatial import unrollings
from onnx2zz.zigzag.talk import talk_goes_to
from scripts.measurements import MEASURED, is_known, keep, measured, put_into_page, table

LINES = MEASURED / "templates.jsonl"
NETWORKS = ("resnet18", "mobilenetv2")
ACCELERATORS = ("tpu_like", "edge_tpu_like", "meta_prototype", "seneca")
SOURCES = {"hand": "mapping file", "templates": "templates", "auto": "auto"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    for network in parser.parse_args().networks:
        layers = compile_model(find_model(network).path).entries
        for accelerator in ACCELERATORS:
            case = {"network": network, "accelerator": accelerator}
            if not is_known(case, measured(LINES)):
                with talk_goes_to(Path(os.devnull)):
                    line = case | _totals(layers, accelerator)
                keep(line, LINES)
                print(line, flush=True)
    put_into_page("mapping.md", "templates", _table(measured(LINES)))


def _totals(layers: Sequence[WorkloadEntry], name: str) -> dict[str, Any]:
    """Cycles of the whole network after each source, and CPU seconds that finding the mappings took."""
    found = find_accelerator(name)
    built, base = read_accelerator(found.path).built, read_mapping(load_yaml(choose_mapping(None, found).path))
    target = TemplateTarget(built, hardware(built), hierarchy(built))
    file = templates(found)
    assert file is not None
    known = read_templates(file, tuple(dim for dim, _ in target.hardware.array))
    mapped = [(entry, mapping_entry_for(entry, base)) for entry in layers]
    keys = [layer_key(entry, how) for entry, how in mapped]
    distinct = dict(zip(keys, mapped, strict=True))
    totals: dict[str, Any] = {"roofline": sum(roofline(*one, target.hardware).cycles for one in mapped)}
    for source, cycles in _sources(base, known, target).items():
        begun = time.process_time()
        costs = {key: cycles(entry, how) for key, (entry, how) in distinct.items()}
        totals |= {source: sum(costs[key] for key in keys), f"{source}_s": round(time.process_time() - begun, 2)}
    return totals


def _sources(
    base: Sequence[WorkloadEntry], known: Templates, target: TemplateTarget
) -> Mapping[str, Callable[[WorkloadEntry, WorkloadEntry], float]]:
    """Honest cycles of a layer: the best that ZigZag makes of the mapping file, the template's, the choice's."""
    options = PriceOptions()
    wires = shown_by(base, declared(target.hierarchy, Wires()))
    terms = ChoiceTerms(target.accelerator, target.hardware, target.hierarchy, wires, options)

    def cycles(entry: WorkloadEntry, how: WorkloadEntry, unrolling: Any) -> float:
        return honest_price(entry, how, unrolling, target.accelerator, target.hardware, options).latency_cycles

    def by_choice(entry: WorkloadEntry, how: WorkloadEntry) -> float:
        best = choose(entry, how, terms).best
        assert best is not None and best.latency_cycles is not None
        return best.latency_cycles

    return {
        "hand": lambda e, how: min(cycles(e, how, one) for one in unrollings(e, how, target.accelerator, options)),
        "templates": lambda e, how: cycles(e, how, templated(e, how, known, target)),
        "auto": by_choice,
    }


def _table(lines: Sequence[Mapping[str, Any]]) -> str:
    head = ["honest latency [Mcycles]", *SOURCES.values(), "sum of rooflines", "templates / auto"]
    rows = [
        [f"{line['network']}, {line['accelerator']}"]
        + [f"{line[source] / 1e6:,.3f}" for source in (*SOURCES, "roofline")]
        + [f"{line['templates'] / line['auto']:.3f}"]
        for line in lines
    ]
    return table(head, rows)


if __name__ == "__main__":
    main()
