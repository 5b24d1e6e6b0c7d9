"""What comes before the first frame of a pipeline: the weights that stay."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from onnx2zz.system.description import System
from onnx2zz.system.energy import offchip_energy
from onnx2zz.system.network import Route
from onnx2zz.system.plan import Plan
from onnx2zz.system.schedule import Schedule
from onnx2zz.system.transfer_ways import TransferWays


@dataclass(frozen=True)
class Setup:
    """The ways of the transfers, by their number, what they take one after the other, and their pJ."""

    routes: Mapping[int, Route]
    cycles: float
    energy: float

    def before(self, schedule: Schedule) -> Schedule:
        """A frame's schedule with its setup, of which no time is told: it is there at 0."""
        # schedule.json counts it in no total and says that it is there from the start: so it has no time of its own.
        return replace(
            schedule,
            transfers={**schedule.transfers, **dict.fromkeys(self.routes, (0.0, 0.0))},
            routes={**schedule.routes, **self.routes},
        )


def setup(plan: Plan, staying: frozenset[int], system: System) -> Setup:
    """The setup of a plan of which these transfers stay. All go through the off-chip port, so none beside another."""
    all_ways = TransferWays(system)
    ways = {number: all_ways.of(plan.transfers[number]) for number in sorted(staying)}
    energy = sum(
        system.network.energy(route, plan.transfers[number].bits) + offchip_energy(plan.transfers[number], system)
        for number, (route, _) in ways.items()
    )
    return Setup({number: route for number, (route, _) in ways.items()}, sum(c for _, c in ways.values()), energy)
