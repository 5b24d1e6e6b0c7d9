"""`get_hardware_performance_zigzag`: ours and stock ZigZag's, on the cases of ZigZag's own tests of it (tests/main):
each kind of accelerator, with data locality, with mixed unrollings, computing in memory. Stock makes every number.
"""

import copy
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper
from zigzag import api as stock
from zigzag.opt.loma.engine import NoValidLoopOrderingFoundException

import onnx2zz
from onnx2zz.errors import InputError
from onnx2zz.formats.shipped_files import ACCELERATORS, MAPPINGS, MODELS, zigzags
from tests.json_values import Document, plain
from tests.nodes import make_node
from tests.present import present
from tests.small_workloads import conv, gemm, pool, strip

HARDWARE, MAPPING = zigzags(ACCELERATORS), zigzags(MAPPINGS)
OLD_SCHEMA = Path(__file__).parents[2].parent / "shared/seed_cases/1_edge_tpu_like/accelerator.yaml"

PLAIN = [
    ("ascend_like", "ascend_like"),
    ("edge_tpu_like", "edge_tpu_like"),
    ("meta_prototype", "meta_prototype_like"),
    ("tesla_npu_like", "tesla_npu_like"),
    ("tpu_like", "tpu_like"),
]
CASES: list[tuple[str, str, Document]] = [
    *((*files, {}) for files in PLAIN),
    *((*files, {"exploit_data_locality": True}) for files in PLAIN),
    *((arch, f"{how}_mixed", {"enable_mix_spatial_mapping": True}) for arch, how in PLAIN),
    ("aimc", "default_imc", {"in_memory_compute": True}),
    ("dimc", "default_imc", {"in_memory_compute": True}),
]
QUICK = [CASES[4], CASES[6], CASES[14], CASES[16]]


class Folder(TypedDict):
    """Where a run writes, as an argument of either function."""

    dump_folder: str


def folder(tmp_path: Path, name: str) -> Folder:
    return {"dump_folder": str(tmp_path / name)}


def assert_same(ours: Any, theirs: Any) -> None:
    """The numbers in front, and every winner: its price, its layer, its loops, its traffic."""
    assert ours[:-1] == theirs[:-1]
    ((our_sum, our_layers),), ((their_sum, their_layers),) = ours[-1], theirs[-1]
    assert type(our_sum) is type(their_sum) and len(our_layers) == len(their_layers)
    for (mine, (my_layer, _)), (other, (other_layer, _)) in zip(our_layers, their_layers, strict=True):
        assert type(mine) is type(other) and (my_layer.id, my_layer.name) == (other_layer.id, other_layer.name)
        assert (mine.energy_total, mine.latency_total2) == (other.energy_total, other.latency_total2)
        assert str(mine.temporal_mapping.mapping_dic_stationary) == str(other.temporal_mapping.mapping_dic_stationary)
        assert str(mine.layer.spatial_mapping) == str(other.layer.spatial_mapping)
        assert mine.mem_energy_breakdown == other.mem_energy_breakdown


def both(
    tmp_path: Path,
    workload: list[Document] | onnx.ModelProto | str,
    arch: Path,
    mapping: Path,
    **options: Any,
) -> tuple[Any, Any]:
    given = (workload, str(arch), str(mapping))
    theirs: Any = stock.get_hardware_performance_zigzag(
        *given, **folder(tmp_path, "stock"), loma_show_progress_bar=False, **options
    )
    either: Callable[..., Any] = onnx2zz.get_hardware_performance_zigzag  # the options decide which of its results
    return either(*given, **folder(tmp_path, "ours"), **options), theirs


@pytest.mark.parametrize(
    ("arch", "mapping", "options"),
    [case if case in QUICK else pytest.param(*case, marks=pytest.mark.long) for case in CASES],
)
def test_a_small_network_gives_what_stock_gives(arch: str, mapping: str, options: Document, tmp_path: Path) -> None:
    assert_same(*both(tmp_path, plain(strip()), HARDWARE[arch], MAPPING[mapping], lpf_limit=3, **options))


