"""The value of a Python expression, found by reading it. Nothing of the file is executed.

Whatever is asked of an `Unknown` is that Unknown: the line that is told of in the end is the one that began it.
"""

import ast
import re
from collections.abc import Callable, Mapping, Sequence

from onnx2zz.conversion.python.calls import call_imported, method_of_built, method_of_plain
from onnx2zz.conversion.python.known_functions import BUILTINS
from onnx2zz.conversion.python.operations import combined, compared, first_unknown, truth_of
from onnx2zz.conversion.python.reading import DEEPEST_CALL, Reading
from onnx2zz.conversion.python.signatures import attribute, items_given
from onnx2zz.conversion.python.values import (
    Built,
    Call,
    Function,
    Imported,
    Scope,
    Unknown,
    forget,
    is_dict,
    is_key,
    is_number,
    is_scalar,
    items_of,
    within_bounds,
)
from onnx2zz.files.document import is_array, is_tuple

FAULTS = (TypeError, ValueError, KeyError, IndexError, ZeroDivisionError, OverflowError, AttributeError)
SHORT_FORMAT = re.compile(r"[-+<>^0,.\d]{0,4}[a-zA-Z%]?")


def value_of(node: ast.expr, scope: Scope, reading: Reading) -> object:
    """What an expression stands for."""
    read = READERS.get(type(node))
    if read is None:
        return Unknown("this expression cannot be followed without running it", node.lineno)
    if not reading.step():
        return Unknown("the file computes for too long to be followed", node.lineno)
    try:
        return within_bounds(read(node, scope, reading), node.lineno)
    except FAULTS as error:
        return Unknown(f"this cannot be computed ({error})", node.lineno)


def _constant(node: ast.Constant, scope: Scope, reading: Reading) -> object:
    return node.value if is_scalar(node.value) else Unknown("no number and no text", node.lineno)


def _name(node: ast.Name, scope: Scope, reading: Reading) -> object:
    try:
        return scope.find(node.id)
    except KeyError:
        known = node.id in BUILTINS
        return Imported(node.id) if known else Unknown(f"`{node.id}` is defined nowhere in this file", node.lineno)


def _items(nodes: Sequence[ast.expr], scope: Scope, reading: Reading) -> list[object]:
    found: list[object] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            value = value_of(node.value, scope, reading)
            items = items_of(value)
            no_list = value if isinstance(value, Unknown) else Unknown("no list", node.lineno)
            found += [no_list] if items is None else items
        else:
            found.append(value_of(node, scope, reading))
    return found


def _list(node: ast.List | ast.Set, scope: Scope, reading: Reading) -> object:
    return _items(node.elts, scope, reading)


def _tuple(node: ast.Tuple, scope: Scope, reading: Reading) -> object:
    return tuple(_items(node.elts, scope, reading))


def _dict(node: ast.Dict, scope: Scope, reading: Reading) -> object:
    found: dict[object, object] = {}
    reading.lines[id(found)] = (found, node.lineno)  # the object is kept, so that no other gets its id
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = value_of(value_node, scope, reading)
        if key_node is None:
            if not is_dict(value):
                return value if isinstance(value, Unknown) else Unknown("no dictionary", node.lineno)
            found |= value
            continue
        key = value_of(key_node, scope, reading)
        if not is_key(key):
            return key if isinstance(key, Unknown) else Unknown("a key that is no number and no text", node.lineno)
        found[key] = value
    return found


def _binary(node: ast.BinOp, scope: Scope, reading: Reading) -> object:
    left, right = value_of(node.left, scope, reading), value_of(node.right, scope, reading)
    return combined(node.op, left, right, node.lineno)


def _unary(node: ast.UnaryOp, scope: Scope, reading: Reading) -> object:
    value = value_of(node.operand, scope, reading)
    if isinstance(node.op, ast.Not):
        truth = truth_of(value)
        return value if truth is None else not truth
    if is_number(value) and isinstance(node.op, ast.USub | ast.UAdd):
        return -value if isinstance(node.op, ast.USub) else +value
    return first_unknown((value,)) or Unknown("this expression cannot be followed without running it", node.lineno)


def _both_or_either(node: ast.BoolOp, scope: Scope, reading: Reading) -> object:
    value: object = None
    for one in node.values:
        value = value_of(one, scope, reading)
        truth = truth_of(value)
        if truth is None or truth == isinstance(node.op, ast.Or):
            return value
    return value


def _comparison(node: ast.Compare, scope: Scope, reading: Reading) -> object:
    left = value_of(node.left, scope, reading)
    for kind, right_node in zip(node.ops, node.comparators, strict=True):
        right = value_of(right_node, scope, reading)
        holds = compared(kind, left, right, node.lineno)
        if holds is not True:
            return holds
        left = right
    return True


def _choice(node: ast.IfExp, scope: Scope, reading: Reading) -> object:
    test = value_of(node.test, scope, reading)
    truth = truth_of(test)
    if truth is None:
        return test if isinstance(test, Unknown) else Unknown("this condition is only known in a run", node.lineno)
    return value_of(node.body if truth else node.orelse, scope, reading)


