"""A schedule that layers run by one after the other, and what it came from."""

from collections.abc import Mapping
from dataclasses import dataclass

from onnx2zz.pricing.schedule_kind import ScheduleKind
from onnx2zz.pricing.system_result import StackUse
from onnx2zz.system.candidate import Candidate
from onnx2zz.system.schedule import Schedule
from onnx2zz.system.tiling import Tiling


@dataclass(frozen=True)
class Best:
    """The best schedule, with the tilings that it came from and how many were tried."""

    schedule: Schedule
    tilings: Mapping[int, Candidate]
    latency: float
    energy: float
    tried: int

    @property
    def kind(self) -> ScheduleKind:
        return "layers"

    @property
    def stacks(self) -> tuple[StackUse, ...]:
        """None: each layer is one by itself."""
        return ()

    @property
    def shared_out(self) -> dict[int, Tiling]:
        """How each layer is shared out."""
        return {layer: candidate.tiling for layer, candidate in self.tilings.items()}

    @property
    def jobs(self) -> int:
        """Tiles and transfers."""
        return len(self.schedule.tiles) + len(self.schedule.transfers)

    @property
    def spills(self) -> bool:
        """Whether any output goes off the chip to come back."""
        return any(transfer.after is not None for transfer in self.schedule.plan.transfers)
