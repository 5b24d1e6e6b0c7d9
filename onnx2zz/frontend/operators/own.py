"""Operators that other installed packages bring: the entry points of the group `onnx2zz.operators`, each a module.

Imported, such a module registers its lowerings (`@lowers`); its FACTS and KERNELS, if it has them, are what its
operators' shapes, multiply-accumulates and proofs are taken from.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

import numpy as np

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.graph import Node
from onnx2zz.frontend.operators.facts import OperatorFacts

GROUP = "onnx2zz.operators"
Kernel = Callable[[Node, Mapping[str, np.ndarray]], np.ndarray]
"""A node's one output, from the values of its inputs by name."""


@cache
def own_modules() -> tuple[ModuleType, ...]:
    """The modules, loaded. Raises InputError for each that cannot be, and that names an operator which is there."""
    problems: list[Problem] = []
    found: list[ModuleType] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            found.append(_module(entry))
        except Exception as error:  # whatever a module of others does
            what = f"its operators ({entry.value}) cannot be loaded: {type(error).__name__}: {error}"
            package = entry.dist.name if entry.dist else entry.name
            problems.append(Problem(f"package {package}", what, "mend it, or uninstall it"))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _module(entry: EntryPoint) -> ModuleType:
    loaded = entry.load()
    if not isinstance(loaded, ModuleType):
        raise TypeError(f"{entry.value} is no module")
    return loaded


@cache
def own_facts() -> Mapping[str, OperatorFacts]:
    """The facts of their operators, by name."""
    return {facts.name: facts for facts in _listed("FACTS") if isinstance(facts, OperatorFacts)}


@cache
def own_kernels() -> Mapping[str, Kernel]:
    """What computes their operators where onnxruntime does not, by name."""
    kernels: dict[str, Kernel] = {}
    for module in own_modules():
        kernels |= getattr(module, "KERNELS", {})
    return kernels


def _listed(name: str) -> Iterator[object]:
    for module in own_modules():
        yield from getattr(module, name, ())
