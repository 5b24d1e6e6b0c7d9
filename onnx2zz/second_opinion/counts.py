"""Counts of another tool beside ours, layer by layer."""

from dataclasses import dataclass


class CannotSayError(Exception):
    """A layer or an accelerator that a tool cannot say; the text is what is missing."""


@dataclass(frozen=True)
class Count:
    """One count of a layer: the tool's, ZigZag's, and ZigZag's after the rules of docs/physical.md (None: no rule is
    for it). `what` is "cycles", or "words OPERAND read|write MEMORY". `reason` is empty where no rule explains it."""

    what: str
    theirs: float
    zigzag: float
    after_rules: float | None = None
    reason: str = ""

    @property
    def ours(self) -> float:
        """The number that is compared: after the rules where there are any."""
        return self.zigzag if self.after_rules is None else self.after_rules

    @property
    def ratio(self) -> float | None:
        """Ours as a multiple of the tool's; None where the tool counts 0."""
        return self.ours / self.theirs if self.theirs else None


@dataclass(frozen=True)
class LayerOpinion:
    """What a tool says of one layer. `alike`: other layers that are the same, and were not run again. `cannot_say`:
    why there are no counts."""

    layer: str
    alike: tuple[str, ...] = ()
    counts: tuple[Count, ...] = ()
    cannot_say: str = ""


@dataclass(frozen=True)
class Opinion:
    """What a tool says of a network. `version` is empty, and `cannot_say` a sentence, where it did not run at all."""

    tool: str
    version: str = ""
    layers: tuple[LayerOpinion, ...] = ()
    notes: tuple[str, ...] = ()
    cannot_say: str = ""

    @property
    def silent(self) -> bool:
        """Whether there is no count of any layer."""
        return not any(layer.counts for layer in self.layers)
