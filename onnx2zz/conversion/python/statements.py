"""What a Python file has defined when its last line is reached, found by following its statements.

Where a condition is unknown, neither branch is followed: names that one of them sets are Unknown, and calls in them
undecided.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from onnx2zz.conversion.python.expressions import assign, body_of_call, value_of
from onnx2zz.conversion.python.known_functions import CHANGING
from onnx2zz.conversion.python.operations import combined, first_unknown, truth_of
from onnx2zz.conversion.python.reading import DEEPEST_CALL, Reading
from onnx2zz.conversion.python.values import Built, Call, Function, Imported, Scope, Unknown, forget, items_of
from onnx2zz.errors import InputError, Problem
from onnx2zz.files.document import is_array


@dataclass(frozen=True)
class PythonFile:
    """The names that a file defines, and every object of ZigZag's classes that it makes, in their order."""

    path: str
    names: Mapping[str, object]
    built: tuple[Built, ...]
    reading: Reading

    def problem(self, line: int, what: str, way_out: str = "") -> Problem:
        """A fault at a line of the file."""
        return Problem(f"{self.path}:{line}", what, way_out or "write the value itself there")


@dataclass(frozen=True)
class Left:
    """A body was left early: by `return` with a value, by `break` or by `continue`. `maybe`: nobody can say whether."""

    how: str
    value: object = None
    maybe: bool = False


