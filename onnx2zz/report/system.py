"""What a system of cores does with a network, on a terminal: the bound, each core, each link and port."""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from onnx2zz.pricing.result import Evaluation
from onnx2zz.pricing.system_result import CoreUse, LinkUse, SystemResult
from onnx2zz.printable import printable
from onnx2zz.report.placed import cores_told
from onnx2zz.report.quantity import ENERGY, TIME, quantity

MOST_CORES, BUSIEST, IDLEST = 16, 6, 2
"""More cores than the first are shown by as many of the busiest and of the idlest."""
MOST_LINKS = 12
MOST_SPILLS = 4
"""Layers that are named of those whose outputs leave the chip and come back."""
NS_PER_CYCLE_AT_1_MHZ = 1000
PARTS = (("cores_pj", "cores"), ("links_pj", "links"), ("offchip_pj", "off chip"))


def print_system(evaluation: Evaluation, console: Console) -> None:
    """Print what the table by layer does not tell; nothing where the run was on one accelerator."""
    system = evaluation.system
    if system is None:
        return
    console.print()
    told = (latency_told(system), *pipeline_told(system), *stacks_told(evaluation, system), energy_told(system))
    told = (*told, *placement_told(system))
    for line in (*told, *spills_told(evaluation, system), *_hulls(evaluation, system)):
        console.print(printable(line), highlight=False, markup=False)
    if system.core_counts:
        console.print()
        print_core_counts(system, console)
    console.print()
    console.print(_cores_table(system))
    if len(system.cores) > MOST_CORES:
        console.print(_all_cores(system), highlight=False, markup=False)
    carrying = sorted((link for link in system.links if link.bits), key=lambda link: (-link.busy_cycles, link.id))
    if carrying:
        console.print()
        console.print(_links_table(system, carrying[:MOST_LINKS]))
        if rest := carrying[MOST_LINKS:]:
            most = _share(rest[0].busy_cycles, system)
            console.print(f"and {len(rest)} more, busy for {most} at most", highlight=False, markup=False)


def latency_told(system: SystemResult) -> str:
    """The latency, below what none lies and why, and the gap."""
    time = ""
    if system.clock_mhz is not None:
        time = f" ({quantity(system.latency_cycles * NS_PER_CYCLE_AT_1_MHZ / system.clock_mhz, TIME)})"
    gap = f", {system.gap:.3f}x" if system.gap is not None else ""
    return (
        f"Latency {system.latency_cycles:,.0f} cycles{time}, bound {system.bound_cycles:,.0f} ({system.bound_by}){gap}"
    )


def pipeline_told(system: SystemResult) -> Iterator[str]:
    """Of a pipeline the interval, what comes before the first frame, and what all frames come to; and, where the kind
    of schedule was chosen, what was tried."""
    use = system.pipeline
    if use is not None:
        rate = ""
        if system.clock_mhz is not None:
            rate = f" ({system.clock_mhz * 1e6 / use.interval_cycles:,.0f} frames a second)"
        gap = f", {use.interval_gap:.3f}x" if use.interval_gap is not None else ""
        together = f", {use.batch} at a time through each layer" if use.batch > 1 else ""
        yield (
            f"A frame every {use.interval_cycles:,.0f} cycles{rate}, bound {use.interval_bound_cycles:,.0f} "
            f"({use.interval_bound_by}){gap}; {use.in_flight} in flight{together}"
        )
        if use.own_bound_cycles:
            times = use.interval_cycles / use.own_bound_cycles
            cores = f"the {use.own_cores} cores that work" if use.own_cores > 1 else "the one core that works"
            yield f"On {cores} in it the bound is {use.own_bound_cycles:,.0f}, {times:.3f}x"
        taking = f"{use.frames:,} frames take" if use.frames > 1 else "one frame takes"
        yield (
            f"Before the first, {use.setup_bits / 1e6:,.3f} Mbit that stay: {use.setup_cycles:,.0f} cycles, "
            f"{quantity(use.setup_energy_pj, ENERGY)}; with them {taking} "
            f"{use.all_cycles:,.0f} cycles and {quantity(use.all_energy_pj, ENERGY)}"
        )
    for one in system.auto:
        yield f"Schedule {one.schedule}: {one.why}"


def stacks_told(evaluation: Evaluation, system: SystemResult) -> Iterator[str]:
    """Of a fused schedule each stack: its layers, its cores, the tiles of its last layer, and its halos."""
    names = [layer.name for layer in evaluation.layers]
    for stack in system.stacks:
        several = len(stack.cores) > 1
        columns = f" of {stack.columns} columns" if stack.columns is not None else ""
        halos = f"; halos between cores {'computed by both' if stack.recomputes else 'sent'}" if several else ""
        yield (
            f"Stack {names[stack.layers[0]]} to {names[stack.layers[-1]]} on core{'s' * several} "
            f"{cores_told(sorted(stack.cores))}, {stack.rows} row{'s' * (stack.rows != 1)}{columns} at a time{halos}"
        )
    if system.schedule == "fused" and not system.stacks:
        yield "No stack of several layers is better than each layer by itself"


def spills_told(evaluation: Evaluation, system: SystemResult) -> Iterator[str]:
    """Whose outputs go off the chip for want of room and come back, those that take most there first."""
    if not system.spills:
        return
    most = sorted(system.spills, key=lambda one: (-one.out_bits, one.layer))
    named = ", ".join(evaluation.layers[one.layer].name for one in most[:MOST_SPILLS])
    more = f" and {len(most) - MOST_SPILLS} more" if len(most) > MOST_SPILLS else ""
    out, back = sum(one.out_bits for one in most), sum(one.back_bits for one in most)
    yield (
        f"Off the chip and back for want of room: {out / 1e6:,.3f} Mbit out, {back / 1e6:,.3f} to those that read "
        f"them; of {named}{more}"
    )


