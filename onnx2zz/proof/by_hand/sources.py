"""Whether hand-written layers read what the model's layers read, layers without a partner looked through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onnx2zz.formats.pairing import Pairing
from onnx2zz.formats.workload_entry import EntryLayer
from onnx2zz.ir.workload import PlacedLayer, Workload
from onnx2zz.proof.binding import Difference


@dataclass(frozen=True)
class Edges:
    """Who stands for whom: hand-written ids to the model's, hand-written layers by id, and the model's workload."""

    partners: Mapping[int, int]
    written: Mapping[int, EntryLayer]
    workload: Workload

    @staticmethod
    def of(pairing: Pairing, written: Mapping[int, EntryLayer], workload: Workload) -> "Edges":
        """`written`: the hand-written layers by their place in the file."""
        partners = {written[i].id: j for i, j in pairing.pairs}
        return Edges(partners, {layer.id: layer for layer in written.values()}, workload)

    def differences(self, layer: EntryLayer, placed: PlacedLayer) -> Iterator[Difference]:
        """Operands that another layer feeds than in the model."""
        for operand in ("I", "W"):
            wanted = self._of_model(placed, operand)
            got = self._of_hand(layer, operand)
            # A file may name fewer sources than the model has: `operand_source` has room for one. None at all is
            # another matter.
            if bool(wanted) != bool(got) or not got <= wanted:
                yield Difference(f"operand_source of {operand}", self._names(wanted), self._names(got), "source")

    def _of_model(self, placed: PlacedLayer, operand: str) -> frozenset[int]:
        """The paired layers that feed an operand."""
        found: set[int] = set()
        for source in placed.sources.get(operand, ()):
            if source in self.partners.values():
                found.add(int(source))
            # A layer of the model that nobody wrote down is looked through: its readers may name what lies before it.
            elif isinstance(source, int):
                behind = self.workload.layers[source]
                found |= self._of_model(behind, "I") | self._of_model(behind, "W")
        return frozenset(found)

    def _of_hand(self, layer: EntryLayer, operand: str) -> frozenset[int]:
        """The model's layers that those stand for which a hand-written operand comes from."""
        source = layer.sources.get(operand, layer.id)
        if source == layer.id or source not in self.written:
            return frozenset()
        if source in self.partners:
            return frozenset({self.partners[source]})
        behind = self.written[source]
        return self._of_hand(behind, "I") | self._of_hand(behind, "W")

    def _names(self, layers: frozenset[int]) -> str:
        """Layers as the hand-written file numbers them."""
        numbers = {theirs: mine for mine, theirs in self.partners.items()}
        return ", ".join(str(numbers[layer]) for layer in sorted(layers)) or "none"