@pytest.mark.long
@pytest.mark.parametrize(("arch", "mapping", "options"), QUICK)
@pytest.mark.filterwarnings("ignore:ZigZag's ONNX front end makes")
def test_resnet18_gives_what_stock_gives(arch: str, mapping: str, options: Document, tmp_path: Path) -> None:
    model = str(zigzags(MODELS)["resnet18"])
    assert_same(*both(tmp_path, model, HARDWARE[arch], MAPPING[mapping], lpf_limit=4, **options))


@pytest.mark.parametrize("arch", ["gemm_l1", "gemm_l1_l3"])
def test_a_product_gives_what_stock_gives(arch: str, tmp_path: Path) -> None:
    layers = plain([gemm(0, None, "product", b=24, k=32, c=40)])
    assert_same(*both(tmp_path, layers, HARDWARE[arch], MAPPING[arch], lpf_limit=3))


@pytest.mark.parametrize(
    "options",
    [{"opt": "energy"}, {"opt": "EDP"}, {"temporal_mapping_type": "even"}, {"nb_spatial_mappings_generated": 1}],
)
def test_every_option_means_what_it_means_to_stock(options: Document, tmp_path: Path) -> None:
    layers, mapping = plain(strip())[:2], tmp_path / "generated.yaml"
    mapping.write_text("- name: default\n  memory_operand_links: {O: O, W: I2, I: I1}\n")
    assert_same(*both(tmp_path, layers, HARDWARE["tpu_like"], mapping, lpf_limit=3, **options))


def test_a_workload_file_gives_what_stock_gives(tmp_path: Path) -> None:
    workload = tmp_path / "strip.yaml"
    workload.write_text(yaml.safe_dump(plain(strip()), sort_keys=False))
    assert_same(*both(tmp_path, str(workload), HARDWARE["tpu_like"], MAPPING["tpu_like"], lpf_limit=3))


def test_hints_mean_what_they_mean_to_stock(tmp_path: Path) -> None:
    """The hint names a loop that no layer has, and one that only some have."""
    mapping = tmp_path / "constrained.yaml"
    entry = {
        "name": "default",
        "spatial_mapping": {"D1": ["K, 4"]},
        "spatial_mapping_hint": {"D1": ["K", "G"], "D2": ["C", "OX", "Q"]},
        "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"},
    }
    mapping.write_text(yaml.safe_dump([entry]))
    layers = plain(strip())[:1]
    options: Document = {"lpf_limit": 3, "enable_mix_spatial_mapping": True}
    assert_same(*both(tmp_path, layers, HARDWARE["tpu_like"], mapping, **options))


def test_a_systolic_array_drains_as_it_does_in_stock(tmp_path: Path) -> None:
    document = yaml.safe_load(HARDWARE["tpu_like"].read_text())
    document["operational_array"]["systolic_dimensions"] = ["D1", "D2"]
    systolic = tmp_path / "systolic.yaml"
    systolic.write_text(yaml.safe_dump(document, sort_keys=False))
    layers = plain([conv(0, None, "stem", k=48, c=3, oy=10, ox=14, fy=5, fx=3, stride=(1, 2))])
    ours, theirs = both(tmp_path, layers, systolic, MAPPING["tpu_like"], lpf_limit=3)
    assert_same(ours, theirs)
    ((winner, _),) = ours[-1][0][1]
    assert winner.systolic_drain_cycle == 31 + 2  # across 32 output channels and 3 input channels, less one each


