"""Random accelerators, mappings and workloads, sound or broken in one place, and what stock ZigZag says to them.

Everything is drawn from one hypothesis `draw`, as parsed YAML data, small enough that stock ZigZag takes a second.
"""

import copy
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

Triple = tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]
ARRAY_SIZES = (2, 3, 4, 8)
SIZES = (2, 3, 4, 5, 6, 7, 8, 12)


@st.composite
def triples(draw: Callable[..., Any]) -> tuple[str, Triple]:
    """What was broken ("sound" for nothing), and the triple."""
    triple: Triple = (draw(accelerators()), [], [])
    triple[2].extend(draw(networks()))
    triple[1].extend(draw(mappings(triple[0])))
    name = draw(st.sampled_from(["sound"] * 8 + list(BREAKS)))
    if name != "sound":
        triple = BREAKS[name](draw, copy.deepcopy(triple))
    return name, triple


def port(name: str, kind: str, low: int, high: int, allocation: list[str]) -> dict[str, Any]:
    return {"name": name, "type": kind, "bandwidth_min": low, "bandwidth_max": high, "allocation": allocation}


def memory(size: int, width: int, operands: list[str], served: list[str], *, shared: bool) -> dict[str, Any]:
    """A memory whose operands share a read and a write port, or one read-write port."""
    reads = [f"{o}, {d}" for o in operands for d in (("tl", "th") if o == "O" else ("tl",))]
    writes = [f"{o}, {d}" for o in operands for d in (("fh", "fl") if o == "O" else ("fh",))]
    ports = (
        [port("rw_port_1", "read_write", width, width, reads + writes)]
        if shared
        else [port("r_port_1", "read", width, width, reads), port("w_port_1", "write", width, width, writes)]
    )
    return {
        "size": size, "r_cost": 1.5, "w_cost": 2.5, "area": 0, "latency": 1, "operands": operands, "ports": ports,
        "served_dimensions": served,
    }  # fmt: skip


@st.composite
def accelerators(draw: Callable[..., Any]) -> dict[str, Any]:
    """One or two dimensions; registers for some operands, buffers in one of three shares, and mostly a DRAM."""
    dims = ["D1", "D2"][: draw(st.integers(1, 2))]
    memories: dict[str, Any] = {}
    for operand in ("I1", "I2", "O"):
        if draw(st.booleans()):
            served = draw(st.lists(st.sampled_from(dims), unique=True, max_size=len(dims)))
            size = draw(st.sampled_from((32, 64, 256, 1024)))
            memories[f"rf_{operand}"] = memory(
                size, draw(st.sampled_from((8, 16, 32))), [operand], served, shared=False
            )
    for number, operands in enumerate(draw(st.sampled_from(SHARES))):
        size = draw(st.sampled_from((2048, 8192, 65536, 262144)))
        width = draw(st.sampled_from((16, 64, 128)))
        memories[f"sram_{number}"] = memory(size, width, operands, list(dims), shared=draw(st.booleans()))
    if draw(st.integers(0, 5)):
        memories["dram"] = memory(10_000_000, 64, ["I1", "I2", "O"], list(dims), shared=draw(st.booleans()))
    array = {"dimensions": dims, "sizes": [draw(st.sampled_from(ARRAY_SIZES)) for _ in dims]}
    return {"name": "drawn", "memories": memories, "operational_array": {"unit_energy": 0.04, "unit_area": 1, **array}}


SHARES = ([["I1", "O"], ["I2"]], [["I1", "I2", "O"]], [["I2", "O"], ["I1"]], [["O"], ["I1", "I2"]])


@st.composite
def mappings(draw: Callable[..., Any], accelerator: dict[str, Any]) -> list[dict[str, Any]]:
    array = accelerator["operational_array"]
    return [draw(mapping_entry(name, array)) for name in ("default", "Pooling", "Add")[: draw(st.integers(1, 3))]]


@st.composite
def mapping_entry(draw: Callable[..., Any], name: str, array: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "memory_operand_links": {"O": "O", "W": "I2", "I": "I1"}}
    if draw(st.integers(0, 4)):
        dims = zip(array["dimensions"], array["sizes"], strict=True)
        entry["spatial_mapping"] = {dim: draw(unrollings(size)) for dim, size in dims}
    return entry


