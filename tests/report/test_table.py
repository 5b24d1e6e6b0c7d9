"""The table on terminals of 80 and 120 columns."""

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from onnx2zz.ir.experts import ExpertTokens
from onnx2zz.pricing.accounted import HostNode
from onnx2zz.pricing.breakdown import Breakdown
from onnx2zz.pricing.result import Evaluation, LayerResult, Total
from onnx2zz.report.distance import print_worst
from onnx2zz.report.table import print_table
from onnx2zz.zigzag.layer_price import Cycles

LONG = "L0_features_denseblock4_denselayer16_conv2_with_an_unusually_long_na"
LAYERS = (
    LayerResult(0, LONG, "Conv", 12_345_678_901.5, 1_234_567_890.0, 1_814_073_344, 0.875, {}, 617_283_945.0),
    LayerResult(1, "L1_pool", "Pooling", 2_600_000.0, 1_204.0, 0, 1.0, {}, 963.2),
    LayerResult(2, "L2_add", "Conv_downsample", error="L2_add: no"),
)
RUN = Evaluation(
    "a[b].onnx", "npe", "3.9.1", "0.1.0", "EDP", Total(12_348_278_901.5, 1_234_569_094.0, 1_814_073_344, True),
    LAYERS, 3, 2, 0,
)  # fmt: skip


def printed(width: int) -> list[str]:
    text = io.StringIO()
    print_table(RUN, "npe", Console(file=text, width=width))
    return [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]


@pytest.mark.parametrize("width", [80, 120])
def test_every_number_is_whole_and_no_line_too_long(width: int) -> None:
    title, head, _, first, second, third, total, note = printed(width)
    assert all(len(line) <= width for line in printed(width))
    assert title == "a[b].onnx on npe, mapping npe, best EDP (ZigZag 3.9.1)"

    def far(*cells: str) -> list[str]:
        return [*cells] if width == 120 else []

    assert head.split() == ["Layer", "Operator", "MACs", "Cycles", "Energy", "[µJ]", "Util.", *far("Roof")]
    assert first.split()[1:] == ["Conv", "1,814,073,344", "1,234,567,890", "12,345.7", "87.5%", *far("2.00x")]
    assert second.split() == ["L1_pool", "Pooling", "1,204", "2.6", "100.0%", *far("1.25x")]
    assert third.split() == ["L2_add", "Conv_downsample", "not", "priced"]
    assert note == "The total is incomplete: 2 of 3 layers are priced."
    assert total.split()[1:] == ["1,814,073,344", "1,234,569,094", "12,348.3", *far("2.00x")]


def test_a_long_name_loses_its_beginning_on_a_narrow_screen_only() -> None:
    assert printed(80)[3].split()[0] == "L0_…_long_na"
    assert LONG in printed(150)[3]


def test_short_names_do_not_stretch_the_table() -> None:
    short = Evaluation("net", "npe", "3.9.1", "0.1.0", "EDP", RUN.total, LAYERS[1:], 2, 1, 0)
    text = io.StringIO()
    print_table(short, "npe", Console(file=text, width=120))
    assert max(map(len, text.getvalue().splitlines())) <= 90


def test_a_layer_below_the_roofline_is_marked_and_said_to_be() -> None:
    below = replace(LAYERS[1], latency_cycles=1_140.0, roofline_cycles=1_200.0, below_roofline=True)
    text = io.StringIO()
    print_table(replace(RUN, layers=(LAYERS[0], below)), "npe", Console(file=text, width=120))
    lines = text.getvalue().splitlines()
    assert [line.split() for line in lines if "L1_pool" in line] == [
        ["L1_pool", "Pooling", "*1,140", "2.6", "100.0%", "0.95x"]
    ]
    assert "* 1 layer is below the roofline, down to 95.0% of it" in text.getvalue()
    assert "roofline" not in "".join(printed(120))


def test_what_the_numbers_do_not_hold_is_said_below_them() -> None:
    hosts = (HostNode("nms", "NonMaxSuppression", "selection"), *(HostNode(f"t{i}", "TopK", "a sort") for i in "ab"))
    text = io.StringIO()
    print_table(replace(RUN, host=hosts, approximate=(1,)), "npe", Console(file=text, width=120))
    assert text.getvalue().splitlines()[-2:] == [
        "Left to the host and not priced: 1 NonMaxSuppression, 2 TopK (`host` in the JSON has why).",
        "Approximate, see `onnx2zz explain`: L1_pool",
    ]


def test_the_tokens_that_experts_were_taken_to_get_are_said_below() -> None:
    routers = tuple(ExpertTokens(f"o{n}", f"router{n}", "TopK", (5, 5, 4), "even split") for n in range(3))
    text = io.StringIO()
    print_table(replace(RUN, experts=routers), "npe", Console(file=text, width=120))
    line = "Each of 3 experts was taken to get 4 or 5 tokens (even split): router0 and 2 more"
    assert line in text.getvalue().splitlines()


def test_macs_of_the_host_make_the_total_incomplete() -> None:
    hosts = (HostNode("nms", "NonMaxSuppression", "selection"), HostNode("p", "MatMul", "its shape", 1260))
    text = io.StringIO()
    whole = replace(RUN, layers=LAYERS[:2], host=hosts)
    print_table(whole, "npe", Console(file=text, width=120))
    lines = text.getvalue().splitlines()
    assert "The total is incomplete: left to the host: p (MatMul) with 1,260 MACs: its shape" in lines
    assert [line.split()[0] for line in lines if "1,234,569,094" in line] == ["Incomplete"]


def test_a_run_without_a_price_has_no_total() -> None:
    text = io.StringIO()
    print_table(replace(RUN, layers=LAYERS[2:], total=Total(0.0, 0.0, 0, True)), "npe", Console(file=text, width=120))
    (foot,) = [line for line in text.getvalue().splitlines() if line.startswith("Not priced")]
    assert foot.split() == ["Not", "priced"]


def test_the_worst_ten_are_told_apart_by_what_they_lose_cycles_to() -> None:
    """Layer i takes 100 cycles at least, all of them the array's, and 10 * i more."""
    cycles = [Cycles(steps=100 + i, stalls=2 * i, filling=3 * i, draining=4 * i) for i in range(13)]
    layers = tuple(
        LayerResult(i, f"L{i}", "Conv", 1.0, 100.0 + 10 * i, 1, 1.0, {}, 100.0, "units", breakdown=broken(parts))
        for i, parts in enumerate(cycles)
    )
    text = io.StringIO()
    print_worst(replace(RUN, layers=layers), Console(file=text, width=80))
    rows = [line.split() for line in text.getvalue().splitlines() if line.startswith("L")]
    assert rows == [
        [f"L{i}", str(100 + 10 * i), str(10 * i), "units", str(i), str(2 * i), str(7 * i)] for i in range(12, 2, -1)
    ]
    assert "They lose 96% of the 780 cycles above" in text.getvalue()


def test_a_network_of_few_layers_has_no_worst_ten() -> None:
    text = io.StringIO()
    print_worst(RUN, Console(file=text, width=80))
    assert text.getvalue() == ""


def broken(parts: Any) -> Breakdown:
    return Breakdown(100, 100.0, None, {}, 0.0, (), {}, parts)
