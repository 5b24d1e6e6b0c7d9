"""ZigZag's cerberus validators, with their findings as sentences."""

from collections.abc import Iterator

from onnx2zz.errors import Problem
from onnx2zz.files.document import is_array, is_object

FIELD_FAULTS = {"required field": "missing", "unknown field": "unknown"}


def schema_problems(where: str, errors: object) -> tuple[Problem, ...]:
    """One problem for each place that ZigZag's schema objects to. `errors` is cerberus's nested dict, its keys are
    appended to `where` (`net.yaml: layer 3.loop_sizes.0`); missing and unknown fields of one place go together."""
    said: dict[str, dict[str, list[str]]] = {}
    for keys, objection in _flat(errors, ()):
        fault = FIELD_FAULTS.get(objection)
        place, field = (keys[:-1], keys[-1]) if fault else (keys, "")
        said.setdefault(".".join(place), {}).setdefault(fault or objection, []).append(field)
    return tuple(Problem(f"{where}{place}".rstrip(": "), _sentence(faults)) for place, faults in said.items())


def _sentence(faults: dict[str, list[str]]) -> str:
    return "; ".join(
        f"{fault}: {', '.join(fields)}" if fault in FIELD_FAULTS.values() else fault for fault, fields in faults.items()
    )


def _flat(errors: object, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if is_object(errors):
        for key, inner in errors.items():
            yield from _flat(inner, (*keys, str(key)))
    elif is_array(errors):
        for inner in errors:
            yield from _flat(inner, keys)
    else:
        yield keys, str(errors)
