"""Judges ONNX's own operator tests and writes docs/corpus.md. Takes some minutes.

python scripts/operator_corpus.py
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.corpus.cases import cases
from scripts.corpus.judge import judge
from scripts.corpus.report import page

PAGE = Path(__file__).parents[1] / "docs/corpus.md"


def main() -> int:
    """The page, and 1 if anything is wrong."""
    verdicts = [judge(case) for case in cases()]
    wrong = [f"{verdict.case.label}: {problem}" for verdict in verdicts for problem in verdict.problems]
    print("\n".join(wrong or ["nothing is wrong"]))
    PAGE.write_text(page(verdicts), encoding="utf-8")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
