"""What calls give of functions, methods and classes that are not of the file.

Python's own that are known are called; a class from outside makes an object that remembers what it was called with.
"""

from onnx2zz.conversion.python.known_functions import BUILTINS, CHANGING, METHODS, OF_MODULES
from onnx2zz.conversion.python.operations import first_unknown
from onnx2zz.conversion.python.signatures import CLASSES, is_foreign
from onnx2zz.conversion.python.values import Built, Call, Imported, Unknown, forget, is_dict, items_of
from onnx2zz.files.document import is_array


def method_of_built(owner: Built, call: Call) -> object:
    """Remember what was done to an object from outside the file."""
    owner.calls.append(call)
    return Unknown(f"what `{call.method}` of {owner.kind} gives is only known in a run", call.line)


def method_of_plain(owner: object, call: Call) -> object:
    """A method of a text, a list or a dictionary."""
    method, positional = call.method, call.positional
    if not _can_follow(owner, call):
        unknown = first_unknown(positional[:1]) or Unknown(f"`.{method}()` cannot be followed", call.line)
        if method in CHANGING:
            forget(owner, unknown)
        return unknown
    # A list may hold what is unknown, and keeps it; a text made of it would hide it.
    if isinstance(owner, str) and (unknown := first_unknown(positional)):
        return unknown
    # Sets are lists here: these two are the only methods that a list has not.
    if is_array(owner) and method in ("add", "update"):
        owner += positional if method == "add" else [item for one in positional for item in items_of(one) or ()]
        return None
    # As lists, since Python's views are none of the values that are known here (`items_of`).
    if is_dict(owner) and method in ("keys", "values", "items"):
        return {"keys": [*owner], "values": [*owner.values()], "items": [*owner.items()]}[method]
    result: object = getattr(owner, method)(*positional, **call.named)
    return result


def _can_follow(owner: object, call: Call) -> bool:
    """Whether a method does the same to a value here as in a run. What is only stored may be unknown."""
    if call.method not in METHODS.get(type(owner), ()):
        return False
    if call.named and not (is_dict(owner) and call.method == "update"):
        return False
    if call.method in ("extend", "update"):
        return all(items_of(one) is not None for one in call.positional)
    # An unknown key would pass for one that is not there: `get` would give None.
    return call.method in ("append", "add") or not any(
        isinstance(k, Unknown) or is_foreign(k) for k in call.positional[:1]
    )


def call_imported(
    function: Imported, positional: tuple[object, ...], named: dict[str, object], line: int, met: list[Built]
) -> object:
    """A function or class from outside the file; objects of hardware are added to `met`."""
    known = BUILTINS.get(function.name) or OF_MODULES.get(function.name)
    if function.name == "dict" and named:
        return {**dict(_items_of_dict(positional)), **named}
    if known is not None:
        if unknown := first_unknown(positional):
            return unknown
        # `strict` only asks whether lengths differ; any other name (`reverse`, `key`, `start`) changes what comes out.
        if named.keys() - {"strict"}:
            return Unknown(f"`{function.last}` with {min(named)}= cannot be followed", line)
        return known(*positional)
    built = Built(function.last, positional, named, line)
    if function.last in CLASSES:
        met.append(built)
    return built


def _items_of_dict(positional: tuple[object, ...]) -> dict[object, object]:
    return positional[0] if positional and is_dict(positional[0]) else {}
