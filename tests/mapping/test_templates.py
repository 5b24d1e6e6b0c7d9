"""Templates: which one a layer takes, what it gives the layer, and that stock ZigZag has nothing to change about it."""

from pathlib import Path

import pytest
import yaml

from onnx2zz.cli.main import run
from onnx2zz.errors import InputError
from onnx2zz.formats.mapping_entry import entry_for, read_mapping
from onnx2zz.formats.shipped_files import ACCELERATORS, MAPPINGS, Found, find_accelerator, ours, templates, zigzags
from onnx2zz.formats.workload_entry import WorkloadEntry
from onnx2zz.formats.yaml_source import parse_yaml
from onnx2zz.mapping.enumeration import accounted
from onnx2zz.mapping.interconnect import declared, lacks, shown_by
from onnx2zz.mapping.layer_kind import KINDS, kind_of
from onnx2zz.mapping.space import read_space
from onnx2zz.mapping.templated import TemplateTarget, templated, templated_mapping
from onnx2zz.mapping.templates import Templates, parse_templates, read_templates
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.request import EvaluationRequest
from onnx2zz.pricing.run import evaluate
from onnx2zz.sidecar.wires import Wires
from onnx2zz.zigzag.accelerator import hardware, hierarchy
from onnx2zz.zigzag.layer_price import PriceOptions
from onnx2zz.zigzag.spatial import stays_as_it_is
from tests.mapping.ground import accelerator, mapped, mapping_of
from tests.present import present
from tests.small_workloads import add, conv, depthwise, gemm, pool, residual, strip
from tests.stock import stock_zigzag

SHIPPED = sorted({*ours(ACCELERATORS), *zigzags(ACCELERATORS)})
SCORES: WorkloadEntry = {  # two variable operands, one of them in the place of the weights
    **gemm(0, None, "scores", k=20, c=14),
    "equation": "O[b][h][d][k]+=W[b][h][c][k]*I[b][h][d][c]",
    "loop_dims": ["C", "D", "K", "B", "H"],
    "loop_sizes": [14, 21, 20, 1, 3],
}
LAYERS: dict[str, WorkloadEntry] = {
    "conv": conv(0, None, "conv", k=40, c=12, oy=14, ox=10, fy=3, fx=5),
    "stem": conv(0, None, "stem", k=20, c=3, oy=28, ox=18, fy=7, fx=5, stride=(2, 3)),
    "depthwise": depthwise(0, 0, "depthwise", g=48, oy=14, ox=6, fy=3, fx=5),
    "pointwise": conv(0, None, "pointwise", k=24, c=30, oy=7, ox=9, fy=1, fx=1),
    "gemm": SCORES,
    "gemv": gemm(0, None, "gemv", k=100, c=60),
    "pool": pool(0, 0, "pool", g=30, oy=6, ox=9, fy=3, fx=2, stride=(3, 2)),
    "element-wise": add(2, (0, 1), "add", g=12, oy=10, ox=21),
}


def target(arch: str) -> TemplateTarget:
    built = accelerator(arch)
    return TemplateTarget(built, hardware(built), hierarchy(built))


def templates_of(arch: str) -> Templates:
    path = templates(find_accelerator(arch))
    assert path is not None
    return read_templates(path, tuple(dim for dim, _ in target(arch).hardware.array))


