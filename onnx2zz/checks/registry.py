"""The table of checks: every file of families/ brings its own."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import get_args

from onnx2zz.checks import families
from onnx2zz.checks.check import Check, Rule
from onnx2zz.checks.context import FileKind

FILES: tuple[FileKind, ...] = get_args(FileKind)


@cache
def checks() -> Mapping[str, Check]:
    """Every check by its code, in the order of their files and of CHECKS in each."""
    found: dict[str, Check] = {}
    for module in pkgutil.iter_modules(families.__path__):
        listed: tuple[Check, ...] = importlib.import_module(f"{families.__name__}.{module.name}").CHECKS
        for check in listed:
            assert check.code not in found, f"{check.code} is listed twice"
            found[check.code] = check
    return found


@cache
def rules() -> Mapping[Rule, frozenset[str]]:
    """Every rule with the codes that it finds, in the order in which a reader wants its findings."""
    codes: dict[Rule, set[str]] = {}
    for check in checks().values():
        for rule in check.rules:
            # One rule may stand in several checks, since one walk finds several causes: it must run once.
            codes.setdefault(rule, set()).add(check.code)
    return {rule: frozenset(codes[rule]) for rule in sorted(codes, key=_place)}


def in_reading_order() -> tuple[Check, ...]:
    """The checks as their first rules find them; behind them those that only ZigZag's own code finds."""
    # Reversed, so that the number that stays is that of the first rule.
    first = {code: number for number, codes in reversed(tuple(enumerate(rules().values()))) for code in codes}
    return tuple(sorted(checks().values(), key=lambda check: first.get(check.code, len(rules()))))


def _place(rule: Rule) -> tuple[int, int]:
    """Rules of any file first, then by the file that they need first."""
    return FILES.index(rule.needs[0]) + 1 if rule.needs else 0, rule.order