@st.composite
def unrollings(draw: Callable[..., Any], size: int) -> list[str]:
    """One or two loops over an array dimension of `size` units, some of them with factors that do not fit."""
    loops = draw(st.lists(st.sampled_from(("K", "C", "OX", "OY", "G", "B")), min_size=1, max_size=2, unique=True))
    return [f"{loop}, {draw(st.sampled_from((1, 2, 3, size)))}" for loop in loops]


@st.composite
def networks(draw: Callable[..., Any]) -> list[dict[str, Any]]:
    """A chain of one to four layers; an Add joins it to an earlier output."""
    layers: list[dict[str, Any]] = []
    for identifier in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(("conv", "pool", "gemm", "add") if identifier else ("conv", "gemm", "gemm")))
        layers.append(draw(LAYERS[kind](identifier)))
    return layers


def entry(
    identifier: int, kind: str, equation: str, loops: dict[str, int], precision: dict[str, int]
) -> dict[str, Any]:
    return {
        "id": identifier, "name": f"layer_{identifier}", "operator_type": kind, "equation": equation,
        "dimension_relations": [], "loop_dims": list(loops), "loop_sizes": list(loops.values()),
        "operand_precision": precision, "operand_source": {"I": max(identifier - 1, 0), "W": identifier},
    }  # fmt: skip


@st.composite
def precisions(draw: Callable[..., Any], weights: int = 8) -> dict[str, int]:
    return {"W": weights, "I": draw(st.sampled_from((8, 16))), "O": draw(st.sampled_from((8, 16, 32))), "O_final": 8}


@st.composite
def convs(draw: Callable[..., Any], identifier: int) -> dict[str, Any]:
    """At most four loops run: ZigZag tries all orderings, and seven loops have 5,040."""
    stride, dilation = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    running = draw(st.lists(st.sampled_from(("K", "C", "OY", "OX", "FY", "FX")), min_size=1, max_size=4, unique=True))
    sizes = {dim: draw(st.sampled_from((2, 3) if dim in ("FY", "FX") else SIZES)) for dim in running}
    loops = {dim: sizes.get(dim, 1) for dim in ("B", "K", "C", "OY", "OX", "FY", "FX")}
    equation = "O[b][k][oy][ox]+=W[k][c][fy][fx]*I[b][c][iy][ix]"
    layer = entry(identifier, "Conv", equation, loops, draw(precisions()))
    layer["dimension_relations"] = [f"ix={stride}*ox+{dilation}*fx", f"iy={stride}*oy+1*fy"]
    if draw(st.booleans()):
        layer |= {"pr_loop_dims": ["IX", "IY"], "padding": [[1, 1] if loops["FX"] > 1 else [0, 0], [0, 0]]}
    return layer


@st.composite
def pools(draw: Callable[..., Any], identifier: int) -> dict[str, Any]:
    size = st.sampled_from(SIZES)
    loops = {"B": 1, "G": draw(size), "OY": draw(size), "OX": 1, "FY": 2, "FX": draw(st.integers(1, 3))}
    layer = entry(identifier, "Pooling", "O[b][g][oy][ox]+=W[fy][fx]*I[b][g][iy][ix]", loops, draw(precisions(0)))
    layer["dimension_relations"] = ["ix=2*ox+1*fx", "iy=2*oy+1*fy"]
    return layer


@st.composite
def gemms(draw: Callable[..., Any], identifier: int) -> dict[str, Any]:
    size = st.sampled_from(SIZES)
    loops = {"B": draw(st.sampled_from((1, 2, 3))), "K": draw(size), "C": draw(size)}
    return entry(identifier, "Gemm", "O[b][k]+=I[b][c]*W[c][k]", loops, draw(precisions()))


@st.composite
def adds(draw: Callable[..., Any], identifier: int) -> dict[str, Any]:
    size = st.sampled_from(SIZES)
    loops = {"B": 1, "G": draw(size), "OY": draw(size), "OX": draw(size)}
    layer = entry(identifier, "Add", "O[b][g][oy][ox]=W[b][g][oy][ox]+I[b][g][oy][ox]", loops, draw(precisions()))
    layer["operand_source"] = {"W": draw(st.integers(0, identifier - 1)), "I": identifier - 1}
    return layer