def unrolled(layer: WorkloadEntry, arch: str) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    return present(templated(layer, mapped(layer, arch), templates_of(arch), target(arch)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_shape_decides_which_template_a_layer_takes(kind: str) -> None:
    assert kind_of(LAYERS[kind]) == kind


def test_a_pointwise_layer_of_one_place_is_a_vector_times_a_matrix() -> None:
    assert kind_of(conv(0, None, "squeeze", k=24, c=30, oy=1, ox=1, fy=1, fx=1)) == "gemv"
    assert kind_of(gemm(0, None, "rows", k=24, c=30, b=7)) == "gemm"


@pytest.mark.parametrize("arch", SHIPPED)
def test_zigzag_changes_nothing_and_no_wire_is_made_up(arch: str) -> None:
    facts, built = target(arch).hardware, accelerator(arch)
    wires = shown_by(mapping_of(arch), declared(hierarchy(built), Wires()))
    for kind, layer in LAYERS.items():
        asked, space = unrolled(layer, arch), read_space(layer, mapped(layer, arch), facts.array)
        assert asked is not None, kind
        template = templates_of(arch).kinds[kind]
        assert all(loop in template[dim] for dim, pairs in asked for loop, _ in pairs), kind
        assert stays_as_it_is(layer, mapped(layer, arch), asked, built), kind
        assert accounted(space.factors(asked), space).all(), kind
        assert not lacks(space.factors(asked), space, wires), kind


@pytest.mark.parametrize(
    ("arch", "kind", "expected"),
    [
        ("tpu_like", "stem", {"D1": {"K": 20}, "D2": {"FX": 5, "FY": 2, "C": 3}}),
        ("tpu_like", "depthwise", {"D1": {"G": 24}, "D2": {"FX": 5, "FY": 3}}),
        ("edge_tpu_like", "conv", {"D1": {"K": 8}, "D2": {"C": 6}, "D3": {"OX": 2, "OY": 2}, "D4": {"OY": 4}}),
        ("edge_tpu_like", "element-wise", {"D1": {"G": 4, "OY": 2}, "D2": {}, "D3": {}, "D4": {}}),
    ],
)
def test_what_a_template_gives(arch: str, kind: str, expected: dict[str, dict[str, int]]) -> None:
    assert {dim: dict(pairs) for dim, pairs in unrolled(LAYERS[kind], arch)} == expected


@pytest.mark.parametrize("arch", ["tpu_like", "edge_tpu_like"])
def test_a_layer_of_which_no_element_fits_the_array_keeps_the_entry_of_the_mapping_file(arch: str) -> None:
    """Partial sums of 32 bit, as MatMulInteger has them; both have registers of 16."""
    wide: WorkloadEntry = {**SCORES, "operand_precision": {"W": 8, "I": 8, "O": 32, "O_final": 32}}
    assert templated(wide, mapped(wide, arch), templates_of(arch), target(arch)) is None


def mapped_by_templates(layers: list[WorkloadEntry], arch: str, folder: Path) -> Found:
    entries = templated_mapping(layers, mapping_of(arch), templates_of(arch), target(arch))
    path = folder / f"{arch}.mapping.yaml"
    path.write_text(yaml.safe_dump([entry.document() for entry in entries]))
    return Found("templates", path)


def test_a_depthwise_layer_on_a_systolic_array_takes_a_thirtieth_of_the_shipped_mapping(tmp_path: Path) -> None:
    layer = depthwise(0, 0, "L0_depthwise", g=64, oy=56, ox=56, fy=3, fx=3, pads=((1, 1), (1, 1)))
    workload, arch = PricedWorkload("net", "net.yaml", (layer,)), find_accelerator("tpu_like")
    mapping = mapped_by_templates([layer], "tpu_like", tmp_path)
    found = evaluate(EvaluationRequest(workload, arch, mapping), tmp_path / "log")
    assert found.total.latency_cycles <= 52_066 * 1.001  # 1,833,200 with ZigZag's mapping, 52,066 with its generator


@pytest.mark.parametrize("arch", ["tpu_like", "edge_tpu_like", "seneca", "seneca_events"])
def test_stock_zigzag_takes_the_file_and_unrolls_as_it_says(arch: str, tmp_path: Path) -> None:
    """Additions of two layers' outputs and pools without weights among them."""
    options = PriceOptions(lpf_limit=3)
    mapping, workload = mapped_by_templates(strip(), arch, tmp_path), PricedWorkload("net", "net.yaml", tuple(strip()))
    ours = evaluate(EvaluationRequest(workload, find_accelerator(arch), mapping, options), tmp_path / "log")
    files = (find_accelerator(arch).path, mapping.path, tmp_path / "stock")
    energy, latency, _ = stock_zigzag(strip(), *files, lpf_limit=options.lpf_limit)
    assert (ours.total.energy_pj, ours.total.latency_cycles) == (energy, latency)
    for layer, entry in zip(ours.layers, strip(), strict=True):
        asked = {dim: {loop for loop, _ in pairs} for dim, pairs in unrolled(entry, arch)}
        assert {dim: set(loops) for dim, loops in present(layer.spatial_mapping).items()} == asked


@pytest.mark.parametrize("arch", ["edge_tpu_like", "seneca", "meta_prototype", "tpu_like"])
def test_operands_find_the_memories_that_hold_them_between_layers(arch: str, tmp_path: Path) -> None:
    """A sum of two activations and a pool without weights, with data kept low: what one layer leaves in a memory that
    serves activations only, the next one reads there."""
    workload = PricedWorkload("net", "net.yaml", tuple(residual()))
    mapping = mapped_by_templates(residual(), arch, tmp_path)
    found = evaluate(
        EvaluationRequest(workload, find_accelerator(arch), mapping, PriceOptions(lpf_limit=3), locality=True),
        tmp_path / "log",
    )
    assert [layer.error for layer in found.layers] == [None] * len(residual())


def test_an_order_names_only_loops_that_run_in_time() -> None:
    """seneca_events keeps K innermost, but here K is unrolled whole: stock ZigZag would find no ordering."""
    few, many = (conv(i, None, f"L{i}", k=k, c=12, oy=14, ox=10, fy=3, fx=5) for i, k in enumerate((6, 24)))
    entries = templated_mapping(
        [few, many], mapping_of("seneca_events"), templates_of("seneca_events"), target("seneca_events")
    )
    by_k = {present(entry.spatial_mapping)["D1"][0]: entry.document().get("temporal_ordering") for entry in entries}
    assert by_k == {"K, 6": None, "K, 8": [["K", "*"]]}


BROKEN = """\
conv: {D1: [K], D5: [C]}
stem: {D1: [KK]}
depthwise: {D1: G}
pointwise: {D1: [K]}
gem: {D1: [K]}
gemm: {D1: [K]}
gemv: {D1: [K]}
pool: {D1: [G]}
"""


def test_everything_wrong_with_a_file_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse_templates(parse_yaml(BROKEN, "mine.templates.yaml"), ("D1", "D2"))
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 5
    assert any("mine.templates.yaml:1: conv.D5 is unknown" in line for line in said)
    assert any("mine.templates.yaml:2: stem.D1 holds 'KK', which is no loop" in line for line in said)
    assert any("mine.templates.yaml:3: depthwise.D1 is 'G', and a list is needed" in line for line in said)
    assert any("mine.templates.yaml:5: gem is unknown; did you mean gem" in line for line in said)
    assert any("the file lacks element-wise" in line for line in said)


def d1(folder: Path, layer: str, kind: str) -> list[str]:
    mapping = read_mapping(yaml.safe_load((folder / "mapping.yaml").read_text()))
    return list(present(present(entry_for(layer, kind, mapping)).spatial_mapping)["D1"])


def test_compile_writes_what_the_templates_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["compile", "lenet5", "--arch", "tpu_like", "-o", "out"]) == 0
    assert d1(tmp_path / "out", "L4_fc1", "Gemm") == ["K, 30"]
    text = (tmp_path / "out" / "mapping.yaml").read_text()
    assert text.startswith("# lenet5 on tpu_like, after tpu_like.templates.yaml.\n")


def test_templates_of_ones_own_lie_beside_the_accelerator_and_without_them_its_mapping_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(find_accelerator("seneca").path.read_text())
    assert run(["compile", "lenet5", "--arch", "mine.yaml", "-o", "out"]) == 0
    assert (tmp_path / "out" / "mapping.yaml").read_text() == zigzags(MAPPINGS)["default"].read_text()
    (tmp_path / "mine.templates.yaml").write_text("\n".join(f"{kind}: {{D1: [OX, K, G]}}" for kind in KINDS))
    assert run(["compile", "lenet5", "--arch", "mine.yaml", "-o", "out"]) == 0
    assert d1(tmp_path / "out", "L0_conv1", "Conv") == ["K, 2", "OX, 4"]
