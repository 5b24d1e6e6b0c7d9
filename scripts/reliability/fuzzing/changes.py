"""Changes that keep a file readable, so that what comes after reading is fuzzed too."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias, TypeGuard

import onnx
import yaml

from onnx2zz.files.document import Key, is_array

Place: TypeAlias = tuple[dict[Key, object], Key] | tuple[list[object], int]
"""Of a value: the mapping or the list that has it, and its key or number there."""
INTEGERS = (0, 1, -1, 2, 3, 7, 64, 255, 2**31 - 1, 2**31, 2**40, -(2**31), 2**63 - 1, -(2**63))
NOTHING: list[object] = []
NO_FIELDS: dict[Key, object] = {}
SCALARS: Sequence[object] = (
    *INTEGERS, True, False, None, 0.0, -0.5, 1e308, 1e-320, float("nan"), float("inf"), "", "x", "no", "010", "1e3",
    "2020-13-45", "default", "K", "I", "O", "W", "*", "../x", "a/b", "=1+1", "\x1b[31m", "\u202e", "x" * 5000, 10**400,
    NOTHING, NO_FIELDS, [NOTHING], [NO_FIELDS], {"a": 1}, ["I", "I"],
)  # fmt: skip


def changed_yaml(data: bytes, chance: random.Random, most: int) -> bytes | None:
    """The document with one place replaced, removed, repeated or swapped; None where that is not possible."""
    try:
        document = yaml.load(data, Loader=yaml.CSafeLoader)
        places = list(_places(document))
        for _ in range(chance.randint(1, 3)):
            _change_place(chance.choice(places), chance)
        text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True).encode()
    except (yaml.YAMLError, ValueError, TypeError, IndexError, KeyError, RecursionError, MemoryError):
        return None
    return text if len(text) <= most else None


def _places(data: object) -> Iterator[Place]:
    """Where a document has a value, the document's own mappings and lists first."""
    found: list[tuple[Place, object]] = []
    if is_mutable_mapping(data):
        found += [((data, key), value) for key, value in data.items()]
    elif is_array(data):
        found += [((data, number), value) for number, value in enumerate(data)]
    for place, value in found:
        yield place
        yield from _places(value)


def is_mutable_mapping(value: object) -> TypeGuard[dict[Key, object]]:
    """Whether a value is a mapping as PyYAML makes them."""
    return isinstance(value, dict)


def _change_place(place: Place, chance: random.Random) -> None:
    holder, key = place
    if isinstance(holder, list):
        assert isinstance(key, int), "items of a list have numbers"
        _change_list(holder, key, chance)
    else:
        _change_mapping(holder, key, chance)


def _change_list(holder: list[object], at: int, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            del holder[at]
        case 1:
            holder.insert(at, holder[at])
        case 3:
            other = chance.randrange(len(holder))
            holder[at], holder[other] = holder[other], holder[at]
        case _:
            holder[at] = chance.choice(SCALARS)


def _change_mapping(holder: dict[Key, object], key: Key, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            del holder[key]
        case 2:
            holder[str(chance.choice(SCALARS))] = holder.pop(key)
        case 3:
            other = chance.choice(list(holder))
            holder[key], holder[other] = holder[other], holder[key]
        case _:
            holder[key] = chance.choice(SCALARS)


def changed_model(data: bytes, chance: random.Random, most: int) -> bytes | None:
    """The model with a field of one of its messages changed; None where that is not possible."""
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
        for _ in range(chance.randint(1, 3)):
            _change_message(chance.choice(list(_messages(proto))), chance)
        content = proto.SerializeToString()
    except Exception:
        return None
    return content if len(content) <= most else None


def _messages(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if _repeated(field) else (value,):
                yield from _messages(inner)


def _repeated(field: Any) -> bool:
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED


def _change_message(message: Any, chance: random.Random) -> None:
    fields = [field for field, _ in message.ListFields()] or list(message.DESCRIPTOR.fields)
    if not chance.randrange(4):
        fields = list(message.DESCRIPTOR.fields)
    field = chance.choice(fields)
    if not _repeated(field):
        if field.message_type is None:
            setattr(message, field.name, _value(field, chance))
        else:
            message.ClearField(field.name)
        return
    values = getattr(message, field.name)
    at = chance.randrange(len(values) + 1)
    if at == len(values) or not chance.randrange(4):
        _append(values, field, chance)
    elif not chance.randrange(3):
        del values[at]
    elif field.message_type is None:
        values[at] = _value(field, chance)


def _append(values: Any, field: Any, chance: random.Random) -> None:
    if field.message_type is None:
        values.append(_value(field, chance))
    elif values:
        values.add().CopyFrom(chance.choice(values))
    else:
        values.add()


def _value(field: Any, chance: random.Random) -> Any:
    makers: dict[int, Callable[[], Any]] = {
        field.CPPTYPE_STRING: lambda: _text(field, chance),
        field.CPPTYPE_FLOAT: lambda: chance.choice((0.0, -1.0, 1e38, float("nan"), float("inf"))),
        field.CPPTYPE_DOUBLE: lambda: chance.choice((0.0, -1.0, 1e308, float("nan"))),
        field.CPPTYPE_ENUM: lambda: chance.choice(list(field.enum_type.values_by_number)),
        field.CPPTYPE_INT32: lambda: chance.choice([n for n in INTEGERS if abs(n) < 2**31]),
        field.CPPTYPE_UINT64: lambda: chance.choice([n for n in INTEGERS if n >= 0]),
    }
    return makers.get(field.cpp_type, lambda: chance.choice(INTEGERS))()


OPERATORS = sorted({schema.name for schema in onnx.defs.get_all_schemas()})
TEXTS = (
    "",
    "x",
    "y",
    "w",
    "c",
    "s",
    "../x",
    "/etc/passwd",
    "own",
    "ai.onnx.ml",
    "com.microsoft",
    "\x1b[31m",
    "a" * 999,
)


def _text(field: Any, chance: random.Random) -> str | bytes:
    chosen = chance.choice(OPERATORS if field.name == "op_type" else TEXTS)
    return chosen.encode() if field.type == field.TYPE_BYTES else chosen
