"""Foreign text on a terminal: names come out of files, and must neither steer the terminal nor flood it."""


def printable(text: str, longest: int = 1000) -> str:
    """The text on one line: control characters (line ends, escape sequences, changes of direction) as escapes, and
    without its middle where it is longer than `longest`."""
    shown = text if text.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in text)
    return shortened(shown, longest)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def shortened(text: str, width: int) -> str:
    """The text without its middle where it is longer than `width`."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return text[: width - 1 - tail] + "…" + text[len(text) - tail :]
