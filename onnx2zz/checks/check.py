"""A check: one cause of trouble in the files, with all that is known of it.

A file of families/ lists its checks in CHECKS; nothing else has to be told about them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from onnx2zz.checks.context import (
    AcceleratorContext,
    Context,
    FileKind,
    MappingContext,
    SystemContext,
    TripleContext,
    WorkloadContext,
    has_accelerator,
    has_mapping,
    has_system,
    has_workload,
)
from onnx2zz.checks.finding import Finding, Severity
from onnx2zz.files.document import Data, Value

if TYPE_CHECKING:
    from onnx2zz.zigzag.predict import Raised

LAST = 1000
"""The order of a rule whose findings may stand behind all others of the same file."""


@dataclass(frozen=True, eq=False)
class Rule:
    """Looks for one cause, or for several that one walk through a file finds.

    `needs`: the files that must all be given; () where any file is looked at by itself. `order`: where its findings
    stand among those of the rules that need the same first file.
    """

    needs: tuple[FileKind, ...]
    order: int
    find: Callable[[Context], Iterable[Finding]]


def of_any_file(find: Callable[[Context], Iterable[Finding]], *, order: int = LAST) -> Rule:
    """A rule for whichever files are given."""
    return Rule((), order, find)


def of_system(find: Callable[[SystemContext], Iterable[Finding]], *also: FileKind, order: int = LAST) -> Rule:
    """A rule for a system of cores, and for further files."""

    def asked(context: Context) -> Iterable[Finding]:
        return find(context) if has_system(context) else ()

    return Rule(("system", *also), order, asked)


def of_accelerator(find: Callable[[AcceleratorContext], Iterable[Finding]], *also: FileKind, order: int = LAST) -> Rule:
    """A rule for an accelerator, and for further files."""

    def asked(context: Context) -> Iterable[Finding]:
        return find(context) if has_accelerator(context) else ()

    return Rule(("accelerator", *also), order, asked)


def of_mapping(find: Callable[[MappingContext], Iterable[Finding]], *also: FileKind, order: int = LAST) -> Rule:
    """A rule for a mapping, and for further files."""

    def asked(context: Context) -> Iterable[Finding]:
        return find(context) if has_mapping(context) else ()

    return Rule(("mapping", *also), order, asked)


def of_workload(find: Callable[[WorkloadContext], Iterable[Finding]], *also: FileKind, order: int = LAST) -> Rule:
    """A rule for a workload, and for further files."""

    def asked(context: Context) -> Iterable[Finding]:
        return find(context) if has_workload(context) else ()

    return Rule(("workload", *also), order, asked)


@dataclass(frozen=True)
class Predicts:
    """An exception of ZigZag that a check's cause can stand behind.

    It is known by `words` of its text (where several fit, the longest do), or else by the `stage` at which it is raised
    (zigzag.predict.Raised). `likeliest`: the check that is blamed where no rule has found any cause.
    """

    words: str = ""
    stage: str = ""
    likeliest: bool = False

    def __post_init__(self) -> None:
        assert bool(self.words) != bool(self.stage), "an exception is known by its words or by its stage"


@dataclass(frozen=True, eq=False)
class AcceleratorRepair:
    """A repair of an accelerator's data. Those of all checks run in their `order`, each on what the last one gave.

    `choices`: what the user can decide (`--decide CODE=CHOICE`) and what each choice costs; without any, the repair is
    made unasked and its choice is "". `port_based`: it takes the port-based format only.
    """

    order: int
    apply: Callable[[Context, Data, str], Data]
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    port_based: bool = True


@dataclass(frozen=True, eq=False)
class MappingRepair:
    """A repair of a mapping's entries. Those of all checks run in their `order`; the context has the files as they were
    given, so that a repair that renames what another file names too does the same there."""

    order: int
    apply: Callable[[Context, list[Value]], list[Value]]


@dataclass(frozen=True, eq=False)
class WorkloadRepair:
    """A repair of a workload's entries. Those of all checks run in their `order`, with the context of what the last one
    gave."""

    order: int
    apply: Callable[[Context, list[Value]], list[Value]]


Repair: TypeAlias = AcceleratorRepair | MappingRepair | WorkloadRepair


@dataclass(frozen=True, eq=False)
class Check:
    """One code of `onnx2zz check`.

    `severity`: the gravest that its rules give; on all three files the verdict has the last word. `meaning`, `zigzag`
    and `way_out`: what is wrong, what ZigZag does and what cures it, for `check --explain` and the page.

    `rules` find it in the files. `asks_zigzag` finds in the files, by ZigZag's own code, what the findings so far do
    not name. `exceptions` are those that it explains. `from_exception` makes its finding of one of them that no finding
    explains; None where it is not the cause.
    """

    code: str
    severity: Severity
    meaning: str
    zigzag: str
    way_out: str
    rules: tuple[Rule, ...] = ()
    asks_zigzag: Callable[[Context, tuple[Finding, ...]], Iterable[Finding]] | None = None
    exceptions: tuple[Predicts, ...] = ()
    from_exception: "Callable[[TripleContext, Raised], Finding | None] | None" = None
    repairs: tuple[Repair, ...] = ()

    def __post_init__(self) -> None:
        assert self.rules or self.asks_zigzag or self.from_exception, f"nothing finds {self.code}"

    @property
    def needs(self) -> tuple[tuple[FileKind, ...], ...]:
        """The sets of files of which any suffices to find it; () is one file of any kind."""
        if self.rules:
            return tuple(dict.fromkeys(rule.needs for rule in self.rules))
        return ((),) if self.asks_zigzag else (("accelerator", "mapping", "workload"),)

    @property
    def choices(self) -> Mapping[str, str]:
        """What the user can decide about its repair, and what each choice costs."""
        decided = [one.choices for one in self.repairs if isinstance(one, AcceleratorRepair) and one.choices]
        return decided[0] if decided else {}