def _subscript(node: ast.Subscript, scope: Scope, reading: Reading) -> object:
    value = value_of(node.value, scope, reading)
    if isinstance(node.slice, ast.Slice):
        return _sliced(value, node.slice, scope, reading)
    index = value_of(node.slice, scope, reading)
    if unknown := first_unknown((value, index)):
        return unknown
    if is_dict(value) and is_key(index):
        return value[index]
    items = items_of(value)
    if items is not None and isinstance(index, int) and not is_dict(value):
        return items[index]
    return Unknown("this cannot be followed without running it", node.lineno)


def _sliced(value: object, part: ast.Slice, scope: Scope, reading: Reading) -> object:
    ends = [None if end is None else value_of(end, scope, reading) for end in (part.lower, part.upper, part.step)]
    # An end that is left out is known, too: None is no end, and Unknown is none either.
    whole = [end for end in ends if end is None or isinstance(end, int)]
    if len(whole) != len(ends) or not (isinstance(value, str) or is_array(value) or is_tuple(value)):
        return first_unknown((value, *ends)) or Unknown("no list", part.lower.lineno if part.lower else 1)
    return value[slice(*whole)]


def _attribute(node: ast.Attribute, scope: Scope, reading: Reading) -> object:
    value = value_of(node.value, scope, reading)
    if isinstance(value, Imported):
        return Imported(f"{value.name}.{node.attr}")
    if isinstance(value, Built):
        return attribute(value, node.attr, node.lineno)
    if isinstance(value, Unknown):
        return value
    return Unknown(f"`.{node.attr}` is not known without running the file", node.lineno)


def _formatted(node: ast.JoinedStr, scope: Scope, reading: Reading) -> object:
    parts: list[str] = []
    for piece in node.values:
        value = value_of(piece.value, scope, reading) if isinstance(piece, ast.FormattedValue) else _text_of(piece)
        if isinstance(value, Unknown):
            return value
        how = _format_of(piece)
        if not is_scalar(value) or how is None:
            return Unknown("this text is not known without running the file", node.lineno)
        parts.append(format(value, how))
    return "".join(parts)


def _text_of(piece: ast.expr) -> object:
    return piece.value if isinstance(piece, ast.Constant) else None


def _format_of(piece: ast.expr) -> str | None:
    """The format of a piece; None where it is one that could make the text long."""
    spec = piece.format_spec if isinstance(piece, ast.FormattedValue) else None
    if spec is None:
        return ""
    texts = [_text_of(one) for one in spec.values] if isinstance(spec, ast.JoinedStr) else [None]
    whole = "".join(text for text in texts if isinstance(text, str))
    return whole if all(isinstance(text, str) for text in texts) and SHORT_FORMAT.fullmatch(whole) else None


def _comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope, reading: Reading) -> object:
    found: list[object] = []
    trouble = _each(
        node.generators, Scope({}, scope), reading, lambda at: found.append(value_of(node.elt, at, reading))
    )
    return trouble or found


def _dict_comprehension(node: ast.DictComp, scope: Scope, reading: Reading) -> object:
    found: dict[object, object] = {}

    def keep(at: Scope) -> None:
        key = value_of(node.key, at, reading)
        if not is_key(key):
            raise TypeError("a key that is no number and no text")
        found[key] = value_of(node.value, at, reading)

    return _each(node.generators, Scope({}, scope), reading, keep) or found


def _each(
    loops: Sequence[ast.comprehension], scope: Scope, reading: Reading, keep: Callable[[Scope], None]
) -> Unknown | None:
    if not loops:
        keep(scope)
        return None
    loop, *inner = loops
    values = value_of(loop.iter, scope, reading)
    items = items_of(values)
    if items is None:
        return values if isinstance(values, Unknown) else Unknown("nothing to loop over", loop.iter.lineno)
    for item in items:
        if not reading.step():
            return Unknown("the file computes for too long to be followed", loop.iter.lineno)
        assign(loop.target, item, scope, reading)
        truths = [truth_of(value_of(test, scope, reading)) for test in loop.ifs]
        if None in truths:
            return Unknown("this condition is only known in a run", loop.iter.lineno)
        if all(truths) and (trouble := _each(inner, scope, reading, keep)):
            return trouble
    return None


