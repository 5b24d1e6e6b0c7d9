"""What wires would save that the accelerator does not declare, in sentences: for the terminal and the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from onnx2zz.pricing.choice_record import ChoiceRecord, UndeclaredRecord
from onnx2zz.zigzag.objective import Objective

WORTH_A_SENTENCE = 0.001
"""Of the whole network; less than this is in the JSON only."""


@dataclass(frozen=True)
class ChosenLayer:
    """A layer's name, and how its mapping was chosen."""

    name: str
    choice: ChoiceRecord

    @property
    def undeclared(self) -> UndeclaredRecord | None:
        """The better mapping that was refused; results of earlier versions do not tell it."""
        return self.choice.get("undeclared")

    def cost(self, asked: Objective) -> float:
        """Of what is minimised, as chosen; 0 where nothing could be."""
        energy, cycles = self.choice["honest_energy_pj"], self.choice["honest_latency_cycles"]
        return 0.0 if energy is None or cycles is None else asked.value(energy, cycles)

    def saving(self, asked: Objective) -> float:
        """Of what is minimised, if the wires were there."""
        return self.cost(asked) * self.undeclared["saves"] if self.undeclared else 0.0


def undeclared_wires(layers: Sequence[ChosenLayer], accelerator: str, asked: Objective) -> list[str]:
    """What each set of undeclared wires would save at least, the largest saving first; layers that need the same wires
    are added up."""
    groups: dict[frozenset[str], list[ChosenLayer]] = {}
    for layer in layers:
        if layer.undeclared:
            groups.setdefault(frozenset(wire["key"] for wire in layer.undeclared["needs"]), []).append(layer)
    everything = sum(layer.cost(asked) for layer in layers)
    savings = [(sum(layer.saving(asked) for layer in group), group) for group in groups.values()]
    savings.sort(key=lambda pair: -pair[0])
    worth = [(saved / everything, group) for saved, group in savings if saved >= WORTH_A_SENTENCE * everything]
    return [_sentence(share, group, accelerator, asked) for share, group in worth]


def _sentence(share: float, layers: Sequence[ChosenLayer], accelerator: str, asked: Objective) -> str:
    needs = [wire for layer in layers if layer.undeclared for wire in layer.undeclared["needs"]]
    wires, keys = (sorted({wire[part] for wire in needs}) for part in ("what", "key"))
    most = max(layers, key=lambda layer: layer.saving(asked))
    where = most.name if len(layers) == 1 else f"{len(layers)} layers, {most.name} first"
    would = f"{', '.join(wires)} would save at least {share:.1%} of the {asked.of_all} ({where})"
    way = f"say so in {accelerator}.onnx2zz.yaml: interconnect: {{{_together(keys)}}}"
    return f"Refused for wires that are not declared: {would}. If the chip has them, {way}"


def _together(lines: Sequence[str]) -> str:
    """Lines of `interconnect:` as one: of two of the same name YAML would keep the last only."""
    found: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        found.setdefault(name, []).append(value)
    return ", ".join(f"{name}: {_joined(values)}" for name, values in found.items())


def _joined(values: Sequence[str]) -> str:
    """Lists as one list; for `multicast`, mappings of operands to lists as one mapping."""
    inner = [value[1:-1] for value in values]
    return f"{{{_together(inner)}}}" if values[0].startswith("{") else f"[{', '.join(inner)}]"
