"""What playing a schedule found, and its JSON."""

from dataclasses import asdict, dataclass

from onnx2zz.files.strict_json import json_text
from onnx2zz.files.tabular import Column, Tabular, TextTable
from onnx2zz.proof.result import NotExecuted
from onnx2zz.system.replay.fault import Fault


@dataclass(frozen=True, repr=False)
class Replay(Tabular):
    """A schedule that was played. Its table has a row for each fault.

    `layers_run`: layers whose tiles were computed; `points`: output elements that were compared with onnxruntime's.
    `not_run`: nodes that claim to be exact and could not be computed; of all others, stand-ins and what only moves
    data, the positions were played.
    """

    model: str
    system: str
    layers: int
    tiles: int
    transfers: int
    frames: int
    layers_run: int
    points: int
    faults: tuple[Fault, ...] = ()
    not_run: tuple[NotExecuted, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the schedule can be carried out and makes what the model makes, all of it computed."""
        return self.complete and not self.faults

    @property
    def complete(self) -> bool:
        """Whether something was computed, and all that could be."""
        return bool(self.faults) or (self.layers_run > 0 and not self.not_run)

    @property
    def summary(self) -> str:
        """What was played, in a sentence."""
        frames = f" of {self.frames} frames" if self.frames > 1 else ""
        played = f"{self.tiles:,} tiles and {self.transfers:,} transfers{frames} played"
        numbers = f"{self.layers_run} of {self.layers} layers computed, {self.points:,} points compared"
        verdict = f"{len(self.faults)} fault{'s' if len(self.faults) > 1 else ''}" if self.faults else "no fault"
        return f"{self.model} on {self.system}: {played}; {numbers}; {verdict}"

    def table(self) -> TextTable:
        columns = (Column("where"), Column("cycle", ",.10g"), Column("what"))
        return TextTable(self.summary, columns, tuple((one.where, one.cycle, one.what) for one in self.faults))


def replay_json(result: Replay) -> str:
    """The JSON of a played schedule."""
    document: dict[str, object] = {
        "model": result.model,
        "system": result.system,
        "layers": result.layers,
        "tiles": result.tiles,
        "transfers": result.transfers,
        "frames": result.frames,
        "layers_run": result.layers_run,
        "points": result.points,
        "not_run": [asdict(node) for node in result.not_run],
        "faults": [asdict(fault) for fault in result.faults],
    }
    return json_text(document, indent=1, ensure_ascii=False) + "\n"
