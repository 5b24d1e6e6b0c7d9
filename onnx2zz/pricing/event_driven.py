"""What a layer would cost a core that computes only where an input is not zero (docs/events.md has the derivation).

Every access that ZigZag charges for keeps its price; what changes is how many of them take place. No share is above 1,
so no number is above the dense one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from onnx2zz.zigzag.layer_price import Direction, LayerPrice, LevelEnergy


@dataclass(frozen=True)
class Activity:
    """What entered a layer in one run.

    `density`: for each operand that the run brings (I, W), the share of its elements that are not zero, among those
    that the layer reads. `executed`: the share of operations that an event triggers. `skipping`: the operands whose
    zeros cost nothing. `events`: elements sent to the layer. `why_dense`: why zeros count like any other value here.
    """

    density: Mapping[str, float]
    executed: float
    skipping: tuple[str, ...]
    events: int
    why_dense: str = ""


@dataclass(frozen=True)
class Activities:
    """The activity of each layer, by id. `inputs`: what the network was run on, "random" or a file.

    `random_weights`: layers whose weights the model's files lack, so that random ones stood in for them. `not_run`:
    nodes that onnxruntime refused; what comes after them saw random values.
    """

    inputs: str
    layers: Mapping[int, Activity]
    random_weights: tuple[str, ...] = ()
    not_run: tuple[str, ...] = ()


@dataclass(frozen=True)
class LevelEvents:
    """One operand at one memory, in pJ: dense, as ZigZag says, and with events."""

    operand: str
    memory: str
    dense_pj: float
    event_pj: float


@dataclass(frozen=True)
class LayerEvents:
    """One layer driven by events. `energy_pj` is memory and operations; the network on chip is apart, None without a
    figure for it."""

    density: Mapping[str, float]
    operations_executed: int
    energy_pj: float
    operation_energy_pj: float
    memory_energy_pj: float
    noc_events: int
    noc_energy_pj: float | None
    breakdown: tuple[LevelEvents, ...]
    why_dense: str = ""


@dataclass(frozen=True)
class TotalEvents:
    """The sums over the priced layers."""

    energy_pj: float
    operations_executed: int
    noc_events: int
    noc_energy_pj: float | None


def layer_events(
    price: LayerPrice,
    operations: int,
    volumes: Mapping[str, int],
    activity: Activity,
    noc_pj_per_event: float | None = None,
) -> LayerEvents:
    """`operations`: the layer's loop points. `volumes`: elements of each operand's tensor."""
    breakdown = tuple(_breakdown(price.memory_energy, operations, volumes, activity))
    computed = price.operation_energy_pj * activity.executed
    moved = sum(level.event_pj for level in breakdown)
    return LayerEvents(
        density=activity.density,
        operations_executed=round(activity.executed * operations),
        energy_pj=min(computed + moved, price.energy_pj),  # the sum may be above ZigZag's by a rounding
        operation_energy_pj=computed,
        memory_energy_pj=moved,
        noc_events=activity.events,
        noc_energy_pj=None if noc_pj_per_event is None else activity.events * noc_pj_per_event,
        breakdown=breakdown,
        why_dense=activity.why_dense,
    )


def together(layers: Sequence[LayerEvents]) -> LayerEvents:
    """The events of several tiles as those of their layer, which all saw the same densities."""
    levels: dict[tuple[str, str], tuple[float, float]] = {}
    for level in (level for one in layers for level in one.breakdown):
        dense, driven = levels.get((level.operand, level.memory), (0.0, 0.0))
        levels[level.operand, level.memory] = dense + level.dense_pj, driven + level.event_pj
    noc = [one.noc_energy_pj for one in layers if one.noc_energy_pj is not None]
    return LayerEvents(
        # A density is a layer's, measured once; what tiles execute of it adds up.
        density=layers[0].density,
        operations_executed=sum(one.operations_executed for one in layers),
        energy_pj=sum(one.energy_pj for one in layers),
        operation_energy_pj=sum(one.operation_energy_pj for one in layers),
        memory_energy_pj=sum(one.memory_energy_pj for one in layers),
        noc_events=sum(one.noc_events for one in layers),
        noc_energy_pj=sum(noc) if noc else None,
        breakdown=tuple(LevelEvents(*place, *energies) for place, energies in levels.items()),
        why_dense=layers[0].why_dense,
    )


def total_events(layers: Sequence[LayerEvents], noc_pj_per_event: float | None) -> TotalEvents:
    """The sums over layers."""
    events = sum(layer.noc_events for layer in layers)
    return TotalEvents(
        energy_pj=sum(layer.energy_pj for layer in layers),
        operations_executed=sum(layer.operations_executed for layer in layers),
        noc_events=events,
        noc_energy_pj=None if noc_pj_per_event is None else events * noc_pj_per_event,
    )


def _breakdown(
    levels: Sequence[LevelEnergy], operations: int, volumes: Mapping[str, int], activity: Activity
) -> Iterator[LevelEvents]:
    for operand in dict.fromkeys(level.operand for level in levels):
        own = [level for level in levels if level.operand == operand]
        links = _Links(own, operations, volumes[operand], activity)
        for number, level in enumerate(own):
            spent = sum(traffic.energy_pj * links.share(number, traffic.direction) for traffic in level.traffic)
            # Shares are at most 1, but their sum may come out above ZigZag's by a rounding.
            yield LevelEvents(operand, level.memory, level.energy_pj, min(spent, level.energy_pj))


@dataclass(frozen=True)
class _Links:
    """The links of one operand: link n joins its memory n to the level below, link 0 joins the lowest memory to the
    array. What passes a link is counted at the upper side, where a broadcast is one access."""

    levels: Sequence[LevelEnergy]
    operations: int
    volume: int
    activity: Activity

    def share(self, level: int, direction: Direction) -> float:
        """The share of the accesses in a direction of a memory that take place."""
        operand = self.levels[level].operand
        # Its zeros are never sent, so that every access of it falls away in their proportion, wherever it takes place.
        if operand in self.activity.skipping:
            return self.activity.density[operand]
        # One transfer is an access at both ends of a link. Its share is asked of the link, so that both ends agree.
        link = level if direction.endswith("_low") else level + 1
        downwards = direction in ("read_to_low", "write_from_high")
        moved = self._moved(link, "read_to_low" if downwards else "write_from_low")
        triggered = self._triggered(moved)
        if not self._certain(operand, link, downwards):
            return triggered
        # Each element once whatever comes; only what ZigZag counts beyond that, repeats, depends on events.
        once = min(self.volume, moved) / moved
        return once + (1.0 - once) * triggered

    def _certain(self, operand: str, link: int, downwards: bool) -> bool:
        """Whether each element passes a link once whatever comes: results that leave, and weights that come down from
        their highest memory ahead of all events."""
        if operand == "O":
            return not downwards
        # Weights that only one memory holds have no way down that is apart from their use.
        return 0 < link == len(self.levels) - 1

    def _moved(self, link: int, direction: Direction) -> float:
        return next(t.elements for t in self.levels[link].traffic if t.direction == direction)

    def _triggered(self, moved: float) -> float:
        """The share of accesses that serve at least one executed operation, if those are spread evenly."""
        # An access that serves several operations is needed if any of them takes place.
        served = max(1.0, self.operations / moved)
        return 1.0 - (1.0 - self.activity.executed) ** served
