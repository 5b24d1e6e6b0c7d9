"""What ZigZag's own validators object to in an accelerator, a mapping or a workload, with the place of each objection.

Importing this takes ZigZag's parsers only, which is quick.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from zigzag.parser.accelerator_validator import AcceleratorValidator
from zigzag.parser.mapping_validator import MappingValidator
from zigzag.parser.workload_validator import WorkloadValidator

from onnx2zz.files.document import is_array, is_object

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Objection:
    """`place`: the keys from the root of the file."""

    place: Place
    said: str


def accelerator_objections(data: Any) -> tuple[Objection, ...]:
    """Of its schema and, where that is met, of the checks behind it. `data` is in the port-based format."""
    validator = AcceleratorObjector(data)
    # Schema first: the checks behind it index what the schema promises, and raise KeyError where it is not kept.
    cerberus: Any = validator.validator
    if not cerberus.validate(validator.data):
        return tuple(_placed(cerberus.errors, ()))
    validator.validate()
    return tuple(Objection((), said) for said in validator.said)


def mapping_objections(data: Any) -> tuple[Objection, ...]:
    """Of its schema."""
    return _of_list(MappingValidator, data)


def workload_objections(data: Any) -> tuple[Objection, ...]:
    """Of its schema."""
    return _of_list(WorkloadValidator, data)


class AcceleratorObjector(AcceleratorValidator):
    """ZigZag's validator, which keeps what it would only log."""

    def __init__(self, data: Any):
        super().__init__(data)
        self.said: list[str] = []

    def invalidate(self, extra_msg: str) -> None:
        self.said.append(extra_msg)


def _of_list(kind: Callable[[Any], Any], data: Any) -> tuple[Objection, ...]:
    # By its cerberus object, not by ZigZag's `validate`: that logs the errors as one text and loses their places.
    validator = kind(data)
    validator.validator.validate(validator.data, schema=validator.schema)
    return tuple(_placed(validator.validator.errors, ()))


def _placed(errors: object, place: Place) -> Iterator[Objection]:
    """cerberus nests its errors as the data are nested: key -> [sentence or mapping of the same kind, ...]."""
    if is_object(errors):
        for key, inner in errors.items():
            yield from _placed(inner, (*place, key))
    elif is_array(errors):
        for inner in errors:
            yield from _placed(inner, place)
    else:
        yield Objection(place, str(errors))
