"""The line of a file that a sentence is about, with a caret below the place."""

import re

from onnx2zz.printable import printable

WIDEST = 100
"""Characters of a line that are shown."""
WORD = re.compile(r"[^\s:,\[\]{}]+:?")
"""What is pointed at: a key with its colon, or a value."""


def excerpt(text: str, line: int, column: int) -> tuple[str, ...]:
    """The line and the line with the caret; nothing where `text` has no such line, or nothing stands at the column.
    Lines and columns count from 1."""
    lines = text.splitlines()
    if not 1 <= line <= len(lines) or not lines[line - 1][column - 1 :].strip():
        return ()
    source = lines[line - 1].replace("\t", " ")
    start = max(0, column - WIDEST // 2) if len(source) > WIDEST else 0
    before, after = printable(source[start : column - 1]), source[column - 1 : start + WIDEST]
    word = WORD.match(after)
    carets = "^" * max(1, len(printable(word.group())) if word else 1)
    margin = len(str(line))
    return (f"    {line} | {before}{printable(after)}", f"    {' ' * margin} | {' ' * len(before)}{carets}")
