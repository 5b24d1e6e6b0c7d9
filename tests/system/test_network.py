"""Ways over a network, against walking all of it."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2zz.system.network import Link, Network

CORES = range(6)
OFFCHIP = 9


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Directed links, wires that both ends share, and buses, with a port at some cores."""
    pairs = draw(st.lists(st.permutations(CORES).map(lambda order: tuple(order[:2])), max_size=8, unique=True))
    links = [Link(f"{a}>{b}", (a, b), 8, directed=True) for a, b in pairs]
    for number in range(draw(st.integers(0, 2))):
        nodes = draw(st.sets(st.sampled_from(CORES), min_size=2, max_size=3))
        links.append(Link(f"bus {number}", tuple(sorted(nodes)), 16))
    served = tuple(sorted(draw(st.sets(st.sampled_from(CORES), min_size=1, max_size=2))))
    return Network(tuple(links), Link("port", (*served, OFFCHIP), 4), (), OFFCHIP)


def steps_to(network: Network, sources: Sequence[int]) -> dict[int, int]:
    """How many links away each core is that can be reached."""
    found = dict.fromkeys(sources, 0)
    for distance in range(1, len(CORES) + 1):
        for link in network.links:
            for start in [node for node, steps in found.items() if steps == distance - 1 and node in link.nodes]:
                ends = link.nodes[1:] if link.directed and link.nodes[0] == start else link.nodes
                for end in () if link.directed and link.nodes[0] != start else ends:
                    found.setdefault(end, distance)
    return found


def reached(network: Network, source: int, names: set[str]) -> set[int]:
    """The cores to which links of these names lead."""
    found = {source}
    for _ in names:
        for link in network.by_id.values():
            if link.id in names and found & set(link.nodes[:1] if link.directed else link.nodes):
                found |= set(link.nodes)
    return found


@settings(max_examples=200)
@given(networks(), st.sampled_from(CORES), st.sets(st.sampled_from(CORES), min_size=1))
def test_a_route_is_the_shortest_and_each_link_of_it_is_taken_once(
    network: Network, source: int, destinations: set[int]
) -> None:
    away = steps_to(network, [source])
    route = network.route(source, destinations)
    if not destinations <= set(away):
        assert route is None
        return
    assert route is not None
    names = [link.id for link in route.links]
    assert len(set(names)) == len(names)
    assert destinations <= reached(network, source, set(names))
    assert route.depth == max(away[node] for node in destinations)
    assert len(names) <= sum(away[node] for node in destinations)
    for node in destinations:
        assert network.hops(source, node) == away[node]


@settings(max_examples=100)
@given(networks(), st.sets(st.sampled_from(CORES), min_size=1))
def test_the_port_is_taken_once_and_leads_on_from_the_nearest_core(network: Network, destinations: set[int]) -> None:
    assert network.port is not None
    away = steps_to(network, network.port.nodes[:-1])
    route = network.route(OFFCHIP, destinations)
    if not destinations <= set(away):
        assert route is None
        return
    assert route is not None
    assert [link.id for link in route.links].count("port") == 1
    assert destinations <= reached(network, OFFCHIP, {link.id for link in route.links})
    assert route.depth == max(away[node] for node in destinations)


@given(st.integers(1, 500), st.integers(1, 64), st.integers(0, 3))
def test_a_packet_is_its_header_and_whole_flits(bits: int, flit: int, header: int) -> None:
    network = Network(
        (Link("a", (0, 1), 8, 0.5, True, 3), Link("b", (1, 2), 4, 0.25, True, 3)), None, (), None, flit, header
    )
    wire = (header + (bits + flit - 1) // flit) * flit
    route = network.route(0, [2])
    assert route is not None
    assert network.wire_bits(bits) == wire
    assert network.duration(route, bits, 1000) == wire / 4 + 2 * 3
    assert network.energy(route, bits) == wire * 0.5 + wire * 0.25
    assert network.duration(route, bits, 0.5) == max(bits / 0.5, wire / 4) + 6
