"""ZigZag's number and ours side by side, each with the rule that ours comes from."""

from collections.abc import Iterator
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.physical import TotalPhysical
from onnx2zz.pricing.result import Evaluation
from onnx2zz.printable import printable
from onnx2zz.report.quantity import AREA, ENERGY, TIME, quantity
from onnx2zz.sidecar.figures import Correction, Sidecar

Row = tuple[str, str, str, str]
RULES = {
    "output_path": "output path",
    "padded": "padding",
    "folds_apart": "folds apart",
    "sliding_window": "sliding windows",
    "fresh_sums": "sums that begin",
    "coding": "coded zeros",
    "zero_gating": "zero gating",
}
"""The sidecar's rules about energy, as people say them."""


def print_physical(evaluation: Evaluation, console: Console) -> None:
    """Print what the sidecar file adds; nothing where it adds nothing."""
    physical, sidecar = evaluation.total.physical, evaluation.sidecar
    rows = tuple(_rows(evaluation, physical, sidecar)) if physical and sidecar else ()
    if not rows or sidecar is None:
        return
    console.print()
    console.print(
        printable(f"Beside ZigZag, from {Path(sidecar.path).name}"), style="bold", highlight=False, markup=False
    )
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    table.add_column("Total", no_wrap=True)
    table.add_column("ZigZag", justify="right", no_wrap=True)
    table.add_column("Ours", justify="right", no_wrap=True)
    table.add_column("Rule")
    for name, zigzag, ours, rule in rows:
        table.add_row(name, zigzag, ours, Text(printable(rule)))
    console.print(table)


def _rows(evaluation: Evaluation, physical: TotalPhysical, sidecar: Sidecar) -> Iterator[Row]:
    total = evaluation.total
    if sidecar.corrections:
        rule = "; ".join(map(_said, sidecar.corrections))
        yield "Energy", quantity(total.energy_pj, ENERGY), quantity(physical.corrected_energy_pj, ENERGY), rule
    if physical.saved_pj or physical.idle_energy_pj or physical.activation_energy_pj:
        yield "All energy", quantity(total.energy_pj, ENERGY), quantity(physical.energy_pj, ENERGY), _energies(physical)
    if physical.cycles_lost.total:
        ours = f"{physical.latency_cycles:,.0f} cycles"
        yield "Cycles", f"{total.latency_cycles:,.0f} cycles", ours, _cycles(physical)
    if physical.static_energy_pj is not None:
        rule = "power x bits x time" + _but(physical.without_static, "no figure for")
        yield "Static energy", "", quantity(physical.static_energy_pj, ENERGY), rule
    if physical.latency_ns is not None:
        cycles = f"{total.latency_cycles:,.0f} cycles"
        yield "Latency", cycles, quantity(physical.latency_ns, TIME), f"at {sidecar.clock_mhz:g} MHz"
    if physical.area_um2 is not None:
        rule = "area per bit x bits, units" + _but(physical.without_area, "the accelerator's own figure for")
        yield "Area", quantity(physical.zigzag_area_um2, AREA), quantity(physical.area_um2, AREA), rule


def _energies(physical: TotalPhysical) -> str:
    """`zero gating -1.2 nJ; idle +0.3 nJ`, what corrections change in front of them."""
    parts = [f"{RULES[rule]} {_signed(-saved)}" for rule, saved in physical.saved_pj.items()]
    added = {"idle power": physical.idle_energy_pj, "rows that are opened": physical.activation_energy_pj}
    return "; ".join([*parts, *(f"{name} {_signed(energy)}" for name, energy in added.items() if energy)])


def _signed(energy: float) -> str:
    return f"{'-' if energy < 0 else '+'}{quantity(abs(energy), ENERGY)}"


def _cycles(physical: TotalPhysical) -> str:
    lost = physical.cycles_lost
    named = {
        "systolic skew": lost.skew,
        "between passes": lost.between_passes,
        "waiting for the DRAM": lost.dram,
        "access after access": lost.accesses,
        "rows that are opened": lost.pages,
        "in output paths": lost.in_output_path,
    }
    return "; ".join(f"{name} {cycles:+,.0f}" for name, cycles in named.items() if cycles)


def _said(correction: Correction) -> str:
    """`diagonal inputs: I1 reads at buffer x 0 + 0.19 pJ an operation`."""
    accesses = {"read": " reads", "write": " writes", None: ""}[correction.access]
    added = f" + {correction.pj_per_operation:g} pJ an operation" if correction.pj_per_operation else ""
    return f"{correction.name}: {correction.operand}{accesses} at {correction.memory} x {correction.factor:g}{added}"


def _but(names: tuple[str, ...], what: str) -> str:
    return f"; {what} {', '.join(names)}" if names else ""
