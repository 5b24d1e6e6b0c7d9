"""Whether a file describes a system of cores."""

import re
from pathlib import Path

SYSTEM = re.compile(r"^cores?\s*:", re.MULTILINE)


def is_system(path: Path) -> bool:
    """Whether a file describes a system and no accelerator: it has `core` or `cores`."""
    try:
        return SYSTEM.search(path.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False
