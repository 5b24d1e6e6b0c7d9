"""A Timeloop problem as a layer: each dimension gets ZigZag's word for what it does.

A dimension of outputs and weights is K, of inputs and weights C, of outputs and inputs B (D in a product), of all
three G; two that are added in an index of the inputs are OX and FX, the next two OY and FY.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onnx2zz.errors import Problem
from onnx2zz.files.document import Data, Key, Value, integer, is_list, is_mapping
from onnx2zz.formats.yaml_source import YamlSource

Term = tuple[str, int]
"""A dimension and how far one step of it goes."""

CNN = "cnn-layer"
CNN_DIMENSIONS = ("R", "S", "P", "Q", "C", "K", "N")
CNN_SPACES: Mapping[str, tuple[tuple[tuple[str, str], ...], ...]] = {
    "Weights": ((("C", ""),), (("K", ""),), (("R", ""),), (("S", ""),)),
    "Inputs": (
        *((("N", ""),), (("C", ""),)),
        *((("R", "Wdilation"), ("P", "Wstride")), (("S", "Hdilation"), ("Q", "Hstride"))),
    ),
    "Outputs": ((("N", ""),), (("K", ""),), (("Q", ""),), (("P", ""),)),
}
"""The shape that Timeloop itself calls so: ranks of (dimension, coefficient)."""
AXES = "XYZ"
PRECISION: Data = {"W": 8, "I": 8, "O": 16, "O_final": 8}


@dataclass(frozen=True)
class Space:
    """A tensor of the problem: its ranks, each a sum of terms."""

    name: str
    ranks: tuple[tuple[Term, ...], ...]
    written: bool

    @property
    def dimensions(self) -> frozenset[str]:
        return frozenset(name for rank in self.ranks for name, _ in rank)


@dataclass
class Reader:
    """A problem being read: what is wrong, and what is left out."""

    source: YamlSource
    problems: list[Problem] = field(default_factory=list[Problem])
    notes: list[str] = field(default_factory=list[str])

    def fault(self, place: tuple[Key, ...], what: str, way_out: str) -> None:
        self.problems.append(Problem(f"{self.source.path}:{self.source.at(*place).line}", what, way_out))


@dataclass(frozen=True)
class Layer:
    """The entry of a workload, and what its loops are called in the problem."""

    entry: Data
    loops: Mapping[str, str]
    sizes: Mapping[str, int]

    @property
    def name(self) -> str:
        return str(self.entry["name"])


def read_problem(problem: Data, name: str, reader: Reader) -> Layer | None:
    """The layer of a problem; None where `reader` says what is wrong."""
    shape = problem.get("shape")
    given = problem.get("instance")
    instance = given if is_mapping(given) else problem
    dimensions = _dimensions(shape)
    sizes = {dim: size for dim in dimensions if (size := integer(instance.get(dim))) and size > 0}
    for dim in dimensions:
        if dim not in sizes:
            reader.fault(("problem", "instance"), f"the problem has no size for {dim}", f"give {dim} under instance")
    spaces = [*_spaces(shape, _coefficients(shape, instance), reader)]
    for dim in sorted({dim for space in spaces for dim in space.dimensions} - {*dimensions}):
        reader.fault(("problem", "shape"), f"an index `{dim}` that is no dimension", "list it under dimensions")
    # All that is wrong with sizes and indices is told before roles are looked for: these would only repeat it.
    if reader.problems:
        return None
    outputs = [space for space in spaces if space.written]
    inputs = [space for space in spaces if not space.written]
    if len(outputs) != 1 or len(inputs) != 2:
        what = f"{len(inputs)} tensors are read and {len(outputs)} written, where ZigZag has two and one"
        reader.fault(("problem", "shape"), what, "give a problem of two inputs and one output (read_write: true)")
        return None
    for key in ("densities", "data_densities"):
        if key in instance or key in problem:
            reader.notes.append(f"`{key}` is left out: ZigZag counts all values")
    # Timeloop's tensors have no roles, and ZigZag's I and W are in different memories: names decide where they can.
    data, weights = _which(inputs)
    return _layer(_Problem(name, outputs[0], data, weights, sizes), reader)


def _dimensions(shape: Value) -> tuple[str, ...]:
    listed = shape.get("dimensions") if is_mapping(shape) else None
    return tuple(str(one) for one in listed) if is_list(listed) else CNN_DIMENSIONS


def _coefficients(shape: Value, instance: Data) -> dict[str, int]:
    """Coefficient -> value: the instance's, else the shape's default."""
    # The shape that has a name has its coefficients, too; one that is written out has those that it lists.
    listed = shape.get("coefficients") if is_mapping(shape) else None
    found = {f"{axis}{kind}": 1 for axis in "WH" for kind in ("stride", "dilation")} if not is_mapping(shape) else {}
    for one in listed if is_list(listed) else ():
        if is_mapping(one):
            found[str(one.get("name"))] = integer(one.get("default")) or 1
    return {name: integer(instance.get(name)) or value for name, value in found.items()}


def _spaces(shape: Value, coefficients: Mapping[str, int], reader: Reader) -> Iterator[Space]:
    if not is_mapping(shape):
        for name, ranks in CNN_SPACES.items():
            terms = tuple(tuple((dim, coefficients.get(factor, 1)) for dim, factor in rank) for rank in ranks)
            yield Space(name, terms, name == "Outputs")
        return
    listed = shape.get("data_spaces", shape.get("data-spaces"))
    for number, one in enumerate(listed if is_list(listed) else ()):
        if is_mapping(one):
            place = ("problem", "shape", "data_spaces", number)
            written = one.get("read_write", one.get("read-write")) is True
            ranks = [*_ranks(one.get("projection"), coefficients, place, reader)]
            yield Space(str(one.get("name")), tuple(ranks), written)


def _ranks(
    projection: Value, coefficients: Mapping[str, int], place: tuple[Key, ...], reader: Reader
) -> Iterator[tuple[Term, ...]]:
    """Of `[[[N]], [[R, Wdilation], [P, Wstride]]]` and of `[N] [R*Wdilation + P*Wstride]`."""
    texts = re.findall(r"\[([^\[\]]*)\]", projection) if isinstance(projection, str) else None
    for rank in texts if texts is not None else projection if is_list(projection) else ():
        pieces = rank.split("+") if isinstance(rank, str) else rank if is_list(rank) else ()
        yield tuple(_term(piece, coefficients, place, reader) for piece in pieces)


def _term(piece: Value, coefficients: Mapping[str, int], place: tuple[Key, ...], reader: Reader) -> Term:
    listed = [str(part) for part in piece] if is_list(piece) else []
    dim, *factors = [part.strip() for part in piece.split("*")] if isinstance(piece, str) else listed or [""]
    step = 1
    for factor in factors:
        known = coefficients.get(factor, int(factor) if factor.isdecimal() else 0)
        if not known:
            reader.fault(place, f"a coefficient `{factor}` that the shape does not name", "list it under coefficients")
        step *= known or 1
    return dim, step


def _alone(rank: tuple[Term, ...]) -> str | None:
    """The dimension that an index is, step by step; None for sums and strides."""
    (dim, step), *more = rank or (("", 1),)
    return dim if step == 1 and not more else None


def _which(inputs: Sequence[Space]) -> tuple[Space, Space]:
    """The data and the weights: by name, else the one with sums in its indices is data, else the first."""
    first, second = inputs
    if re.search("weight|filter|kernel", first.name, re.IGNORECASE) or any(len(rank) > 1 for rank in second.ranks):
        return second, first
    return first, second


@dataclass(frozen=True)
class _Problem:
    name: str
    output: Space
    data: Space
    weights: Space
    sizes: Mapping[str, int]


def _layer(problem: _Problem, reader: Reader) -> Layer | None:
    windows = [rank for rank in problem.data.ranks if _alone(rank) is None]
    words: dict[str, str] = {}
    relations: list[str] = []
    indices: dict[tuple[Term, ...], str] = {}
    sizes = dict(problem.sizes)
    for axis, rank in zip(AXES, windows, strict=False):
        outputs = [term for term in rank if term[0] in problem.output.dimensions]
        taps = [term for term in rank if term[0] not in problem.output.dimensions]
        # A relation of ZigZag's joins two loops, one of the output and one that it has not; and a loop is in one
        # relation.
        if len(outputs) != 1 or len(taps) > 1 or outputs[0][0] in words:
            what = f"an index of {problem.data.name} that is no output's step and a filter's"
            reader.fault(("problem", "shape"), what, "give a window of two dimensions")
            return None
        words[outputs[0][0]] = f"O{axis}"
        # A stride without a filter (a 1x1) needs a second loop in its relation all the same: one iteration of it.
        tap = taps[0] if taps else (f"F{axis}", 1)
        sizes.setdefault(tap[0], 1)
        words[tap[0]] = f"F{axis}"
        indices[rank] = f"i{axis.lower()}"
        relations.append(f"i{axis.lower()}={outputs[0][1]}*o{axis.lower()}+{tap[1]}*f{axis.lower()}")
    _name_others(problem, words, bool(windows), reader)
    # Only I has derived indices in ZigZag: what else is a sum would be read as one loop.
    lost = [one.name for one in (problem.output, problem.weights) if None in map(_alone, one.ranks)]
    if lost or len(windows) > len(AXES):
        what = f"sums in the indices of {(lost or [problem.data.name])[0]}"
        reader.fault(("problem", "shape"), what, "write each index by itself, and at most three windows")
    if reader.problems:
        return None
    return Layer(_entry(problem, words, indices, relations, sizes), words, sizes)


def _name_others(problem: _Problem, words: dict[str, str], windows: bool, reader: Reader) -> None:
    roles = {
        (True, True, True): "G",
        (True, True, False): "B" if windows else "D",
        (True, False, True): "K",
        (False, True, True): "C",
    }
    spaces = (problem.output, problem.data, problem.weights)
    for dim in problem.sizes:
        # Windows come first: their dimensions would pass for B and C by the tensors that have them.
        if dim in words:
            continue
        output, data, weights = (dim in space.dimensions for space in spaces)
        word = roles.get((output, data, weights))
        # One of a single tensor only repeats its work; of one iteration it does no harm.
        if word is None and problem.sizes[dim] > 1:
            reader.fault(("problem", "shape"), f"a dimension {dim} of fewer than two tensors", "leave it out")
        # Two dimensions may play the same role (two batches): the second keeps its own name, which ZigZag takes as
        # any loop.
        own = word if word and word not in words.values() else dim.upper()
        if own in words.values() or not re.fullmatch(r"[A-Z]+\d*", own):
            reader.fault(
                ("problem", "shape"),
                f"a dimension {dim}, of which there is a second {word or own}",
                "rename it: letters, digits",
            )
        words[dim] = own


def _entry(
    problem: _Problem,
    words: Mapping[str, str],
    indices: Mapping[tuple[Term, ...], str],
    relations: Sequence[str],
    sizes: Mapping[str, int],
) -> Data:
    def tensor(space: Space) -> str:
        named = [indices.get(rank) or words[_alone(rank) or ""].lower() for rank in space.ranks]
        return "".join(f"[{name}]" for name in named)

    return {
        "id": 0,
        "name": problem.name,
        "operator_type": "Conv" if relations else "Gemm",
        "equation": f"O{tensor(problem.output)}+=I{tensor(problem.data)}*W{tensor(problem.weights)}",
        "dimension_relations": [*relations],
        "loop_dims": [*words.values()],
        "loop_sizes": [sizes[dim] for dim in words],
        "operand_precision": {**PRECISION},
        "operand_source": {"W": 0, "I": 0},
    }
