"""SCALE-Sim 3.0's opinion: cycles, and words that pass the three buffers of a systolic array.

Its bandwidth is left to it (CALC), so that it never waits: DRAM is not compared, and buffers have no size that counts.
Source of the forms: scalesim 3.0.0 scale_config.py, topology_utils.py, layout_utils.py, simulator.py.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from onnx2zz.conversion.scale_sim import CONVOLUTION, convolution_line
from onnx2zz.formats.accelerator import Hierarchy
from onnx2zz.second_opinion.counts import CannotSayError, Count, LayerOpinion
from onnx2zz.second_opinion.layers import Asked, moved
from onnx2zz.second_opinion.process import run_in
from onnx2zz.second_opinion.scale_sim_reasons import cycles_reason, words_reason
from onnx2zz.second_opinion.systolic import Array, Product, array_of, product_of, refuse_other_arrays
from onnx2zz.zigzag.layer_price import Direction

PACKAGE = "scalesim"
INSTALL = (
    "`python -m venv ENV`, then `ENV/bin/pip install scalesim==3.0.0 numpy==1.26.4`, and `--python ENV/bin/python`"
)
# Its own command line writes traces of every access, whatever it is told; its class need not.
PROGRAM = """
import sys
from scalesim.scale_sim import scalesim
scalesim(save_disk_space=True, verbose=False, config="array.cfg", topology="layers.csv", layout="layout.csv",
         input_type_gemm=False).run_scale(top_path=".")
