"""How many steps a loop makes that only a run could count, as a user says it (`--steps LOOP=N`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx

from onnx2zz.errors import Problem


@dataclass
class ToldSteps:
    """`given`: by the user, by the loop's name or its first output. `used`: those that a loop took."""

    given: Mapping[str, int] = field(default_factory=dict[str, int])
    used: set[str] = field(default_factory=set[str])

    def of(self, proto: onnx.NodeProto) -> int | None:
        """What is said of a loop; of one in a body wherever that stands."""
        names = (proto.name, *proto.output[:1])
        name = next((name for name in names if name and name in self.given), None)
        if name is None:
            return None
        self.used.add(name)
        return self.given[name]

    def unused(self) -> list[Problem]:
        """What was said of loops that count themselves, or that there are none of."""
        what = "no loop of that name needs to be told: there is none, or the graph counts its steps"
        left = [name for name in self.given if name not in self.used]
        return [Problem(f"--steps {name}={self.given[name]}", what, "leave it out") for name in left]
