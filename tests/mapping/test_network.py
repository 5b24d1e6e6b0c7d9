"""A whole network: its mapping file is plain, stock ZigZag takes it, and prices what was chosen."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor
from math import prod
from pathlib import Path

import pytest
import yaml

from onnx2zz.errors import InputError
from onnx2zz.formats.mapping_entry import MappingEntry
from onnx2zz.formats.shipped_files import Found, choose_mapping, find_accelerator
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.mapping.mapping_file import mapping_entries, mapping_text
from onnx2zz.mapping.network import Network, NetworkChoice, Policy, choose_mappings, choose_networks
from onnx2zz.pricing import workers
from onnx2zz.pricing.cache_on_disk import Store
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import ChoiceKind, EvaluationRequest, MappingSearch
from onnx2zz.pricing.resources import ALONE, One, Out, Resources
from onnx2zz.pricing.run import evaluate
from onnx2zz.pricing.workers import worker
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.unrolling import totals
from tests.present import present
from tests.small_workloads import conv, gemm, residual, strip
from tests.stock import stock_zigzag

OPTIONS = PriceOptions(lpf_limit=3)


def chosen_for(
    layers: list[WorkloadEntry],
    arch: str,
    folder: Path,
    policy: Policy | None = None,
    base: Found | None = None,
    resources: Resources = ALONE,
) -> tuple[PricedWorkload, Found, NetworkChoice, Found]:
    accelerator = find_accelerator(arch)
    workload = PricedWorkload("net", "net.yaml", tuple(layers))
    base = base or choose_mapping(None, accelerator)
    network = Network(workload, accelerator, base, OPTIONS, policy or Policy())
    chosen = choose_mappings(network, folder / "log", resources)
    path = folder / "mapping.yaml"
    path.write_text(mapping_text(chosen.entries, "chosen"))
    return workload, accelerator, chosen, Found("auto", path)


@pytest.mark.parametrize("arch", ["edge_tpu_like", "seneca"])
def test_stock_zigzag_takes_the_file_and_gives_the_same_numbers(arch: str, tmp_path: Path) -> None:
    workload, accelerator, chosen, mapping = chosen_for(strip(), arch, tmp_path)
    ours = evaluate(EvaluationRequest(workload, accelerator, mapping, OPTIONS), tmp_path / "log")
    files = (accelerator.path, mapping.path, tmp_path / "stock")
    energy, latency, _ = stock_zigzag(strip(), *files, lpf_limit=OPTIONS.lpf_limit)
    assert (ours.total.energy_pj, ours.total.latency_cycles) == (energy, latency)
    for layer in ours.layers:
        asked = dict(present(chosen.choices[layer.id].best).unrolling)
        least = present(chosen.choices[layer.id].best).latency_cycles
        assert present(layer.latency_cycles) <= present(least)
        assert {dim: list(loops) for dim, loops in present(layer.spatial_mapping).items()} == {
            dim: [loop for loop, _ in pairs] for dim, pairs in asked.items()
        }


@pytest.mark.parametrize("arch", ["edge_tpu_like", "seneca"])
def test_what_is_chosen_also_runs_with_data_kept_low(arch: str, tmp_path: Path) -> None:
    """Additions of two layers' outputs and pools without weights find their operands in the memories that hold them."""
    workload, accelerator, _, mapping = chosen_for(strip(), arch, tmp_path)
    kept = evaluate(EvaluationRequest(workload, accelerator, mapping, OPTIONS, locality=True), tmp_path / "log")
    assert [layer.error for layer in kept.layers] == [None] * len(workload.layers)


def test_layers_that_are_alike_are_chosen_for_once_and_a_second_run_asks_nothing(tmp_path: Path) -> None:
    told: list[str] = []
    with Store(tmp_path / "cache", told.append) as memory:
        first = chosen_for(strip(), "seneca", tmp_path, resources=Resources(memory))[2]
        again = chosen_for(strip(), "seneca", tmp_path, resources=Resources(memory))[2]
        kept = memory.count()
        assert chosen_for(strip(), "seneca", tmp_path, resources=Resources(memory))[2] == first == again
        assert memory.count() == kept
        free = Policy(MappingSearch("free"))
        assert chosen_for(strip(), "seneca", tmp_path, free, resources=Resources(memory))[2] != first
    assert first.distinct_layers == 6 and first.choices[2] == first.choices[3]


