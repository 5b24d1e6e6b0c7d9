"""What stands below the table: ours beside ZigZag's, and events."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from onnx2zz.pricing.event_driven import LayerEvents, TotalEvents
from onnx2zz.pricing.physical import TotalPhysical
from onnx2zz.pricing.result import Evaluation, EventsFrom, LayerResult, Total
from onnx2zz.pricing.silicon.cycles import CyclesLost
from onnx2zz.report.events import print_events
from onnx2zz.report.physical import print_physical
from onnx2zz.report.quantity import AREA, ENERGY, TIME, Units, quantity
from onnx2zz.sidecar.figures import Correction, Sidecar

SIDECAR = Sidecar(
    "folder/npe.onnx2zz.yaml",
    125.0,
    2.0,
    corrections=(
        Correction("diagonal", "buffer", "I1", "read", 0.0, 0.19),
        Correction("half", "dram", "O", factor=0.5),
    ),
)
PHYSICAL = TotalPhysical(2.5e6, 1234.0, 81_000.0, 2.5e6, 1.5e6, ("dram",), ("dram", "buffer"))
EVENTS = TotalEvents(2.0e6, 1_814_073_344, 12_345_678, 24_691_356.0)
LAYERS = (
    LayerResult(
        0, "L0_features_denseblock4_denselayer16_conv2", "Conv", 2.6e6, 10_000.0,
        events=LayerEvents({"I": 0.498}, 1_814_073_344, 1.6e6, 1e6, 6e5, 12_345_678, 24_691_356.0, ()),
    ),
    LayerResult(
        1, "L1_softmax", "Add", 0.4e6, 125.0,
        events=LayerEvents({"W": 0.25, "I": 1.0}, 96, 0.4e6, 1e5, 3e5, 0, 0.0, (), "zeros count"),
    ),
    LayerResult(2, "L2_add", "Add", error="L2_add: no"),
)  # fmt: skip
RUN = Evaluation(
    "net", "npe", "3.9.1", "0.1.0", "EDP", Total(3.0e6, 10_125.0, 5, True, PHYSICAL, EVENTS), LAYERS, 3, 2, 0,
    SIDECAR, EventsFrom("random", 2, ("NonZero_4",)),
)  # fmt: skip


def printed(show: Callable[[Evaluation, Console], None], run: Evaluation = RUN, width: int = 80) -> list[str]:
    text = io.StringIO()
    show(run, Console(file=text, width=width))
    return [line.rstrip() for line in text.getvalue().splitlines() if line.strip()]


def test_ours_beside_zigzags_with_the_rule() -> None:
    lines = printed(print_physical, width=120)
    assert lines[0] == "Beside ZigZag, from npe.onnx2zz.yaml"
    assert [" ".join(line.split()) for line in lines[3:]] == [
        "Energy 3.000 µJ 2.500 µJ diagonal: I1 reads at buffer x 0 + 0.19 pJ an operation; half: O at dram x 0.5",
        "Static energy 1.234 nJ power x bits x time; no figure for dram",
        "Latency 10,125 cycles 81.00 µs at 125 MHz",
        "Area 1.500 mm2 2.500 mm2 area per bit x bits, units; the accelerator's own figure for dram, buffer",
    ]


def test_each_rule_says_its_part() -> None:
    lost, saved = (
        CyclesLost(60.0, 20.0, in_output_path=-125.0, accesses=7.0, pages=8.0),
        {"zero_gating": 4e5, "coding": 1e5, "padded": -2e3},
    )
    ruled = replace(PHYSICAL, latency_cycles=10_080.0, energy_pj=2.7e6, cycles_lost=lost, saved_pj=saved)
    ruled = replace(ruled, idle_energy_pj=2e5, activation_energy_pj=1e3)
    lines = printed(print_physical, replace(RUN, total=replace(RUN.total, physical=ruled)), width=180)
    assert [" ".join(line.split()) for line in lines[4:6]] == [
        "All energy 3.000 µJ 2.700 µJ zero gating -400.0 nJ; coded zeros -100.0 nJ; padding +2.000 nJ; "
        "idle power +200.0 nJ; rows that are opened +1.000 nJ",
        "Cycles 10,125 cycles 10,080 cycles systolic skew +60; between passes +20; access after access +7; "
        "rows that are opened +8; in output paths -125",
    ]


@pytest.mark.parametrize("show", [print_physical, print_events])
def test_no_line_is_too_long(show: Callable[[Evaluation, Console], None]) -> None:
    assert all(len(line) <= 80 for line in printed(show))


def test_figures_that_the_file_lacks_have_no_row() -> None:
    bare = replace(RUN, sidecar=Sidecar("x.yaml"), total=replace(RUN.total, physical=_bare()))
    assert printed(print_physical, bare) == []
    assert printed(print_physical, replace(RUN, sidecar=None, total=replace(RUN.total, physical=None))) == []


def _bare():
    return replace(PHYSICAL, static_energy_pj=None, latency_ns=None, area_um2=None)


def test_events_layer_by_layer() -> None:
    title, head, _, first, second, third, total, *said = printed(print_events)
    assert title == "Event-driven, on random inputs"
    assert head.split() == ["Layer", "Density", "Executed", "Dense", "[nJ]", "Events", "[nJ]", "NoC", "events"]
    assert first.split()[1:] == ["50%", "1,814,073,344", "2,600.0", "1,600.0", "12,345,678"]
    assert second.split() == ["L1_softmax", "100%,", "25%", "96", "400.0", "400.0*", "0"]
    assert third.split() == ["L2_add", "not", "priced"]
    assert total.split() == ["Total", "1,814,073,344", "3,000.0", "2,000.0", "12,345,678"]
    assert " ".join(said) == (
        "NoC: 12,345,678 events, 24.69 µJ, not in the energies above. * priced dense: zeros count. "
        "2 layers have random weights, as the model's files lack theirs: after a ReLU about half of the values are "
        "then zero, whatever the trained network would show. "
        "onnxruntime did not run NonZero_4: what follows saw random values."
    )


def test_events_of_no_run_are_not_shown() -> None:
    assert printed(print_events, replace(RUN, events_from=None, total=replace(RUN.total, events=None))) == []


@pytest.mark.parametrize(
    ("value", "units", "shown"),
    [
        (0.0, ENERGY, "0.000 pJ"),
        (999.5, ENERGY, "999.5 pJ"),
        (58_883.0, TIME, "58.88 µs"),
        (206_578_000.0, AREA, "206.6 mm2"),
        (460.8, AREA, "460.8 um2"),
        (7.5e15, ENERGY, "7,500 J"),
    ],
)
def test_quantities_have_four_digits_and_a_unit(value: float, units: Units, shown: str) -> None:
    assert quantity(value, units) == shown