def print_core_counts(system: SystemResult, console: Console) -> None:
    """Print a row for each number of cores, those on the front with a mark, and how many the weights need."""
    table = _table("Cores", "", right=("Interval", "Latency", "Energy", "Mbit that stay"))
    for one in system.core_counts:
        stay = f"{one.setup_bits / 1e6:,.3f}{'' if one.stays else ' *'}"
        cycles = (f"{one.interval_cycles:,.0f}", f"{one.latency_cycles:,.0f}")
        table.add_row(str(one.cores), "front" if one.on_front else "", *cycles, quantity(one.energy_pj, ENERGY), stay)
    console.print(table)
    fewest = min((one.cores for one in system.core_counts if one.stays), default=None)
    said = (
        "on none of these numbers of cores do all weights stay"
        if fewest is None
        else (f"all weights stay on {fewest} core{'s' * (fewest != 1)}")
    )
    if fewest is not None and system.weights_fill is not None:
        said += f" (their bits alone fill {system.weights_fill})"
    some_come = any(not one.stays for one in system.core_counts)
    console.print(f"{said}{'; *: others come with every frame' * some_come}", highlight=False, markup=False)


def energy_told(system: SystemResult) -> str:
    """The parts of the energy, those that are there; the static part stands beside the sum."""
    parts = [f"{name} {quantity(system.energy[key], ENERGY)}" for key, name in PARTS if system.energy.get(key)]
    static = system.energy.get("static_pj")
    beside = f"; beside it static {quantity(static, ENERGY)}" if static else ""
    return f"Energy: {', '.join(parts) or 'none'}{beside}"


def placement_told(system: SystemResult) -> Iterator[str]:
    """How far data go on a mesh, and below what that is not, wherever the same parts lie."""
    use = system.placement
    if use is None or not use.bit_hops:
        return
    hops = f", {use.bit_hops / use.least_bit_hops:.3f}x" if use.least_bit_hops else ""
    link = f", {use.busiest_link_bits / use.least_busiest_link_bits:.3f}x" if use.least_busiest_link_bits else ""
    yield (
        f"Places: {use.bit_hops / 1e6:,.3f} Mbit x hops, bound {use.least_bit_hops / 1e6:,.3f}{hops}; the busiest link "
        f"{use.busiest_link_bits / 1e6:,.3f} Mbit, bound {use.least_busiest_link_bits / 1e6:,.3f}{link}"
    )


def _hulls(evaluation: Evaluation, system: SystemResult) -> Iterator[str]:
    if not system.hulls:
        return
    names = [layer.name for layer in evaluation.layers]
    said = ", ".join(f"{names[reader]} of {names[producer]}" for producer, reader in system.hulls[:3])
    more = f" and {len(system.hulls) - 3} more" if len(system.hulls) > 3 else ""
    yield f"Taken as the box around what is read, so as no less than that: {said}{more}"


def _cores_table(system: SystemResult) -> Table:
    table = _table("Core", "", right=("Busy", "Peak memory", "Energy"))
    for core in _shown(system.cores):
        if core is None:
            table.add_row("…")
        else:
            cells = (_share(core.busy_cycles, system), _full(core), quantity(core.energy_pj, ENERGY))
            table.add_row(str(core.id), Text(printable(core.accelerator, 24)), *cells)
    return table


def _shown(cores: Sequence[CoreUse]) -> Iterable[CoreUse | None]:
    """All, or the busiest and the idlest with a gap between them."""
    if len(cores) <= MOST_CORES:
        return cores
    ranked = sorted(cores, key=lambda core: (-core.busy_cycles, core.id))
    return (*ranked[:BUSIEST], None, *ranked[-IDLEST:])


def _all_cores(system: SystemResult) -> str:
    cores = system.cores
    mean = sum(core.busy_cycles for core in cores) / len(cores)
    fullest = max(cores, key=lambda core: core.peak_bits / core.capacity_bits if core.capacity_bits else 0.0)
    energy = quantity(sum(core.energy_pj for core in cores), ENERGY)
    idle = sum(not core.busy_cycles for core in cores)
    return (
        f"all {len(cores)}: busy for {_share(mean, system)} on average, {idle} never; "
        f"memory {_full(fullest)} full at most; {energy}"
    )


def _links_table(system: SystemResult, links: Sequence[LinkUse]) -> Table:
    table = _table("Link", right=("Busy", "Mbit", "bit/cycle", "Energy"))
    for link in links:
        energy = quantity(link.energy_pj, ENERGY) if link.energy_pj else ""
        cells = (_share(link.busy_cycles, system), f"{link.bits / 1e6:,.3f}", f"{link.bandwidth:g}", energy)
        table.add_row(Text(printable(link.id, 24)), *cells)
    return table


def _table(*left: str, right: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, show_edge=False, pad_edge=False)
    for head in left:
        table.add_column(head, no_wrap=True)
    for head in right:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _share(cycles: float, system: SystemResult) -> str:
    every = system.latency_cycles if system.pipeline is None else system.pipeline.interval_cycles
    return f"{cycles / every:.1%}" if every else ""


def _full(core: CoreUse) -> str:
    return f"{core.peak_bits / core.capacity_bits:.1%}" if core.capacity_bits else ""