@pytest.mark.parametrize("kind", ["auto", "optimal"])
def test_worker_processes_choose_what_one_process_chooses(
    kind: ChoiceKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recruited: list[Path] = []

    def recruit(log: Path) -> Executor:
        recruited.append(log)
        return worker(log)

    monkeypatch.setattr(workers, "WORTH_S", 0)
    monkeypatch.setattr(workers, "worker", recruit)
    policy = Policy(MappingSearch(kind=kind))
    alone, shared = (
        chosen_for(strip(), "edge_tpu_like", tmp_path, policy, resources=Resources(jobs=jobs))[2] for jobs in (1, 2)
    )
    assert alone == shared
    assert recruited == [tmp_path / "log"] * 2


def test_layers_that_networks_share_are_chosen_for_once_even_without_a_cache(tmp_path: Path) -> None:
    accelerator, told = find_accelerator("edge_tpu_like"), list[str]()
    base = choose_mapping(None, accelerator)
    networks = [
        Network(PricedWorkload(name, f"{name}.yaml", tuple(layers)), accelerator, base, OPTIONS)
        for name, layers in (("whole", strip()), ("part", strip()[:3]))
    ]
    resources = Resources(watch=lambda done, total, layer: told.append(layer))
    whole, part = choose_networks(networks, tmp_path / "log", resources)
    assert len(told) == whole.distinct_layers + 1 and part.distinct_layers > 1
    assert all(part.choices[id] is whole.choices[id] for id in part.choices)


def test_a_layer_that_a_worker_dies_of_is_told(tmp_path: Path) -> None:
    class Deadly:
        def outcomes(
            self, units: Sequence[One], do: Callable[[One], Out], begun: Callable[[One], None]
        ) -> Generator[tuple[One, Out | str], None, None]:
            yield units[0], "its worker process died"

    with pytest.raises(InputError, match="L0_stem: no mapping was chosen: its worker process died"):
        chosen_for(strip(), "edge_tpu_like", tmp_path, resources=Resources(elsewhere=Deadly()))


@pytest.mark.parametrize("arch", ["aimc"])
def test_an_array_that_computes_in_memory_keeps_its_mapping(arch: str, tmp_path: Path) -> None:
    _, accelerator, chosen, _ = chosen_for(residual(), arch, tmp_path)
    assert [entry.document() for entry in chosen.entries] == yaml.safe_load(
        choose_mapping(None, accelerator).path.read_text()
    )


def test_one_entry_for_a_type_and_names_only_where_layers_differ():
    k, g, c = (MappingEntry("default", {"D1": (f"{loop}, 4",)}) for loop in "KGC")
    entries = mapping_entries([("a", "Conv", k), ("b", "Conv", g), ("c", "Conv", k), ("d", "Add", g), ("e", "Gemm", c)])
    assert [(entry.name, present(entry.spatial_mapping)["D1"][0][0]) for entry in entries] == [
        *(("default", "K"), ("Conv", "K"), ("Add", "G"), ("Gemm", "C"), ("b", "G"))
    ]
    text = mapping_text(entries, "two\nlines")
    assert text.startswith("# two\n# lines\n") and yaml.safe_load(text) == [entry.document() for entry in entries]


def test_a_partly_fixed_loop_order_holds_for_every_candidate_and_is_passed_on(tmp_path: Path) -> None:
    layer = strip()[0]
    accelerator = find_accelerator("seneca")
    outermost = [["*", "*"], ["OX", "*"]]
    base = tmp_path / "base.yaml"
    links = {"O": "O", "W": "I2", "I": "I1"}
    entry = {"name": "default", "spatial_mapping": {"D1": ["K, 8"]}, "temporal_ordering": outermost}
    base.write_text(yaml.safe_dump([entry | {"memory_operand_links": links}]))
    workload, _, chosen, mapping = chosen_for([layer], "seneca", tmp_path, base=Found("base", base))
    assert all(entry.document()["temporal_ordering"] == outermost for entry in chosen.entries)
    free = chosen_for([layer], "seneca", tmp_path)[2]
    bound, unbound = (present(found.choices[0].best) for found in (chosen, free))
    assert present(bound.latency_cycles) >= present(unbound.latency_cycles)
    assert (
        evaluate(EvaluationRequest(workload, accelerator, mapping, OPTIONS), tmp_path / "log").total.incomplete is False
    )


@pytest.mark.parametrize("kind", ["auto", "optimal"])
def test_nothing_is_chosen_that_zigzag_takes_a_step_more_for(kind: ChoiceKind, tmp_path: Path) -> None:
    """34 columns on 4 x 3 are three steps; in floats 34 / (34 / 9 * 3) is a hair above 3, and ZigZag takes four."""
    layers = [conv(0, None, "L0_conv", k=11, c=3, oy=1, ox=34, fy=1, fx=7)]
    policy = Policy(MappingSearch(kind=kind))
    workload, accelerator, chosen, mapping = chosen_for(layers, "meta_prototype", tmp_path, policy)
    found = evaluate(EvaluationRequest(workload, accelerator, mapping, OPTIONS), tmp_path / "log").layers[0]
    best, steps = present(chosen.choices[0].best), present(present(found.breakdown).cycles).steps
    factors = totals(best.unrolling)
    assert steps == prod(
        -(-size // factors.get(loop, 1)) for loop, size in {"K": 11, "C": 3, "OX": 34, "FX": 7}.items()
    )
    assert present(found.latency_cycles) <= present(best.latency_cycles)


@pytest.mark.parametrize("arch", ["meta_prototype", "gemm_l1"])
def test_a_layer_for_which_nothing_fits_is_told_and_the_others_are_priced(arch: str, tmp_path: Path) -> None:
    """Partial sums of 32 bit fit no register of meta_prototype, and the last weights no memory of gemm_l1. Both files
    unroll loops that a product lacks, which the entry of such a layer must not name."""
    first, second = gemm(0, None, "L0_fc", k=20, c=14), gemm(1, 0, "L1_fc", k=9, c=20)
    wide = gemm(2, 1, "L2_fc", k=3000, c=900)
    wide["operand_precision"] = {"W": 8, "I": 8, "O": 32, "O_final": 32}
    workload, accelerator, chosen, mapping = chosen_for([first, second, wide], arch, tmp_path)
    assert chosen.choices[2].best is None
    found = evaluate(EvaluationRequest(workload, accelerator, mapping, OPTIONS), tmp_path / "log").layers
    assert [layer.error is None for layer in found] == [True, True, False]
