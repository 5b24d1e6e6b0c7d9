"""Python's arithmetic operators by their syntax: what expressions in files are computed with, none of which is run."""

import ast
from collections.abc import Callable, Mapping
from typing import Any

ARITHMETIC: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.FloorDiv: lambda left, right: left // right,
    ast.Mod: lambda left, right: left % right,
    ast.Pow: lambda left, right: left**right,  # complex, of a number below 0
}
