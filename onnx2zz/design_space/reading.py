"""Read a sweep file; everything that is wrong with it is said at once, with its line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from onnx2zz.design_space.columns import MINIMISED
from onnx2zz.design_space.columns import NAMES as RUN_NAMES
from onnx2zz.design_space.compiled_model import compiled_model
from onnx2zz.design_space.designs import designs
from onnx2zz.design_space.expression import FUNCTIONS, Number, Value
from onnx2zz.design_space.front import ALL
from onnx2zz.design_space.scheduling_options import KEYS as SCHEDULING
from onnx2zz.design_space.scheduling_options import as_cores, as_schedule, unfit
from onnx2zz.design_space.spec import CHOSEN, OWN, AcceleratorSpec, Axes, FieldExpression, ModelSpec, Spec
from onnx2zz.design_space.template import OLD
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.files.document import is_array, is_object
from onnx2zz.formats.section import Section
from onnx2zz.formats.shipped_files import Found, find_accelerator, find_mapping, find_model, is_there
from onnx2zz.formats.spelling import did_you_mean
from onnx2zz.formats.system_kind import is_system
from onnx2zz.formats.yaml_source import Key, Path_, YamlSource, parse_yaml, read_yaml
from onnx2zz.frontend.binding import Bindings
from onnx2zz.frontend.data_sizes import Place, as_place
from onnx2zz.frontend.sizes import as_shape, as_size
from onnx2zz.lowering.options import INT8, WIDTHS, WORDS, Precision, as_precision, unknown_operands
from onnx2zz.zigzag.objective import NAMES, ObjectiveName

T = TypeVar("T")

DICTIONARY = "the sweep"
"""What a sweep is called that is in no file."""

KEYS = ("models", "accelerators", "options", "pareto")
MODEL_KEYS = ("model", "name", "shape", "dim", "value", "batch", "op_like", "dim_of", "tokens_per_expert", "steps")
ACCELERATOR_KEYS = ("template", "name", "parameters", "set")
OPTION_KEYS = ("opt", "lpf_limit", "mapping", "precision", "locality", *SCHEDULING)
RANGE_KEYS = ("from", "to", "step", "times")
OF_SYSTEMS = ("cores", "interval_cycles", "latency_cycles", "energy_pj")
"""What a front is drawn over where all that is swept over are systems, and nobody says it."""
LARGEST = 1e100
MOST_VALUES = 10_000
RESERVED = frozenset((OLD, *FUNCTIONS, *RUN_NAMES))
"""What a parameter may not be called: expressions and tables have these names already."""


def read_spec(path: Path) -> Spec:
    """The sweep in a file. Names of files in it are looked for beside it. Raises InputError."""
    source = read_yaml(path)
    traps = [Problem(f"{source.path}:{trap.mark.line}", trap.what, trap.way_out) for trap in source.traps]
    if any(trap.fatal for trap in source.traps):
        raise InputError(traps)
    return _Reading(source, path.parent, traps).spec()


def spec_of(document: Mapping[str, object]) -> Spec:
    """The sweep that a dictionary says, as a file would; names of files in it are looked for in the working folder.
    Raises InputError."""
    try:
        text = yaml.safe_dump(dict(document), sort_keys=False)
    except yaml.YAMLError as error:
        what = f"holds what no sweep file can ({error})"
        raise InputError(Problem(DICTIONARY, what, "numbers, texts, lists and dictionaries")) from error
    return _Reading(parse_yaml(text, DICTIONARY), Path(), []).spec()


class _Reading:
    """One file that is being read; problems gather in `whole.problems`."""

    def __init__(self, source: YamlSource, folder: Path, problems: list[Problem]):
        self.source, self.folder = source, folder
        self.whole = Section(source, (), KEYS, problems)

    def spec(self) -> Spec:
        models = tuple(self._items("models", self._model))
        accelerators = tuple(self._items("accelerators", self._accelerator))
        self._object_to_repeated("model", models)
        for model in models:
            if model.name == ALL:
                what = f"a model is called {ALL}, which is what the sums over the models are called"
                self.whole.problems.append(Problem(model.where, what, "give it another `name`"))
        self._object_to_repeated("accelerator", accelerators)
        axes = self._axes()
        systems = [one for one in accelerators if is_system(one.template.path)]
        self._object_to_options(axes, len(systems), len(accelerators))
        pareto = self._pareto(OF_SYSTEMS if len(systems) == len(accelerators) else MINIMISED[:3])
        if self.whole.problems:  # what comes later finds the others' faults: here they are said with the file's
            for one in accelerators:
                with noted_in(self.whole.problems):
                    designs((one,))
            for model in models:
                with noted_in(self.whole.problems):
                    compiled_model(model, WORDS[INT8])
        raise_if_any(dict.fromkeys(self.whole.problems))
        return Spec(self.source.path, models, accelerators, axes, pareto)

    def _at(self, *place: Key) -> object:
        data: Any = self.source.data
        for key in place:
            data = data[key]
        return data

    def _object(self, place: Path_, what: str, way_out: str = "") -> None:
        self.whole.object_to(place, what, way_out)

    def _where(self, place: Path_) -> str:
        return f"{self.source.path}:{self.source.at(*place).line}"

    def _items(self, key: str, read: Callable[[Path_], T | None]) -> Iterator[T]:
        """What `read` makes of each item of a list that must be there."""
        data = self._at(key) if key in self.whole else None
        if not is_array(data) or not data:
            self._object((key,), f"{key} is no list of at least one", f"write `{key}: [NAME, ...]`")
            return
        for number in range(len(data)):
            found = read((key, number))
            if found is not None:
                yield found

    def _found(self, place: Path_, find: Callable[[str], Found]) -> Found | None:
        """A file by its path beside the sweep file, or by name."""
        text = self._at(*place)
        if not isinstance(text, str):
            self._object(place, f"{text!r} is no file or name")
            return None
        try:
            return find(self._beside(text))
        except InputError as error:
            for problem in error.problems:
                self._object(place, f"{problem.where}: {problem.what}", problem.way_out)
            return None

    def _beside(self, text: str) -> str:
        """The path of a file beside the sweep file, if `text` is one."""
        return str(self.folder / text) if is_there(self.folder / text) else text

    def _section(self, place: Path_, known: tuple[str, ...], needed: str) -> Section | None:
        section = Section(self.source, place, known, self.whole.problems)
        return section if section.required(needed) and is_object(self._at(*place)) else None

    def _model(self, place: Path_) -> ModelSpec | None:
        if isinstance(self._at(*place), str):
            found = self._found(place, find_model)
            return found and ModelSpec(found.name, found, Bindings(), self._where(place))
        section = self._section(place, MODEL_KEYS, "model")
        if section is None:
            return None
        found = self._found((*place, "model"), find_model)
        bindings = Bindings(
            shapes=dict(self._named((*place, "shape"), as_shape, "a list of sizes: [1, 3, 224, 224]")),
            dims=dict(self._named((*place, "dim"), as_size, "a size")),
            values=dict(self._named((*place, "value"), _as_number, "a number")),
            batch=self._size(section, "batch"),
            op_like=dict(self._named((*place, "op_like"), _as_operator, "an operator's name")),
            dims_of=dict(self._sizes_of((*place, "dim_of"))),
            tokens_per_expert=self._size(section, "tokens_per_expert"),
            steps=dict(self._named((*place, "steps"), as_size, "a number of steps")),
        )
        return found and ModelSpec(section.text("name") or found.name, found, bindings, self._where(place))

    def _size(self, section: Section, key: str) -> int | None:
        value = section.value(key)
        try:
            return None if value is None else as_size(value)
        except ValueError:
            section.object_to((key,), f"{key} is {value!r}, and a size is needed")
            return None

    def _sizes_of(self, place: Path_) -> Iterator[tuple[Place, int]]:
        for text, size in self._named(place, as_size, "a size"):
            try:
                yield as_place(text), size
            except ValueError as error:
                self._object((*place, text), str(error))

    def _entries(self, place: Path_) -> Mapping[str, object]:
        """The entries of an optional mapping; empty where there is none."""
        parent = self._at(*place[:-1])
        data = parent.get(str(place[-1])) if is_object(parent) else None
        if data is None or is_object(data):
            return data or {}
        self._object(place, f"{place[-1]} is no mapping of names to values")
        return {}

    def _named(self, place: Path_, read: Callable[[object], T], wanted: str) -> Iterator[tuple[str, T]]:
        """The entries of an optional mapping, each read."""
        for name, value in self._entries(place).items():
            try:
                yield str(name), read(value)
            except ValueError:
                self._object((*place, name), f"{place[-1]}.{name} is {value!r}, and {wanted} is needed")

    def _accelerator(self, place: Path_) -> AcceleratorSpec | None:
        where = self._where(place)
        if isinstance(self._at(*place), str):
            found = self._found(place, find_accelerator)
            return found and AcceleratorSpec(found.name, found, where, {})
        section = self._section(place, ACCELERATOR_KEYS, "template")
        if section is None:
            return None
        parameters, settings = dict(self._parameters(place)), tuple(self._settings(place))
        if parameters and not settings:
            self._object((*place, "parameters"), "parameters that nothing is set to", "add `set: {FIELD: EXPRESSION}`")
        found = self._found((*place, "template"), find_accelerator)
        return found and AcceleratorSpec(section.text("name") or found.name, found, where, parameters, settings)

    def _settings(self, place: Path_) -> Iterator[FieldExpression]:
        for name, text in self._named((*place, "set"), _as_expression, "a number or an expression"):
            yield FieldExpression(name, text, self._where((*place, "set", name)))

    def _parameters(self, place: Path_) -> Iterator[tuple[str, Mapping[str, Value]]]:
        place = (*place, "parameters")
        for name, values in self._entries(place).items():
            if not str(name).isidentifier() or name in RESERVED:
                self._object((*place, name), f"{name} cannot be the name of a parameter", "letters, digits and _")
            try:
                yield str(name), alternatives(values)
            except ValueError as error:
                self._object((*place, name), f"{name}: {error}")

    def _object_to_repeated(self, noun: str, named: Sequence[ModelSpec | AcceleratorSpec]) -> None:
        seen: dict[str, str] = {}
        for one in named:
            if one.name in seen:
                what = f"a second {noun} is called {one.name} (the first in {seen[one.name]})"
                self.whole.problems.append(Problem(one.where, what, "give it another `name`"))
            seen.setdefault(one.name, one.where)

    def _axes(self) -> Axes:
        if "options" not in self.whole:
            return Axes()
        section = Section(self.source, ("options",), OPTION_KEYS, self.whole.problems)
        axes = Axes()
        if "opt" in section:
            axes = replace(axes, opt=self._distinct("opt", self._opt))
        if "lpf_limit" in section:
            axes = replace(axes, lpf_limit=self._distinct("lpf_limit", self._limit))
        if "locality" in section:
            axes = replace(axes, locality=self._distinct("locality", self._flag))
        if "mapping" in section:
            axes = replace(axes, mapping=self._distinct("mapping", self._mapping))
        if "schedule" in section:
            axes = replace(axes, schedule=self._distinct("schedule", as_schedule))
        if "frames" in section:
            axes = replace(axes, frames=self._distinct("frames", self._limit))
        if "cores" in section:
            axes = replace(axes, cores=self._distinct("cores", as_cores))
        if "precision" in section:
            axes = replace(axes, precision=dict(self._values("precision", _precision)))
        return axes

    def _distinct(self, key: str, read: Callable[[object], T]) -> tuple[T, ...]:
        return tuple(dict.fromkeys(self._values(key, read)))

    def _values(self, key: str, read: Callable[[object], T]) -> Iterator[T]:
        """One value, or each of a list."""
        data = self._at("options", key)
        values = data if is_array(data) else [data]
        if not values:
            self._object(("options", key), f"options.{key} is empty")
        for number, value in enumerate(values):
            try:
                yield read(value)
            except ValueError as error:
                place = ("options", key, number) if is_array(data) else ("options", key)
                self._object(place, f"options.{key} is {value!r}: {error}")

    def _opt(self, value: object) -> ObjectiveName:
        for name in NAMES:
            if name == value:
                return name
        raise ValueError(f"there are {', '.join(NAMES[:-1])} and {NAMES[-1]}")

    def _limit(self, value: object) -> int:
        size = as_size(value)
        if size < 1:
            raise ValueError("a number above 0 is needed")
        return size

    def _flag(self, value: object) -> bool:
        if not isinstance(value, bool):
            raise ValueError("true or false is needed")
        return value

    def _mapping(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{OWN}, {', '.join(CHOSEN)}, a name or a file is needed")
        if value in (OWN, *CHOSEN):
            return value
        try:
            return str(find_mapping(self._beside(value)).path)
        except InputError as error:
            raise ValueError(str(error)) from error

    def _object_to_options(self, axes: Axes, systems: int, all_of_them: int) -> None:
        """Options that mean nothing on what there is."""
        for key in SCHEDULING if not systems else ():
            if key in self._entries(("options",)):
                self._object(("options", key), f"{key} is of systems of cores, and none is in the sweep")
        if systems and systems == all_of_them and True in axes.locality:
            self._object(("options", "locality"), "locality is of single accelerators, and none is in the sweep")
        for key, problem in unfit(axes):
            self._object(("options", key), problem.what, problem.way_out)

    def _pareto(self, usual: Sequence[str]) -> tuple[str, ...]:
        data = self._at("pareto") if "pareto" in self.whole else list(usual)
        if not is_array(data) or not data:
            self._object(("pareto",), "pareto is no list of columns", f"there are: {', '.join(MINIMISED)}")
            return ()
        for number, name in enumerate(data):
            if name not in MINIMISED:
                what = f"{name} is no column to minimise{did_you_mean(str(name), MINIMISED)}"
                self._object(("pareto", number), what, f"there are: {', '.join(MINIMISED)}")
        return tuple(map(str, data))


def alternatives(values: object) -> Mapping[str, Value]:
    """The alternatives of a parameter by their labels: a number, a list, a range, or named figures.

    Raises ValueError with what is wrong with it.
    """
    if is_object(values) and "from" in values:
        return {_label(value): value for value in _range(values)}
    if is_object(values):
        return {str(label): _figures(label, figures) for label, figures in values.items()}
    found = [_as_number(value) for value in (values if is_array(values) else [values])]
    if not found:
        raise ValueError("no values")
    return {_label(value): value for value in found}


def _label(value: float) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _figures(label: str, figures: object) -> Value:
    if not is_object(figures):
        return _as_number(figures)
    wrong = [name for name in figures if not str(name).isidentifier()]
    if wrong:
        raise ValueError(f"{label} has a figure called {wrong[0]}; letters, digits and _ make a name")
    return {str(name): _as_number(value) for name, value in figures.items()}


def _range(data: Mapping[str, object]) -> Iterator[float]:
    """`{from: 8, to: 64, times: 2}` is 8, 16, 32, 64; `step` adds."""
    unknown = [key for key in data if key not in RANGE_KEYS]
    if unknown or not data.keys() >= {"from", "to"} or ("step" in data) == ("times" in data):
        raise ValueError("a range is {from, to, step} or {from, to, times}")
    first, last, by = (_as_number(data[key]) for key in ("from", "to", "step" if "step" in data else "times"))
    grows = by > 0 if "step" in data else by > 1 and first > 0
    if not grows or last < first:
        raise ValueError("a range grows: a step above 0, or times above 1 from above 0")
    # Each value is worked out from the first and not from the one before, so that roundings do not add up. One may
    # still carry the last value past the end, as 0.1 + 0.1 + 0.1 is above 0.3: hence the slack.
    slack = abs(last) * 1e-12
    for number in range(MOST_VALUES):
        try:
            value = first + number * by if "step" in data else first * by**number
        except OverflowError:
            return
        if value > last + slack:
            return
        yield value
    raise ValueError(f"more than {MOST_VALUES} values")


def _as_number(value: object) -> Number:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:
        raise ValueError(f"{value!r:.60} is no number")
    return value


def _as_expression(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    return str(value)


def _as_operator(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value.removeprefix("ai.onnx.")


def _precision(value: object) -> tuple[str, Precision]:
    """What results call it, and what it is."""
    if isinstance(value, str) and value in WORDS:
        return value, as_precision(value)
    if not is_object(value) or not value or unknown_operands(value):
        raise ValueError(f"{', '.join(WORDS)} or widths like {{W: 4, I: 8}} are needed; there are {', '.join(WIDTHS)}")
    return ",".join(f"{operand}={bits}" for operand, bits in value.items()), as_precision(value)
