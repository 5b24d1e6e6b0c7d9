"""Whether what is printed has colours."""

from collections.abc import Mapping


def asked_for(environment: Mapping[str, str]) -> bool | None:
    """What the environment says: NO_COLOR (no-color.org) before FORCE_COLOR (force-color.org), and none in the log of a
    CI system. None: colours on a terminal, and not in pipes and files. An empty variable says nothing."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return False if environment.get("CI") else None
