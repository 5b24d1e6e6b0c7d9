"""What event-driven cores make of a schedule on a system, in words."""

from collections.abc import Iterator

from onnx2zz.pricing.system_result import SystemResult
from onnx2zz.report.quantity import ENERGY, quantity


def system_events_told(system: SystemResult) -> Iterator[str]:
    """The parts of the energy, what is sent in which flits, and how busy cores and links would be; nothing where no
    events were counted."""
    use = system.events
    if use is None:
        return
    parts = (("cores_pj", "cores"), ("links_pj", "links"), ("offchip_pj", "off chip"))
    beside = ", ".join(
        f"{name} {quantity(use.energy[key], ENERGY)} (dense {quantity(system.energy[key], ENERGY)})"
        for key, name in parts
        if system.energy[key]
    )
    yield f"Event-driven: {beside}"
    flits = ""
    if use.header_flits or use.payload_flits:
        flits = f" in {use.header_flits + use.payload_flits:,} flits, {use.header_flits:,} of them headers"
    yield (
        f"{use.events:,} events are sent{flits}; over all links {use.wire_bit_hops / 1e6:,.3f} Mbit x hops (dense "
        f"{use.dense_wire_bit_hops / 1e6:,.3f})"
    )
    yield (
        f"The busiest core would work {use.busiest_core_cycles:,.0f} cycles of a frame, the busiest link "
        f"{use.busiest_link_cycles:,.0f}, if what is left out takes no time"
    )
