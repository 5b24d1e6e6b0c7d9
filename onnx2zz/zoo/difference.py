"""What moved between two records of a model."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose

from onnx2zz.zoo.record import LayerRecord, Price, Record, told_apart

CLOSE = 1e-9
"""Numbers that differ by less than this share are the same: other processors and versions of numpy add up in other
orders."""
PARTS = ("energy", "latency")

Value = float | str | None


@dataclass(frozen=True)
class Moved:
    """One thing that was otherwise: energy in pJ, latency in cycles, a status; None where there is or was none."""

    model: str
    place: str
    what: str
    was: Value
    now: Value

    @property
    def by(self) -> float | None:
        """The share of what was by which it grew; None if these are no numbers, or it was 0."""
        if isinstance(self.was, int | float) and isinstance(self.now, int | float) and self.was:
            return self.now / self.was - 1
        return None


def differences(golden: Record, found: Record) -> tuple[Moved, ...]:
    """Totals first, then nodes, then layers. Prices on accelerators that `found` has none on are not compared; one that
    the golden lacks is a difference."""
    return (*_whole(golden, found), *_nodes(golden, found), *_layers(golden, found))


def _whole(golden: Record, found: Record) -> Iterator[Moved]:
    yield from _moved(found.model, "whole network", "MACs", golden.macs, found.macs)
    yield from _moved(found.model, "whole network", "layers", len(golden.layers), len(found.layers))
    for name in found.accelerators:
        if name not in golden.accelerators:
            yield Moved(found.model, "whole network", f"golden on {name}", None, "--update-golden writes one")
        else:
            yield from _prices(found.model, "whole network", name, golden.total(name), found.total(name))


def _nodes(golden: Record, found: Record) -> Iterator[Moved]:
    for node in dict.fromkeys((*golden.nodes, *found.nodes)):
        yield from _moved(found.model, node, "status", golden.nodes.get(node), found.nodes.get(node))


def _layers(golden: Record, found: Record) -> Iterator[Moved]:
    was, now = _by_name(golden.layers), _by_name(found.layers)
    for name in dict.fromkeys((*was, *now)):
        if name not in was or name not in now:
            there = ("there" if name in was else None, "there" if name in now else None)
            yield Moved(found.model, name, "layer", *there)
            continue
        yield from _layer(found, name, was[name], now[name])


def _layer(found: Record, name: str, was: LayerRecord, now: LayerRecord) -> Iterator[Moved]:
    yield from _moved(found.model, name, "operator type", was.operator_type, now.operator_type)
    yield from _moved(found.model, name, "MACs", was.macs, now.macs)
    for accelerator in found.accelerators:
        if accelerator in was.prices:
            yield from _prices(found.model, name, accelerator, was.prices[accelerator], now.prices[accelerator])


def _prices(model: str, place: str, accelerator: str, was: Price, now: Price) -> Iterator[Moved]:
    for part, one, other in zip(PARTS, was, now, strict=True):
        yield from _moved(model, place, f"{part} on {accelerator}", one, other)


def _moved(model: str, place: str, what: str, was: Value, now: Value) -> Iterator[Moved]:
    if isinstance(was, int | float) and isinstance(now, int | float):
        same = isclose(was, now, rel_tol=CLOSE)
    else:
        same = was == now
    if not same:
        yield Moved(model, place, what, was, now)


def _by_name(layers: Sequence[LayerRecord]) -> Mapping[str, LayerRecord]:
    """Without the ids that their names begin with: one layer more must not rename all that follow."""
    return dict(zip(told_apart(layer.name.partition("_")[2] for layer in layers), layers, strict=True))
