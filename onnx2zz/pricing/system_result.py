"""What a result says of a system of cores: the bound, the parts of the energy, each core and each link."""

from collections.abc import Mapping
from dataclasses import dataclass

from onnx2zz.files.document import Value
from onnx2zz.pricing.schedule_kind import ScheduleKind
from onnx2zz.pricing.sparse import Sparse

CoreId = int


@dataclass(frozen=True)
class CoreUse:
    """One core: what it is, bits of its highest memory and the most that it held, cycles that it worked, pJ."""

    id: CoreId
    accelerator: str
    capacity_bits: int
    peak_bits: float
    busy_cycles: float
    energy_pj: float


@dataclass(frozen=True)
class LinkUse:
    """One link, bus or port: what it joins, bit a cycle, bits that it carried, cycles that it was taken, pJ."""

    id: str
    nodes: tuple[CoreId, ...]
    directed: bool
    bandwidth: float
    bits: float
    busy_cycles: float
    energy_pj: float


@dataclass(frozen=True)
class LayerUse:
    """Where and when a layer runs: its id, cores, number of tiles, how it is shared out, first start and last end."""

    layer: int
    cores: tuple[int, ...]
    tiles: int
    split: Mapping[str, int]
    turns: Mapping[str, int]
    start: float
    end: float


@dataclass(frozen=True)
class StackUse:
    """Layers (by their place in the result) that run depth-first on some cores: rows and columns of the last one's
    tiles (None: all columns), and whether halos between the cores' stripes are computed by both or sent."""

    layers: tuple[int, ...]
    cores: tuple[CoreId, ...]
    rows: int
    columns: int | None
    recomputes: bool


@dataclass(frozen=True)
class SpillUse:
    """A layer (by its place in the result) whose output goes off the chip for want of room and comes back: bits out,
    and bits that the cores get that fetch it, all together."""

    layer: int
    out_bits: int
    back_bits: int


@dataclass(frozen=True)
class PipelineUse:
    """What `frames` frames come to that follow each other at an interval. `interval_gap`: it over its bound;
    `in_flight`: frames that are worked at together. `setup`: what comes before the first frame and stays, in cycles,
    bits and pJ. `all_cycles`, `all_energy_pj`: of all frames, the setup included. `own_cores`: how many cores work in
    it; `own_bound_cycles`: the bound of the interval of all pipelines on just these, where they are not all. `batch`:
    frames that are taken together, layer by layer, so that weights that do not stay come once for all of them."""

    frames: int
    interval_cycles: float
    interval_bound_cycles: float
    interval_bound_by: str
    interval_gap: float | None
    in_flight: int
    setup_cycles: float
    setup_bits: int
    setup_energy_pj: float
    all_cycles: float
    all_energy_pj: float
    own_cores: int = 0
    own_bound_cycles: float | None = None
    batch: int = 1


@dataclass(frozen=True)
class PlacementUse:
    """Where on a mesh of cores that are alike the parts of a network lie: bits x links between cores in a frame, the
    bits of the link that carries most, and below what neither is, wherever the same parts lie."""

    bit_hops: float
    least_bit_hops: float
    busiest_link_bits: float
    least_busiest_link_bits: float


@dataclass(frozen=True)
class EventUse:
    """The same schedule on cores that work where an input is not zero, and send no other values.

    `energy`: its parts, as the dense ones'. `events`: values sent from core to core, `header_flits` and `payload_flits`
    what carries them (0 where data go without flits), each sent once however many cores it goes to. `wire_bit_hops`:
    bits x links of all that is sent, beside the dense `dense_wire_bit_hops`. `busiest_core_cycles`: of the core that
    has most to do in a frame, if an operation that is left out takes no time; `busiest_link_cycles` of the link.
    """

    energy: Mapping[str, float]
    events: int
    header_flits: int
    payload_flits: int
    wire_bit_hops: float
    dense_wire_bit_hops: float
    busiest_core_cycles: float
    busiest_link_cycles: float


@dataclass(frozen=True)
class KindTried:
    """A kind of schedule that `auto` thought of: the value of the objective over all frames (None: it was not made),
    and why it was taken or not."""

    schedule: ScheduleKind
    value: float | None
    why: str


@dataclass(frozen=True)
class CoreCount:
    """A pipeline on some of the cores: how many work in it, the interval, and a frame's latency and energy. `stays`:
    whether all weights do, so that none comes with a frame. `on_front`: whether none is better in cores, interval or
    energy without being worse in another."""

    cores: int
    interval_cycles: float
    latency_cycles: float
    energy_pj: float
    setup_bits: int
    stays: bool
    on_front: bool


@dataclass(frozen=True)
class CoreKind:
    """A kind of core: the data of its accelerator's file, and where figures come from (inputs.py, `sources`)."""

    name: str
    accelerator: Value
    sources: Mapping[str, str]


@dataclass(frozen=True)
class SystemResult(Sparse):
    """`gap`: latency over its bound. `hulls`: pairs of layers (producer, reader) between which what is read is taken as
    the box around it. `stacks`: of a fused schedule. `spills`: layers whose outputs go off the chip and come
    back. Of a pipeline all numbers are those of one frame, the setup apart.
    `auto`: what was tried, where the kind of schedule was chosen. `core_counts`: pipelines on other numbers of cores,
    where these were asked for; `weights_fill`: cores that the network's weights fill by their bits alone. `core_kinds`:
    what its cores are. `events`: what event-driven cores make of it, where zeros were counted. `placement`: on a
    mesh of cores that are alike."""

    schedule: ScheduleKind
    latency_cycles: float
    bound_cycles: float
    bound_by: str
    gap: float | None
    clock_mhz: float | None
    energy: Mapping[str, float]
    offchip_bits: float
    noc_bit_hops: float
    tiles: int
    transfers: int
    tried: int
    hulls: tuple[tuple[int, int], ...]
    cores: tuple[CoreUse, ...]
    links: tuple[LinkUse, ...]
    layers: tuple[LayerUse, ...]
    stacks: tuple[StackUse, ...] = ()
    pipeline: PipelineUse | None = None
    auto: tuple[KindTried, ...] = ()
    core_counts: tuple[CoreCount, ...] = ()
    core_kinds: tuple[CoreKind, ...] = ()
    spills: tuple[SpillUse, ...] = ()
    weights_fill: int | None = None
    events: EventUse | None = None
    placement: PlacementUse | None = None