def test_sums_that_are_wider_than_their_register_stop_both(tmp_path: Path) -> None:
    layer = gemm(0, None, "wide", b=6, k=40, c=24)
    layer["operand_precision"] = {"W": 8, "I": 8, "O": 32, "O_final": 32}  # tpu_like's registers for sums have 16
    files = (plain([layer]), str(HARDWARE["tpu_like"]), str(MAPPING["tpu_like"]))
    for function in (stock.get_hardware_performance_zigzag, onnx2zz.get_hardware_performance_zigzag):
        with pytest.raises(NoValidLoopOrderingFoundException):
            function(*files, lpf_limit=3, **folder(tmp_path, "wide"))


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_writes_the_files_that_stock_writes(tmp_path: Path) -> None:
    both(tmp_path, plain(strip())[:1], HARDWARE["tpu_like"], MAPPING["tpu_like"], lpf_limit=2)
    assert files_in(tmp_path / "ours") == files_in(tmp_path / "stock")
    with (tmp_path / "ours/list_of_cmes.pickle").open("rb") as file:
        (cost,) = pickle.load(file)
    assert cost.layer.name == "L0_stem" and cost.energy_total > 0


def test_files_go_to_a_folder_of_the_hour_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    onnx2zz.get_hardware_performance_zigzag(plain(strip())[:1], "tpu_like", "tpu_like", lpf_limit=2)
    (made,) = Path("outputs").iterdir()
    assert (made / "overall_simple.json").is_file()


def one_conv(attributes: dict[str, list[int]], extra: Sequence[onnx.NodeProto] = ()) -> onnx.ModelProto:
    """`x` 1x3x1x14 through a 1x5 convolution to 4 channels, and `extra` nodes from `y` to `z`."""
    nodes = [make_node("Conv", ["x", "w"], ["y"], name="stem", **attributes), *extra]
    result = "z" if extra else "y"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 1, 14])
    y = helper.make_tensor_value_info(result, TensorProto.FLOAT, None)
    w = helper.make_tensor("w", TensorProto.FLOAT, [4, 3, 1, 5], [0.5, 1.5, -1.0] * 20)
    model = helper.make_model(
        helper.make_graph(nodes, "net", [x], [y], [w]), opset_imports=[helper.make_opsetid("", 17)]
    )
    return onnx.shape_inference.infer_shapes(model)


def test_an_onnx_model_is_read_as_stock_reads_it_and_what_that_leaves_out_is_said(tmp_path: Path) -> None:
    model = one_conv({"kernel_shape": [1, 5]}, [helper.make_node("GlobalAveragePool", ["y"], ["z"], name="pool")])
    with pytest.warns(UserWarning, match="makes 1 of 2 nodes cost nothing"):
        ours, theirs = both(tmp_path, model, HARDWARE["tpu_like"], MAPPING["tpu_like"], lpf_limit=3)
    assert_same(ours, theirs)
    everything = onnx2zz.get_hardware_performance_zigzag(
        model, "tpu_like", "tpu_like", lpf_limit=3, onnx_frontend="onnx2zz", **folder(tmp_path, "all")
    )
    assert [layer.type for _, (layer, _) in everything[-1][0][1]] == ["Conv", "Pooling"]


def test_a_model_that_stock_cannot_read_is_read_by_ours(tmp_path: Path) -> None:
    """ONNX takes a missing kernel_shape from the weights, ZigZag's front end stops; by hand the layer is as below."""
    model = one_conv({"pads": [0, 2, 0, 2]})
    with pytest.raises(ValueError, match="kernel_shape"):
        stock.get_hardware_performance_zigzag(
            model, str(HARDWARE["tpu_like"]), str(MAPPING["tpu_like"]), **folder(tmp_path, "stock")
        )
    with pytest.warns(UserWarning, match="cannot read this model"):
        energy, latency, _ = onnx2zz.get_hardware_performance_zigzag(
            model, "tpu_like", "tpu_like", lpf_limit=3, **folder(tmp_path, "ours")
        )
    by_hand = [conv(0, None, "stem", k=4, c=3, oy=1, ox=14, fy=1, fx=5, pads=((0, 0), (2, 2)))]
    expected = stock.get_hardware_performance_zigzag(
        plain(by_hand),
        str(HARDWARE["tpu_like"]),
        str(MAPPING["tpu_like"]),
        lpf_limit=3,
        loma_show_progress_bar=False,
        **folder(tmp_path, "hand"),
    )
    assert (energy, latency) == expected[:2]