def read_python(path: str, text: str) -> PythonFile:
    """Follow a file. Raises InputError where it is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        problem = Problem(f"{path}:{line}", f"no valid Python: {error}", "correct the syntax at this place")
        raise InputError(problem) from error
    reading = Reading(_run_function)
    scope = Scope({"__file__": Path(path).name, "__name__": Path(path).stem})
    try:
        _run(tree.body, scope, reading)
    except RecursionError as error:
        raise InputError(Problem(path, "nested too deep to be followed", "write the values out")) from error
    return PythonFile(path, scope.names, tuple(reading.met), reading)


def _run_function(function: Function, scope: Scope, reading: Reading) -> object:
    if isinstance(function.definition, ast.Lambda):
        return value_of(function.definition.body, scope, reading)
    left = _run(function.definition.body, scope, reading)
    return left.value if left is not None and left.how == "return" else None


def _run(body: Sequence[ast.stmt], scope: Scope, reading: Reading) -> Left | None:
    for number, statement in enumerate(body, 1):
        if not reading.step():
            return Left("return", Unknown("the file computes for too long to be followed", statement.lineno))
        follow = STATEMENTS.get(type(statement))
        left = follow(statement, scope, reading) if follow else _give_up([statement], scope, reading, statement.lineno)
        if left is not None and left.maybe:
            # What follows runs or not by the same condition. It may itself lead farther out.
            behind = _give_up(body[number:], scope, reading, statement.lineno)
            return min((one for one in (left, behind) if one is not None), key=lambda one: WAYS_OUT.index(one.how))
        if left is not None:
            return left
    return None


def _assign(node: ast.Assign, scope: Scope, reading: Reading) -> None:
    value = value_of(node.value, scope, reading)
    for target in node.targets:
        assign(target, value, scope, reading)


def _annotated(node: ast.AnnAssign, scope: Scope, reading: Reading) -> None:
    if node.value is not None:
        assign(node.target, value_of(node.value, scope, reading), scope, reading)


def _augmented(node: ast.AugAssign, scope: Scope, reading: Reading) -> None:
    old, new = value_of(node.target, scope, reading), value_of(node.value, scope, reading)
    # Of a list `+=` is no new list: other names of it have the items, too.
    if is_array(old) and isinstance(node.op, ast.Add | ast.BitOr):
        items = items_of(new)
        if items is None:
            forget(old, first_unknown((new,)) or Unknown("no list", node.lineno))
        else:
            old += items
    else:
        assign(node.target, combined(node.op, old, new, node.lineno), scope, reading)


def _expression(node: ast.Expr, scope: Scope, reading: Reading) -> None:
    value_of(node.value, scope, reading)


def _return(node: ast.Return, scope: Scope, reading: Reading) -> Left:
    return Left("return", None if node.value is None else value_of(node.value, scope, reading))


def _if(node: ast.If, scope: Scope, reading: Reading) -> Left | None:
    truth = truth_of(value_of(node.test, scope, reading))
    if truth is None:
        return _give_up([*node.body, *node.orelse], scope, reading, node.lineno)
    return _run(node.body if truth else node.orelse, scope, reading)


def _for(node: ast.For, scope: Scope, reading: Reading) -> Left | None:
    items = items_of(value_of(node.iter, scope, reading))
    if items is None:
        return _give_up([node], scope, reading, node.lineno)
    for item in items:
        if not reading.step():
            return _give_up([node], scope, reading, node.lineno)
        assign(node.target, item, scope, reading)
        left = _run(node.body, scope, reading)
        if left is not None and left.how != "continue":
            # Where that is unknown, so is whether the loop goes on.
            again = _give_up([node], scope, reading, node.lineno) if left.maybe else None
            return left if left.how == "return" else again
    return _run(node.orelse, scope, reading)


def _function(node: ast.FunctionDef, scope: Scope, reading: Reading) -> None:
    scope.names[node.name] = Function(node, scope)


def _import(node: ast.Import, scope: Scope, reading: Reading) -> None:
    for one in node.names:
        root = one.name.partition(".")[0]
        scope.names[one.asname or root] = Imported(one.name if one.asname else root)


def _import_from(node: ast.ImportFrom, scope: Scope, reading: Reading) -> None:
    for one in node.names:
        scope.names[one.asname or one.name] = Imported(f"{node.module or ''}.{one.name}")


def _block(node: ast.With | ast.Try, scope: Scope, reading: Reading) -> Left | None:
    return _run([*node.body, *([*node.orelse, *node.finalbody] if isinstance(node, ast.Try) else ())], scope, reading)


def _nothing(node: ast.stmt, scope: Scope, reading: Reading) -> None:
    """Statements without a meaning for the values."""


def _break(node: ast.Break, scope: Scope, reading: Reading) -> Left:
    return Left("break")


def _continue(node: ast.Continue, scope: Scope, reading: Reading) -> Left:
    return Left("continue")


def _give_up(body: Sequence[ast.stmt], scope: Scope, reading: Reading, line: int) -> Left | None:
    """Statements of which nobody can say whether, or how often, they run."""
    unknown = Unknown("what happens here is only known in a run", line)
    for node in (node for statement in body for node in ast.walk(statement)):
        # Either branch may have run: the value before it is as little to be trusted as the one within.
        if isinstance(node, ast.Name | ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            assign(node, unknown, scope, reading)
        elif isinstance(node, ast.FunctionDef):
            scope.names[node.name] = unknown
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = value_of(node.func.value, scope, reading)
            # add_memory under a condition: forgotten, a memory would be lost in silence.
            if isinstance(owner, Built):
                owner.calls.append(Call(node.func.attr, (), {}, node.lineno, undecided=True))
            elif node.func.attr in CHANGING:
                forget(owner, unknown)
        elif isinstance(node, ast.Call) and reading.depth < DEEPEST_CALL and reading.step():
            # A function of the file may add memories to what it is given: its body is no surer than the call.
            called = body_of_call(node, scope, reading)
            if called is not None:
                definition, inside = called
                reading.deeper(partial(_give_up, definition.body, inside, reading, line))
    ways = {way for statement in body for way in _ways_out(statement)}
    return next((Left(way, unknown, maybe=True) for way in WAYS_OUT if way in ways), None)


WAYS_OUT = ("return", "break", "continue")
"""How a body is left, the way that leads farthest out first."""


def _ways_out(node: ast.AST) -> set[str]:
    """The ways out of the body that a statement stands in: of a loop within it only `return` leads there."""
    if isinstance(node, ast.Return | ast.Break | ast.Continue):
        return {type(node).__name__.lower()}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
        return set()
    inner = {way for child in ast.iter_child_nodes(node) for way in _ways_out(child)}
    return inner & {"return"} if isinstance(node, ast.For | ast.While) else inner


STATEMENTS: Mapping[type[ast.stmt], Callable[..., Left | None]] = {
    ast.AnnAssign: _annotated,
    ast.Assert: _nothing,
    ast.Assign: _assign,
    ast.AugAssign: _augmented,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Expr: _expression,
    ast.For: _for,
    ast.FunctionDef: _function,
    ast.Global: _nothing,
    ast.If: _if,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Pass: _nothing,
    ast.Return: _return,
    ast.Try: _block,
    ast.With: _block,
}
"""Kind of statement -> who follows it."""
