"""What is found for a model, and kept of it: MACs, node statuses, layers and their prices, with the versions."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from onnx2zz.formats.coverage import Coverage, CoveredNode
from onnx2zz.installed import version
from onnx2zz.pricing.result import Evaluation

COMPILING = ("onnx2zz", "onnx")
PRICING = ("onnx2zz", "zigzag-dse")
"""The distributions whose versions stand beside what they made."""

Price = tuple[float | None, float | None]
"""Energy in pJ and latency in cycles; None for a layer that could not be priced."""


@dataclass(frozen=True)
class LayerRecord:
    """One layer, and its price on each accelerator."""

    name: str
    operator_type: str
    macs: int
    prices: Mapping[str, Price]


@dataclass(frozen=True)
class Record:
    """One model. `nodes`: status by node. `made_with`: versions by what they made: "compile", or an accelerator; there
    the mapping as well."""

    model: str
    made_with: Mapping[str, Mapping[str, str]]
    nodes: Mapping[str, str]
    layers: tuple[LayerRecord, ...]

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)

    @property
    def accelerators(self) -> tuple[str, ...]:
        """The accelerators that there are prices for."""
        return tuple(name for name in self.made_with if name != "compile")

    def total(self, accelerator: str) -> tuple[float, float]:
        """The sums over the layers that have a price there."""
        priced = [layer.prices[accelerator] for layer in self.layers]
        return sum(energy or 0 for energy, _ in priced), sum(cycles or 0 for _, cycles in priced)

    def unpriced(self, accelerator: str) -> int:
        """How many layers have no price there, and are not in its total."""
        return sum(None in layer.prices[accelerator] for layer in self.layers)


def record(model: str, coverage: Coverage, evaluations: Sequence[Evaluation] = ()) -> Record:
    """The record of a compiled model (its coverage.json) and its evaluations."""
    names = [_name_of(node) for node in coverage["nodes"]]
    statuses = (node["status"] for node in coverage["nodes"])
    layers = tuple(LayerRecord(one["name"], one["operator_type"], one["macs"], {}) for one in coverage["layers"])
    plain = Record(
        model, {"compile": _versions(COMPILING)}, dict(zip(told_apart(names), statuses, strict=True)), layers
    )
    for evaluation in evaluations:
        prices = [(layer.energy_pj, layer.latency_cycles) for layer in evaluation.layers]
        made_with = {**_versions(PRICING), "mapping": evaluation.mapping or ""}
        plain = with_prices(plain, evaluation.accelerator, made_with, prices)
    return plain


def _name_of(node: CoveredNode) -> str:
    """A node of coverage.json by its name, else its first output, else its operator."""
    return node["node"] or next(filter(None, node["outputs"]), node["op"])


def with_prices(of: Record, accelerator: str, versions: Mapping[str, str], prices: Sequence[Price]) -> Record:
    """The record with each layer's price on one more accelerator."""
    layers = tuple(
        replace(layer, prices={**layer.prices, accelerator: price})
        for layer, price in zip(of.layers, prices, strict=True)
    )
    return replace(of, made_with={**of.made_with, accelerator: versions}, layers=layers)


def kept_with(found: Record, golden: Record) -> Record:
    """`found`, with the golden prices on accelerators that were left out this time, if the layers are the same."""
    if [replace(layer, prices={}) for layer in found.layers] != [replace(layer, prices={}) for layer in golden.layers]:
        return found
    for name in golden.accelerators:
        if name not in found.accelerators:
            found = with_prices(found, name, golden.made_with[name], [layer.prices[name] for layer in golden.layers])
    return found


def told_apart(names: Iterable[str]) -> Iterator[str]:
    """The names, with a number behind each that has been there before."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} #{seen[name]}"


def _versions(distributions: Sequence[str]) -> dict[str, str]:
    return {name: version(name) for name in distributions}
