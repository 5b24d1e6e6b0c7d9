"""Names of layers on a narrow screen: what all have in common goes first, since they differ at the end."""

import re
from collections.abc import Sequence

from onnx2zz.printable import printable

NUMBER = re.compile(r"L\d+_")
"""What each name begins with (emission): it stays, as that is how layers are called in files."""
SEPARATORS = "._/-"
CUT = "…"


def short_names(names: Sequence[str], width: int) -> list[str]:
    """The names in `width` columns. Those that are longer lose the words that all of them begin with, and then as much
    more of their beginning as it takes; a number in front stays."""
    shown = [printable(name) for name in names]
    parts = [_split(name) for name in shown]
    long = [rest for number, rest in parts if len(number) + len(rest) > width]
    common = _words_in_common(long)
    return [
        name if len(name) <= width else _cut(number, rest, common, width)
        for name, (number, rest) in zip(shown, parts, strict=True)
    ]


def _split(name: str) -> tuple[str, str]:
    number = found[0] if (found := NUMBER.match(name)) else ""
    return number, name[len(number) :]


def _words_in_common(rests: Sequence[str]) -> int:
    """How many characters of whole words all begin with; 0 of one name alone."""
    if len(rests) < 2:
        return 0
    ends = 0
    for place, (first, last) in enumerate(zip(min(rests), max(rests), strict=False)):  # of all, in alphabetical order
        if first != last:
            break
        ends = place + 1 if first in SEPARATORS else ends
    return ends


def _cut(number: str, rest: str, common: int, width: int) -> str:
    room = max(width - len(number) - len(CUT), 1)
    # A name that is nothing but what all begin with keeps its end.
    return number + CUT + rest[max(common if common < len(rest) else 0, len(rest) - room) :]
