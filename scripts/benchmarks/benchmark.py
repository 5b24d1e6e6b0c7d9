"""What the benchmarks that keep their figures have in common: cases, a line for each, tables made of the lines."""

import json
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from scripts.benchmarks.processes import adopt_orphans, compile_bytecode
from scripts.doc_table import put_into_page
from scripts.measurements import MEASURED, Measurements

Case = TypeVar("Case", bound=Mapping[str, object])
Line = TypeVar("Line", bound=Mapping[str, object])


def options(name: str, about: str | None) -> ArgumentParser:
    """The parser of a benchmark's command line; `about` is its module's text."""
    return ArgumentParser(
        prog=f"python -m scripts.benchmarks {name}", description=about, formatter_class=RawDescriptionHelpFormatter
    )


@dataclass(frozen=True)
class Benchmark(Generic[Case, Line]):
    """Cases, each of which becomes a line of docs/measured/NAME.jsonl that begins with the case.

    `tables` makes of all lines what stands in `page`, by the name of its place. `falls_short`: whether a new line makes
    the exit code 1.
    """

    name: str
    page: str
    cases: Callable[[Namespace], Iterable[Case]]
    measure: Callable[[Case], Line]
    tables: Callable[[Sequence[Line]], Mapping[str, str]]
    falls_short: Callable[[Line], bool] = lambda _: False

    def main(self, parser: ArgumentParser, arguments: Sequence[str]) -> int:
        """Adds the options that all have, measures what is asked for, or writes the tables."""
        default = MEASURED / f"{self.name}.jsonl"
        parser.add_argument("--into", type=Path, default=default, metavar="FILE", help="not docs/measured")
        parser.add_argument("--resume", action="store_true", help="leave out the cases that the file has")
        parser.add_argument("--table", action="store_true", help=f"measure nothing, write the tables of {self.page}")
        given = parser.parse_args(arguments)
        kept: Measurements[Line] = Measurements(given.into)
        if given.table:
            self._write_tables(kept.lines())
            return 0
        adopt_orphans()
        compile_bytecode()
        short = False
        for case in self.cases(given):
            if given.resume and kept.know(case):
                continue
            line = self.measure(case)
            print(json.dumps(line), flush=True)
            kept.keep(line)
            short |= self.falls_short(line)
        return int(short)

    def _write_tables(self, lines: Sequence[Line]) -> None:
        for name, text in self.tables(lines).items():
            put_into_page(self.page, name, text)