def test_locality_on_two_heads_where_stock_stops(tmp_path: Path) -> None:
    shape: Document = {"k": 12, "c": 12, "oy": 1, "ox": 14, "fy": 1, "fx": 5, "pads": ((0, 0), (2, 2))}
    layers = plain(
        (
            conv(0, None, "stem", **shape),
            conv(1, 0, "left", **shape),
            pool(2, 0, "right", g=12, oy=1, ox=7, fy=1, fx=2, stride=(1, 2)),
        )
    )
    with pytest.raises(RuntimeError, match="StopIteration"):
        both(tmp_path, layers, HARDWARE["tpu_like"], MAPPING["tpu_like"], lpf_limit=3, exploit_data_locality=True)
    *_, found = onnx2zz.get_hardware_performance_zigzag(
        layers, "tpu_like", "tpu_like", lpf_limit=3, exploit_data_locality=True, **folder(tmp_path, "ours")
    )
    assert len(found[0][1]) == 3


def test_an_accelerator_of_before_3_8_2(tmp_path: Path) -> None:
    if not OLD_SCHEMA.is_file():
        pytest.skip("needs the shared folder")
    layers = plain(strip())[:2]
    with pytest.raises(KeyError, match="allocation"):
        both(tmp_path, layers, OLD_SCHEMA, MAPPING["edge_tpu_like"], lpf_limit=3)
    old = onnx2zz.get_hardware_performance_zigzag(
        layers, OLD_SCHEMA, "edge_tpu_like", lpf_limit=3, **folder(tmp_path, "old")
    )
    new = stock.get_hardware_performance_zigzag(
        layers,
        str(HARDWARE["edge_tpu_like"]),
        str(MAPPING["edge_tpu_like"]),
        lpf_limit=3,
        loma_show_progress_bar=False,
        **folder(tmp_path, "new"),
    )
    assert_same(old, new)


def test_a_choice_that_does_not_exist_is_said_at_once() -> None:
    unknown: Document = {"opt": "speed"}
    with pytest.raises(InputError, match="opt: no such choice: 'speed'; one of latency, energy"):
        onnx2zz.get_hardware_performance_zigzag(plain(strip()), "tpu_like", "tpu_like", **unknown)


def outcome(
    function: Callable[..., Any], workload: list[Document] | str, arch: Path, mapping: Path, **options: Any
) -> tuple[float, float] | None:
    """The two numbers, or None where the function stops."""
    try:
        return function(copy.deepcopy(workload), str(arch), str(mapping), lpf_limit=3, **options)[:2]
    except Exception:  # ZigZag raises anything
        return None


