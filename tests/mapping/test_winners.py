"""What `auto` chose for a real network, priced again by stock ZigZag from the file that was written."""

from pathlib import Path

import pytest

from onnx2zz.compiler import compile_model
from onnx2zz.formats.shipped_files import choose_mapping, find_accelerator, find_model
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.mapping_file import mapping_text
from onnx2zz.mapping.network import Network, choose_mappings
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.zigzag.layer_price import PriceOptions
from tests.present import present
from tests.small_workloads import sources_of
from tests.stock import stock_zigzag

OPTIONS = PriceOptions(lpf_limit=4)
SOME = (0, 1, 4, 15, 29)
"""The 7x7 stem, the pool, an addition of two layers' outputs, a strided convolution, the global pool."""


def alone(entry: WorkloadEntry, number: int) -> WorkloadEntry:
    """The layer without its neighbours; which of its operands are constant stays."""
    sources = sources_of(entry)
    fixed = {operand: number for operand, source in sources.items() if source == entry["id"]}
    return {**entry, "id": number, "operand_source": dict.fromkeys(sources, 0) | fixed}


@pytest.mark.long
@pytest.mark.parametrize("arch", ["tpu_like", "meta_prototype"])
def test_stock_zigzag_gives_the_chosen_price_and_unrolls_as_asked(arch: str, tmp_path: Path) -> None:
    entries = compile_model(find_model("resnet18").path).entries
    layers = [alone(entries[place], number) for number, place in enumerate(SOME)]
    accelerator = find_accelerator(arch)
    workload = PricedWorkload("some", "some.yaml", tuple(layers))
    network = Network(workload, accelerator, choose_mapping(None, accelerator), OPTIONS)
    chosen = choose_mappings(network, tmp_path / "log")
    (tmp_path / "mapping.yaml").write_text(mapping_text(chosen.entries, "auto"))
    files = (accelerator.path, tmp_path / "mapping.yaml", tmp_path / "stock")
    *_, found = stock_zigzag(layers, *files, lpf_limit=OPTIONS.lpf_limit)
    for layer in layers:
        best, stock = present(chosen.choices[layer["id"]].best), found[layer["id"]]
        asked = {dim: dict(pairs) for dim, pairs in best.unrolling}
        got = {str(d): {str(loop): f for loop, f in p.items() if f > 1} for d, p in stock.layer.spatial_mapping.items()}
        assert got == asked
        sizes = dict(zip(layer["loop_dims"], layer["loop_sizes"], strict=True))
        units = dict.fromkeys(sizes, 1)
        for pairs in asked.values():
            units |= {loop: units[loop] * factor for loop, factor in pairs.items()}
        if all(sizes[loop] % units[loop] == 0 for loop in sizes):  # else the honest price is of a longer layer
            roofline = present(best.latency_cycles) > stock.latency_total2
            assert best.latency_cycles == stock.latency_total2 or (roofline and best.below_roofline)
            assert best.energy_pj == stock.energy_total
