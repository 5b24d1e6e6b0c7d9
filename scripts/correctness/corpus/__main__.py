"""Judges ONNX's own operator tests and writes docs/corpus.md. Takes some minutes."""

import sys
from argparse import ArgumentParser

from scripts.correctness.corpus.cases import cases
from scripts.correctness.corpus.judge import judge
from scripts.correctness.corpus.report import page
from scripts.doc_table import DOCS

PAGE = DOCS / "corpus.md"


def main() -> int:
    """The page, and 1 if anything is wrong."""
    ArgumentParser(prog="python -m scripts.correctness.corpus", description=__doc__).parse_args()
    verdicts = [judge(case) for case in cases()]
    wrong = [f"{verdict.case.label}: {problem}" for verdict in verdicts for problem in verdict.problems]
    print("\n".join(wrong or ["nothing is wrong"]))
    PAGE.write_text(page(verdicts), encoding="utf-8")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
