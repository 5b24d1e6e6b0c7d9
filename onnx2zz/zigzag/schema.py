"""ZigZag's cerberus validators, with their findings as sentences."""

from collections.abc import Iterator
from typing import Any

from onnx2zz.errors import Problem


def schema_problems(where: str, errors: Any) -> tuple[Problem, ...]:
    """One problem for each place that ZigZag's schema objects to. `errors` is cerberus's nested dict, its keys are
    appended to `where` (`net.yaml: layer 3.loop_sizes.0`)."""
    return tuple(Problem(f"{where}{'.'.join(keys)}", said) for keys, said in _flat(errors, ()))


def _flat(errors: Any, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(errors, dict):
        for key, inner in errors.items():
            yield from _flat(inner, (*keys, str(key)))
    elif isinstance(errors, list):
        for inner in errors:
            yield from _flat(inner, keys)
    else:
        yield keys, str(errors)