LAYERS = {"conv": convs, "pool": pools, "gemm": gemms, "add": adds}


def _some_memory(draw: Callable[..., Any], triple: Triple) -> dict[str, Any]:
    return triple[0]["memories"][draw(st.sampled_from(sorted(triple[0]["memories"])))]


def _some_layer(draw: Callable[..., Any], triple: Triple) -> dict[str, Any]:
    return draw(st.sampled_from(triple[2]))


def _some_port(draw: Callable[..., Any], triple: Triple) -> dict[str, Any]:
    return draw(st.sampled_from(_some_memory(draw, triple)["ports"]))


def drop_memory_field(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = _some_memory(draw, triple)
    del broken[draw(st.sampled_from(sorted(broken)))]
    return triple


def drop_array_field(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = triple[0]["operational_array"]
    del broken[draw(st.sampled_from(sorted(broken)))]
    return triple


def unknown_memory_field(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_memory(draw, triple)["sise"] = 8
    return triple


def drop_allocation(draw: Callable[..., Any], triple: Triple) -> Triple:
    allocation = _some_port(draw, triple)["allocation"]
    del allocation[draw(st.integers(0, len(allocation) - 1))]
    return triple


def wrong_port_type(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_port(draw, triple)["type"] = draw(st.sampled_from(("read", "write", "both")))
    return triple


def odd_bandwidth(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_port(draw, triple)[draw(st.sampled_from(("bandwidth_min", "bandwidth_max")))] = draw(
        st.sampled_from((0, 1, 7, 512))
    )
    return triple


def port_name(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_port(draw, triple)["name"] = draw(st.sampled_from(("port_1", "r_port_1", "rw_port_9")))
    return triple


def served_dimension(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_memory(draw, triple)["served_dimensions"] = draw(st.sampled_from((["D3"], ["D1", "D7"], [])))
    return triple


def reverse_memories(draw: Callable[..., Any], triple: Triple) -> Triple:
    names = draw(st.permutations(list(triple[0]["memories"])))
    triple[0]["memories"] = {name: triple[0]["memories"][name] for name in names}
    return triple


def shrink_memory(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_memory(draw, triple)["size"] = draw(st.sampled_from((0, 8, 24, 100, 1000)))
    return triple


def drop_operand(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = _some_memory(draw, triple)
    gone = broken["operands"].pop(draw(st.integers(0, len(broken["operands"]) - 1)))
    for entry in broken["ports"]:
        entry["allocation"] = [a for a in entry["allocation"] if not a.startswith(f"{gone},")]
    return triple


def drop_memory(draw: Callable[..., Any], triple: Triple) -> Triple:
    del triple[0]["memories"][draw(st.sampled_from(sorted(triple[0]["memories"])))]
    return triple


def foreign_array_dim(draw: Callable[..., Any], triple: Triple) -> Triple:
    draw(st.sampled_from(triple[1]))["spatial_mapping"] = {
        "D1": ["K, 2"],
        draw(st.sampled_from(("D3", "D5"))): ["C, 2"],
    }
    return triple


def odd_unrolling(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = draw(st.sampled_from(("K, 64", "K,2", "Q, 2", "K, 0", "OX, 2", "FX, 3")))
    draw(st.sampled_from(triple[1]))["spatial_mapping"] = {"D1": [broken]}
    return triple


def no_default(draw: Callable[..., Any], triple: Triple) -> Triple:
    triple[1][0]["name"] = "defalt"
    return triple


def odd_links(draw: Callable[..., Any], triple: Triple) -> Triple:
    links = (
        {"O": "O", "I": "I1"},
        {"O": "O", "I": "I2", "W": "I1"},
        {"O": "O", "I": "I1", "W": "I1"},
        {"O": "O", "I": "I1", "W": "I3"},
    )
    draw(st.sampled_from(triple[1]))["memory_operand_links"] = draw(st.sampled_from(links))
    return triple


def temporal_ordering(draw: Callable[..., Any], triple: Triple) -> Triple:
    orders = ([["K", 2]], [["K", "*"]], [["*", "*"], ["C", "*"]], [["K", 1]], [["Z", 2]], [["OX", 2], ["*", "*"]])
    draw(st.sampled_from(triple[1]))["temporal_ordering"] = draw(st.sampled_from(orders))
    return triple


def input_based(draw: Callable[..., Any], triple: Triple) -> Triple:
    for layer in triple[2]:
        if layer["dimension_relations"]:
            layer["dimension_relations"] = ["ox=1*ix+1*fx", "oy=1*iy+1*fy"]
            layer["loop_dims"] = [{"OX": "IX", "OY": "IY"}.get(dim, dim) for dim in layer["loop_dims"]]
            layer.pop("padding", None)
            layer.pop("pr_loop_dims", None)
    return triple


def drop_layer_field(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = _some_layer(draw, triple)
    del broken[draw(st.sampled_from(sorted(broken)))]
    return triple


def odd_loop_size(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = _some_layer(draw, triple)
    sizes = broken["loop_sizes"]
    sizes[draw(st.integers(0, len(sizes) - 1))] = draw(st.sampled_from((0, -1, 1, 11, 13)))
    return triple


def drop_loop_size(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_layer(draw, triple)["loop_sizes"].pop()
    return triple


def all_ones(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = _some_layer(draw, triple)
    broken["loop_sizes"] = [1] * len(broken["loop_sizes"])
    return triple


def bad_source(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_layer(draw, triple)["operand_source"]["I"] = draw(st.sampled_from((7, len(triple[2]) - 1, 0)))
    return triple


def swap_operands(draw: Callable[..., Any], triple: Triple) -> Triple:
    for layer in triple[2]:
        head, tail = layer["equation"].rsplit("=", 1)
        sign = "*" if "*" in tail else "+"
        layer["equation"] = f"{head}={sign.join(reversed(tail.split(sign)))}"
    return triple


def odd_equation(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = ("O[b][k]+=I[b][c]", "O[b][k]+=I[b][c]*V[c][k]", "O[b][k]+=I[b][z]*W[z][k]", "O[b][k]+=I[b]*W[]")
    _some_layer(draw, triple)["equation"] = draw(st.sampled_from(broken))
    return triple


def odd_operator(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_layer(draw, triple)["operator_type"] = draw(st.sampled_from(("MatMul", "conv", "Add", "Pooling")))
    return triple


def odd_precision(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_layer(draw, triple)["operand_precision"][draw(st.sampled_from(("W", "I", "O", "O_final")))] = draw(
        st.sampled_from((0, 1, 64))
    )
    return triple


def odd_padding(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken = _some_layer(draw, triple)
    broken |= {
        "pr_loop_dims": ["IX", "IY"],
        "padding": draw(st.sampled_from(([[1, 1]], [[9, 9], [0, 0]], [[1], [0, 0]]))),
    }
    return triple


def flow_list(draw: Callable[..., Any], triple: Triple) -> Triple:
    """`[I1, tl, O, th]`: what YAML makes of an allocation without quotes."""
    broken = _some_port(draw, triple)
    broken["allocation"] = [word for allocation in broken["allocation"] for word in allocation.split(", ")]
    return triple


def operand_of_no_memory(draw: Callable[..., Any], triple: Triple) -> Triple:
    broken, name = _some_memory(draw, triple), draw(st.sampled_from(("H", "W", "I", "I3", "i1")))
    number = draw(st.integers(0, len(broken["operands"]) - 1))
    known, broken["operands"][number] = broken["operands"][number], name
    for each in broken["ports"]:
        each["allocation"] = [allocation.replace(f"{known},", f"{name},") for allocation in each["allocation"]]
    return triple


def name_of_no_port(draw: Callable[..., Any], triple: Triple) -> Triple:
    _some_port(draw, triple)["name"] = draw(st.sampled_from(("read_1", "w_1", "wr_port_1", "R_port_1", "r_port_")))
    return triple


def unequal_sizes(draw: Callable[..., Any], triple: Triple) -> Triple:
    sizes = triple[0]["operational_array"]["sizes"]
    triple[0]["operational_array"]["sizes"] = draw(st.sampled_from((sizes[:-1], [*sizes, 3], [*sizes, *sizes])))
    return triple


def unrolled_in_two_places(draw: Callable[..., Any], triple: Triple) -> Triple:
    """One loop over both dimensions, further in all than some layers have iterations."""
    array, loop = triple[0]["operational_array"], draw(st.sampled_from(("K", "C", "OX", "OY")))
    dims = zip(array["dimensions"], array["sizes"], strict=True)
    draw(st.sampled_from(triple[1]))["spatial_mapping"] = {
        dim: [f"{loop}, {draw(st.integers(2, max(2, size)))}"] for dim, size in dims
    }
    return triple


def input_loops_unrolled(draw: Callable[..., Any], triple: Triple) -> Triple:
    loops = draw(st.permutations(("IX", "IY", "FX")))
    dims = triple[0]["operational_array"]["dimensions"]
    unrolled = {dim: [f"{loop}, {draw(st.integers(1, 5))}"] for dim, loop in zip(dims, loops, strict=False)}
    draw(st.sampled_from(triple[1]))["spatial_mapping"] = unrolled
    return input_based(draw, triple) if draw(st.booleans()) else triple


def field_of_before(draw: Callable[..., Any], triple: Triple) -> Triple:
    """A field of the format up to 3.8.1 beside today's ports."""
    _some_memory(draw, triple)[draw(st.sampled_from(("r_bw", "w_bw", "r_port", "rw_port", "min_r_granularity")))] = 8
    return triple


def no_number(draw: Callable[..., Any], triple: Triple) -> Triple:
    cost = draw(st.sampled_from(("r_cost", "w_cost", "area")))
    _some_memory(draw, triple)[cost] = draw(st.sampled_from((float("nan"), float("inf"))))
    return triple


def order_of_many_loops(draw: Callable[..., Any], triple: Triple) -> Triple:
    """Factors of several loops; more of them, or others, than some layers have."""
    loops = draw(st.lists(st.sampled_from(("K", "C", "OX", "OY", "FX", "B")), min_size=1, max_size=4, unique=True))
    factors = st.sampled_from((1, 2, 3, 4, 6, "*"))
    draw(st.sampled_from(triple[1]))["temporal_ordering"] = [[loop, draw(factors)] for loop in loops]
    return triple


BREAKS: dict[str, Callable[[Callable[..., Any], Triple], Triple]] = {
    function.__name__: function
    for function in (
        drop_memory_field, drop_array_field, unknown_memory_field, drop_allocation, drop_allocation, wrong_port_type,
        odd_bandwidth, port_name, served_dimension, reverse_memories, shrink_memory, drop_operand, drop_memory,
        foreign_array_dim, odd_unrolling, no_default, odd_links, temporal_ordering, input_based, drop_layer_field,
        odd_loop_size, drop_loop_size, all_ones, bad_source, swap_operands, odd_equation, odd_operator, odd_precision,
        odd_padding, flow_list, operand_of_no_memory, name_of_no_port, unequal_sizes, unrolled_in_two_places,
        input_loops_unrolled, field_of_before, no_number, order_of_many_loops,
    )
}  # fmt: skip


def no_picture(*_: object, **__: object) -> None:
    """In place of ZigZag's drawing of the memories."""


def stock_zigzag(triple: Triple, *, lpf_limit: int, locality: bool, picture: bool = True) -> str | None:
    """The exception that ZigZag's own API ends with, as text; None when it runs."""
    import matplotlib

    matplotlib.use("Agg")
    from zigzag import api
    from zigzag.stages.results import visualization

    accelerator, mapping, workload = triple
    logging.getLogger("zigzag").setLevel(logging.CRITICAL + 1)
    drawing = visualization.visualize_memory_hierarchy_graph
    if not picture:
        visualization.visualize_memory_hierarchy_graph = no_picture
    with tempfile.TemporaryDirectory() as folder:
        files = {"accelerator": accelerator, "mapping": mapping}
        for name, data in files.items():
            Path(folder, f"{name}.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
        try:
            api.get_hardware_performance_zigzag(
                copy.deepcopy(workload), f"{folder}/accelerator.yaml", f"{folder}/mapping.yaml", lpf_limit=lpf_limit,
                dump_folder=f"{folder}/out", exploit_data_locality=locality, loma_show_progress_bar=False,
            )  # fmt: skip
        except Exception as error:
            return f"{type(error).__name__}: {' '.join(str(error).split())}"
        finally:
            visualization.visualize_memory_hierarchy_graph = drawing
    return None