def both_outcomes(
    tmp_path: Path, workload: list[Document] | str, arch: Path, mapping: Path, **options: Any
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    theirs = outcome(stock.get_hardware_performance_zigzag, workload, arch, mapping, **folder(tmp_path, "s"), **options)
    return outcome(
        onnx2zz.get_hardware_performance_zigzag, workload, arch, mapping, **folder(tmp_path, "o"), **options
    ), theirs


@pytest.mark.parametrize("cost", [".nan", ".inf"])
@pytest.mark.parametrize("opt", ["energy", "latency", "EDP"])
def test_costs_that_are_no_numbers_give_what_stock_gives(cost: str, opt: str, tmp_path: Path) -> None:
    accelerator = tmp_path / "odd.yaml"
    document = yaml.safe_load(HARDWARE["tpu_like"].read_text())
    document["memories"]["dram"]["r_cost"] = float(cost[1:])
    accelerator.write_text(yaml.safe_dump(document, sort_keys=False))
    ours, theirs = both_outcomes(tmp_path, plain(strip())[:2], accelerator, MAPPING["tpu_like"], opt=opt)
    ours, theirs = present(ours), present(theirs)
    assert np.array_equal(ours, theirs, equal_nan=True)
    assert not np.isfinite(ours[0]) and np.isfinite(ours[1])


def layers_with(**fields: object) -> list[Document]:
    layers = plain([gemm(0, None, "fc", k=12, c=10, b=2), gemm(1, 0, "fc2", k=5, c=12, b=2)])
    return [{key: value for key, value in (layers[0] | fields).items() if value is not ...}, layers[1]]


REFUSED: list[Document] = [
    {"equation": ...},
    {"operator_type": ...},
    {"loop_dims": ...},
    {"operand_precision": ...},
    {"operator_type": "MatMul"},
    {"colour": "blue"},
    {"equation": "O[b][k]-=I[b][c]*W[c][k]"},
    {"operand_source": {"I": 9, "W": 0}},
    {"operand_source": {"I": 1, "W": 0}},
    {"operand_source": {"I": "input", "W": 0}},
    {"loop_sizes": [0, 12, 10]},
    {"loop_sizes": [2, 12.5, 10]},
    {"loop_sizes": [1, 1, 1]},
    {"operand_precision": {"I": 8, "O": 16, "O_final": 8}},
]
TAKEN: list[Document] = [{"name": ...}, {"operand_precision": {"W": 0, "I": 8, "O": 16, "O_final": 8}}]


@pytest.mark.parametrize("fields", [*REFUSED, *TAKEN], ids=str)
@pytest.mark.parametrize("as_file", [False, True])
def test_a_workload_is_refused_where_stock_refuses_it(fields: Document, as_file: bool, tmp_path: Path) -> None:
    layers = layers_with(**fields)
    if as_file:
        (tmp_path / "net.yaml").write_text(yaml.safe_dump(layers, sort_keys=False))
    workload = str(tmp_path / "net.yaml") if as_file else layers
    ours, theirs = both_outcomes(tmp_path, workload, HARDWARE["tpu_like"], MAPPING["tpu_like"])
    assert ours == theirs
    assert (theirs is None) == (fields in REFUSED)


@pytest.mark.parametrize(
    "order", [[["B", 1], ["K", 12]], [["K", 64]], [["C", 7], ["C", 2]], [["K", 2]], [["C", "x"]], [["K", "*"]]], ids=str
)
def test_an_order_is_refused_where_stock_refuses_it(order: list[list[str | int]], tmp_path: Path) -> None:
    mapping = tmp_path / "ordered.yaml"
    entry = {"name": "default", "spatial_mapping": {"D1": ["K, 12"], "D2": ["C, 5"]}, "temporal_ordering": order}
    mapping.write_text(yaml.safe_dump([entry]))
    ours, theirs = both_outcomes(tmp_path, layers_with()[:1], HARDWARE["tpu_like"], mapping)
    assert ours == theirs


@pytest.mark.parametrize("which", ["workload", "accelerator", "mapping"])
def test_a_file_that_is_not_named_yaml_is_refused_as_by_stock(which: str, tmp_path: Path) -> None:
    texts = {
        "workload": yaml.safe_dump(layers_with(), sort_keys=False),
        "accelerator": HARDWARE["tpu_like"].read_text(),
        "mapping": MAPPING["tpu_like"].read_text(),
    }
    files = {name: tmp_path / f"{name}.{'yml' if name == which else 'yaml'}" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text)
    paths = [str(files[name]) for name in texts]
    with pytest.raises(AssertionError):
        stock.get_hardware_performance_zigzag(*paths, **folder(tmp_path, "stock"))
    with pytest.raises(InputError, match=r"ZigZag takes no \.yml"):
        onnx2zz.get_hardware_performance_zigzag(*paths, **folder(tmp_path, "ours"))