"""
RUN = "run"
KIB = 1024
"""Of each buffer: any size does, as it never waits."""
LAYOUT = "1," * 6 + "0,1,2," * 2 + "0,1,2,3," * 2
"""A word a line in all orders: it wants a layout even where it uses none."""
CYCLES = "Total Cycles"
WORDS: Mapping[str, tuple[str, Direction, str]] = {
    "SRAM IFMAP Reads": ("I", "read_to_low", "read"),
    "SRAM Filter Reads": ("W", "read_to_low", "read"),
    "SRAM OFMAP Writes": ("O", "write_from_low", "write"),
}
REPORTS = {"COMPUTE_REPORT.csv": (CYCLES,), "DETAILED_ACCESS_REPORT.csv": tuple(WORDS)}


def opinions(asked: Sequence[Asked], hierarchy: Hierarchy, python: str, folder: Path) -> tuple[LayerOpinion, ...]:
    """What it says of each layer, in their order. Raises CannotSayError for an accelerator that it does not know,
    and where it stops."""
    refuse_other_arrays(hierarchy)
    said: dict[int, LayerOpinion] = {}
    runs: dict[Array, list[tuple[int, Product, tuple[int, ...]]]] = {}
    for number, one in enumerate(asked):
        try:
            array, product, line = _as_it_reads(one, hierarchy)
            runs.setdefault(array, []).append((number, product, line))
        except CannotSayError as why:
            said[number] = LayerOpinion(one.layer.name, one.alike, cannot_say=str(why))
    for array, lines in runs.items():
        # A folder an array: layers of one network may be of several dataflows.
        place = folder / f"{array.dataflow}_{array.rows}x{array.columns}"
        found = _run(array, [line for _, _, line in lines], python, place)
        for (number, product, _), row in zip(lines, found, strict=True):
            one = asked[number]
            counts = _counts(one, array, product, row, hierarchy)
            said[number] = LayerOpinion(one.layer.name, one.alike, counts)
    return tuple(said[number] for number in range(len(asked)))


def _as_it_reads(one: Asked, hierarchy: Hierarchy) -> tuple[Array, Product, tuple[int, ...]]:
    product = product_of(one.layer)
    if one.found.error is not None:
        raise CannotSayError(f"ours has no price ({one.found.error})")
    try:
        _, line = convolution_line(one.layer)
    except ValueError as error:
        raise CannotSayError(f"its topology cannot say {error}") from error
    return array_of(one, hierarchy), product, line


def _run(array: Array, lines: Sequence[Sequence[int]], python: str, place: Path) -> list[dict[str, float]]:
    place.mkdir(parents=True)
    names = [f"layer{number}" for number in range(len(lines))]
    (place / "array.cfg").write_text(settings(array), encoding="utf-8")
    (place / "layers.csv").write_text(topology(names, lines), encoding="utf-8")
    layout = "".join(f"{name},{LAYOUT}\n" for name in names)
    (place / "layout.csv").write_text(f"layer, factors and orders,\n{layout}", encoding="utf-8")
    run_in(python, PROGRAM, (), place)
    return read_reports(place / RUN, len(lines))


def settings(array: Array) -> str:
    """Its file of an array."""
    sections: dict[str, dict[str, object]] = {
        "general": {"run_name": RUN},
        "architecture_presets": {
            "ArrayHeight": array.rows,
            "ArrayWidth": array.columns,
            **{f"{tensor}SramSzkB": KIB for tensor in ("Ifmap", "Filter", "Ofmap")},
            **{f"{tensor}Offset": at for tensor, at in (("Ifmap", 0), ("Filter", 10**8), ("Ofmap", 2 * 10**8))},
            "Dataflow": array.dataflow,
            "Bandwidth": max(array.rows, array.columns),
            "ReadRequestBuffer": 64,
            "WriteRequestBuffer": 64,
        },
        "layout": {
            key: value
            for tensor in ("Ifmap", "Filter")
            for key, value in (
                (f"{tensor}CustomLayout", False),
                *((f"{tensor}SRAMBank{what}", 1) for what in ("Bandwidth", "Num", "Port")),
            )
        },
        "sparsity": {"SparsitySupport": "false"},
        "run_presets": {"InterfaceBandwidth": "CALC", "UseRamulatorTrace": False},
    }
    return "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) for name, keys in sections.items()
    )


def topology(names: Sequence[str], lines: Sequence[Sequence[int]]) -> str:
    """Its file of layers, a line each."""
    rows = [("Layer", *CONVOLUTION), *((name, *line) for name, line in zip(names, lines, strict=True))]
    return "".join(", ".join(map(str, row)) + ",\n" for row in rows)


def read_reports(folder: Path, layers: int) -> list[dict[str, float]]:
    """Layer by layer: column -> count. Raises CannotSayError where a report is not what 3.0.0 writes."""
    found: list[dict[str, float]] = [{} for _ in range(layers)]
    for name, columns in REPORTS.items():
        try:
            text = (folder / name).read_text(encoding="utf-8")
        except OSError as error:
            raise CannotSayError(f"it wrote no {name}") from error
        rows = [*csv.DictReader(text.splitlines(), skipinitialspace=True)]
        lacking = [column for column in columns if any(column not in row for row in rows)]
        if len(rows) != layers or lacking:
            what = f"no column {lacking[0]!r}" if lacking else f"{len(rows)} layers for {layers}"
            raise CannotSayError(f"its {name} has {what}: version 3.0.0 is known here")
        for layer, row in zip(found, rows, strict=True):
            layer.update({column: float(row[column]) for column in columns})
    return found


def _counts(
    one: Asked, array: Array, product: Product, row: Mapping[str, float], hierarchy: Hierarchy
) -> tuple[Count, ...]:
    physical, times, zigzag = one.found.physical, product.times, one.found.latency_cycles
    assert zigzag is not None
    after = physical.latency_cycles if physical else None
    time = Count("cycles", times * row[CYCLES], zigzag, after)
    counts = [_with(time, cycles_reason(time, array, product, one))]
    for column, (operand, direction, way) in WORDS.items():
        buffer = one.buffer(operand, hierarchy)
        if buffer is not None:
            words = Count(f"words {operand} {way} {buffer.memory}", times * row[column], moved(buffer, direction))
            counts.append(_with(words, words_reason(words, operand, array, product, one, buffer.memory)))
    return tuple(counts)


def _with(count: Count, reason: str) -> Count:
    return Count(count.what, count.theirs, count.zigzag, count.after_rules, reason)
