"""Sizes that only a run knows, as a user gives them (`--dim-of TENSOR:AXIS=N`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.graph import unmarked
from onnx2zz.frontend.told_shapes import Axes

Place = tuple[str, int]
"""A tensor and one of its axes."""


def as_place(text: str) -> Place:
    """TENSOR:AXIS; a name may have colons of its own. Raises ValueError."""
    name, colon, axis = text.rpartition(":")
    if not colon or not name:
        raise ValueError(f"{text!r} is no TENSOR:AXIS")
    return name, int(axis)


@dataclass
class DataSizes:
    """`given`: by the user; of a loop's body a tensor goes by its name there. `used`: those that a tensor took."""

    given: Mapping[Place, int] = field(default_factory=dict[Place, int])
    used: set[Place] = field(default_factory=set[Place])

    def fill(self, name: str, axes: Axes | None) -> tuple[int, ...] | None:
        """The shape of a tensor of which inference knows these axes; None where a size stays open.

        Raises InputError where inference does not even know how many axes there are, and where an axis that it knows
        is given another size.
        """
        given = self._of(name)
        if not given:
            return None
        if axes is None:
            what = "nothing here knows how many axes the tensor has"
            raise InputError(Problem(f"--dim-of {name}:{min(given)}", what, f"say --shape {name}=... instead"))
        sizes = [axis if isinstance(axis, int) else None for axis in axes]
        for axis, size in given.items():
            self._check(name, axis, size, sizes)
            sizes[axis] = size
        known = tuple(size for size in sizes if size is not None)
        return known if len(known) == len(sizes) else None

    def _of(self, name: str) -> dict[int, int]:
        within = name.rpartition("/")[2]
        found = {place: size for place, size in self.given.items() if place[0] in (name, unmarked(name), within)}
        self.used |= found.keys()
        return {axis: size for (_, axis), size in found.items()}

    def _check(self, name: str, axis: int, size: int, sizes: list[int | None]) -> None:
        where = f"--dim-of {name}:{axis}"
        if not -len(sizes) <= axis < len(sizes):
            raise InputError(Problem(where, f"the tensor has {len(sizes)} axes", "they count from 0"))
        if sizes[axis] not in (None, size):
            raise InputError(Problem(where, f"the graph makes it {sizes[axis]}", "leave it out"))

    def unused(self) -> list[Problem]:
        """What was said of tensors whose size no run decides, or that there are none of."""
        return [
            Problem(f"--dim-of {name}:{axis}", "no tensor of that name has a size that data decides", "leave it out")
            for name, axis in self.given.keys() - self.used
        ]
