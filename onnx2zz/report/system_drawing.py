"""A system of cores drawn as an SVG: the cores where they lie, the links between them, and each kind of core."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil

from onnx2zz.report.hardware_drawing import HEADING, SOFT, hardware_drawing
from onnx2zz.report.svg import drawing, element, text, title
from onnx2zz.report.timeline import places
from onnx2zz.system.description import Core, System
from onnx2zz.system.network import CoreId, Link

UNIT, SIDE, TOP, EDGE, LINE = 66, 44, 40, 24, 17
KINDS = ("#eb6834", "#2a70c4", "#1baf7a", "#eda100", "#6a56c8", "#d0518a")
"""A colour for each kind of core, over again where there are more."""


def system_svg(system: System) -> str:
    """The drawing as a file of its own."""
    kinds = system.accelerators
    map_width, map_height, drawn = _map(system, list(kinds))
    cores = [
        hardware_drawing(f"core {name}", accelerator.document, accelerator.sources)
        for name, accelerator in kinds.items()
    ]
    width = max(map_width, *(one for one, _, _ in cores))
    parts, top = [f"<g transform='translate({(width - map_width) / 2} 0)'>{drawn}</g>"], map_height
    for own, height, core in cores:
        parts.append(f"<g transform='translate({(width - own) / 2} {top})'>{core}</g>")
        top += height
    return drawing(width, top, "".join(parts))


def _map(system: System, kinds: list[str]) -> tuple[int, int, str]:
    links = [_as_placed(link) for link in system.network.links]
    placed = places([core.id for core in system.cores], links, system.network.offchip)
    facts = list(_facts(system, kinds))
    columns, rows = (max(place[axis] for place in placed.values()) + 1 for axis in (0, 1))
    width = ceil(max(columns * UNIT + 2 * EDGE, 460))
    left = (width - columns * UNIT) / 2
    top = TOP + LINE * len(facts) + 10
    at = {core: (left + (x + 0.5) * UNIT, top + (y + 0.5) * UNIT) for core, (x, y) in placed.items()}
    drawn = [
        text(system.name, width / 2, 24, **HEADING),
        *(
            text(fact, width / 2, TOP + LINE * number + 8, text_anchor="middle", **SOFT)
            for number, fact in enumerate(facts)
        ),
        *(_wire(link, at) for link in system.network.links),
        *(part for core in system.cores for part in _core(core, at[core.id], kinds, system)),
    ]
    return width, ceil(top + rows * UNIT + 10), "".join(drawn)


def _as_placed(link: Link) -> Mapping[str, object]:
    if link.directed:
        return {"from": link.nodes[0], "to": link.nodes[1]}
    return {"nodes": list(link.nodes)}


def _facts(system: System, kinds: list[str]) -> Iterator[str]:
    counts = {name: sum(_name(core, system) == name for core in system.cores) for name in kinds}
    clock = f", {system.clock_mhz:g} MHz" if system.clock_mhz else ", clock not given"
    yield f"{', '.join(f'{count} x {name}' for name, count in counts.items())}{clock}"
    # Large meshes have hundreds of links of one kind: each kind is told once.
    widths = sorted(
        {(link.bandwidth, link.energy_per_bit) for link in system.network.links if link is not system.network.port}
    )
    if widths:
        yield "links: " + ", ".join(f"{width:g} bit a cycle, {energy:g} pJ a bit" for width, energy in widths)
    port, away = system.network.port, system.offchip
    if port is not None and away is not None:
        yield (
            f"off chip ({away.name}), by the framed cores: {port.bandwidth:g} bit a cycle, "
            f"read {away.read_pj_per_bit:g} pJ a bit, write {away.write_pj_per_bit:g} pJ a bit"
        )
    stream = system.network.stream
    if stream is not None:
        entered = ", ".join(str(node) for node in stream.nodes if node in system.by_id)
        yield f"inputs come in at core {entered}: {stream.bandwidth:g} bit a cycle, {stream.energy_per_bit:g} pJ a bit"


def _wire(link: Link, at: Mapping[CoreId, tuple[float, float]]) -> str:
    ends = [at[node] for node in link.nodes if node in at]
    if len(ends) < 2:
        return ""
    told = f"{link.id}: {link.bandwidth:g} bit a cycle, {link.energy_per_bit:g} pJ a bit"
    look: dict[str, str | float] = {"fill": "none", "stroke": "#55555e", "stroke_width": 2, "class_": "wire"}
    return element("path", title(told), d=_between(ends), **look)


def _between(ends: Sequence[tuple[float, float]]) -> str:
    """A line between two places; of a bus, one from each to the middle of all."""
    if len(ends) == 2:
        return "M{},{} L{},{}".format(*ends[0], *ends[1])
    middle = (sum(x for x, _ in ends) / len(ends), sum(y for _, y in ends) / len(ends))
    return "".join("M{},{} L{},{}".format(*end, *middle) for end in ends)


def _core(core: Core, at: tuple[float, float], kinds: list[str], system: System) -> Iterator[str]:
    x, y = at
    port = system.network.port
    if port is not None and core.id in port.nodes:
        yield _square(x, y, SIDE + 10, fill="none", stroke="#113a6e", stroke_width=2, class_="port")
    square = _square(x, y, SIDE, fill=KINDS[kinds.index(_name(core, system)) % len(KINDS)])
    number = text(f"{core.id}", x, y + 4, text_anchor="middle", fill="#ffffff", class_="on")
    yield element("g", title(f"core {core.id}: {_name(core, system)}") + square + number, class_="core")


def _name(core: Core, system: System) -> str:
    return system.called[core.accelerator.path]


def _square(x: float, y: float, side: float, **look: str | float) -> str:
    return element("rect", x=x - side / 2, y=y - side / 2, width=side, height=side, rx=side / 7, **look)