def assign(target: ast.expr, value: object, scope: Scope, reading: Reading) -> None:
    """`target = value`: a name, names in a row, an item, an attribute."""
    if isinstance(target, ast.Name):
        scope.names[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        # `a, b = f()` of a function from outside: each name remembers which, so that CACTI's costs are left to
        # ZigZag.
        items = items_given(value, len(target.elts)) if isinstance(value, Built) else items_of(value)
        if items is None or len(items) != len(target.elts):
            unknown = value if isinstance(value, Unknown) else Unknown("these names get no values", target.lineno)
            items = [unknown] * len(target.elts)
        for one, item in zip(target.elts, items, strict=True):
            assign(one, item, scope, reading)
    elif isinstance(target, ast.Starred):
        assign(target.value, Unknown("a name that takes several values at once", target.lineno), scope, reading)
    elif isinstance(target, ast.Subscript):
        _assign_item(target, value, scope, reading)
    elif isinstance(target, ast.Attribute):
        owner = value_of(target.value, scope, reading)
        # What is set on an object counts from then on as an argument of its class; on anything else nobody asks for
        # it.
        if isinstance(owner, Built):
            owner.named[target.attr] = value


def _assign_item(target: ast.Subscript, value: object, scope: Scope, reading: Reading) -> None:
    owner, key = value_of(target.value, scope, reading), value_of(target.slice, scope, reading)
    if is_array(owner) and isinstance(key, int) and -len(owner) <= key < len(owner):
        owner[key] = value
    elif is_dict(owner) and is_key(key):
        owner.update({key: value})
    else:  # any item may be the one
        forget(owner, first_unknown((key,)) or Unknown("an item that is only known in a run", target.lineno))


def _lambda(node: ast.Lambda, scope: Scope, reading: Reading) -> object:
    return Function(node, scope)


def _call(node: ast.Call, scope: Scope, reading: Reading) -> object:
    positional = tuple(_items(node.args, scope, reading))
    named = _named(node, scope, reading)
    if isinstance(node.func, ast.Attribute):
        owner = value_of(node.func.value, scope, reading)
        call = Call(node.func.attr, positional, named, node.lineno)
        if isinstance(owner, Built):
            return method_of_built(owner, call)
        if not isinstance(owner, Imported | Unknown):
            return method_of_plain(owner, call)
    function = value_of(node.func, scope, reading)
    if isinstance(function, Function):
        return call_function(function, positional, named, node.lineno, reading)
    if isinstance(function, Imported):
        return call_imported(function, positional, named, node.lineno, reading.met)
    return function if isinstance(function, Unknown) else Unknown("this is no function", node.lineno)


def _named(node: ast.Call, scope: Scope, reading: Reading) -> dict[str, object]:
    found: dict[str, object] = {}
    for keyword in node.keywords:
        value = value_of(keyword.value, scope, reading)
        if keyword.arg is not None:
            found[keyword.arg] = value
        elif is_dict(value):
            found |= {str(key): inner for key, inner in value.items()}
        else:
            found["**"] = Unknown("arguments that are only known in a run", node.lineno)
    return found


def call_function(
    function: Function, positional: tuple[object, ...], named: dict[str, object], line: int, reading: Reading
) -> object:
    """What a function of the file returns for these arguments."""
    if reading.depth >= DEEPEST_CALL:
        return Unknown("functions that call one another for too long to be followed", line)
    scope = Scope(_bound(function, positional, named, line, reading), function.scope)
    return reading.deeper(lambda: reading.run_body(function, scope, reading))


def body_of_call(node: ast.Call, scope: Scope, reading: Reading) -> tuple[ast.FunctionDef, Scope] | None:
    """The function of the file that a call is of, with the names that it would begin with."""
    function = value_of(node.func, scope, reading)
    if not isinstance(function, Function) or isinstance(function.definition, ast.Lambda):
        return None
    positional, named = tuple(_items(node.args, scope, reading)), _named(node, scope, reading)
    return function.definition, Scope(_bound(function, positional, named, node.lineno, reading), function.scope)


def _bound(
    function: Function, positional: tuple[object, ...], named: dict[str, object], line: int, reading: Reading
) -> dict[str, object]:
    spec = function.definition.args
    places = [*spec.posonlyargs, *spec.args]
    # Three layers, the later over the earlier: not given, defaults, what the call says. Without the first a parameter
    # would be looked for outside the function.
    found: dict[str, object] = {
        one.arg: Unknown(f"`{one.arg}` is not given", line) for one in (*places, *spec.kwonlyargs)
    }
    if spec.defaults:
        for one, default in zip(places[-len(spec.defaults) :], spec.defaults, strict=True):
            found[one.arg] = value_of(default, function.scope, reading)
    for one, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if default is not None:
            found[one.arg] = value_of(default, function.scope, reading)
    # Too many arguments are for *args; a call that Python would refuse is none of a file that ran.
    found |= dict(zip((one.arg for one in places), positional, strict=False))
    if spec.vararg:
        found[spec.vararg.arg] = positional[len(places) :]
    extra = {name: value for name, value in named.items() if name not in found}
    if spec.kwarg:
        found[spec.kwarg.arg] = {**extra}
    return found | {name: value for name, value in named.items() if name not in extra}


READERS: Mapping[type[ast.expr], Callable[..., object]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _binary,
    ast.BoolOp: _both_or_either,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.DictComp: _dict_comprehension,
    ast.GeneratorExp: _comprehension,
    ast.IfExp: _choice,
    ast.JoinedStr: _formatted,
    ast.Lambda: _lambda,
    ast.List: _list,
    ast.ListComp: _comprehension,
    ast.Name: _name,
    ast.Set: _list,
    ast.SetComp: _comprehension,
    ast.Subscript: _subscript,
    ast.Tuple: _tuple,
    ast.UnaryOp: _unary,
}
"""Kind of expression -> who reads it."""
