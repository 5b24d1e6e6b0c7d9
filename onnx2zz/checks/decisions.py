"""What only the user can decide, the choices there are, and what each of them costs."""

from collections.abc import Mapping

from onnx2zz.checks.registry import checks

Decisions = Mapping[str, str]
"""Code -> choice."""


def choices() -> dict[str, Mapping[str, str]]:
    """Code -> choice -> what it costs."""
    return {code: check.choices for code, check in checks().items() if check.choices}


def decision_problem(code: str, choice: str) -> str | None:
    """Why `code=choice` is no decision, or None."""
    known = choices()
    if code not in known:
        return f"nothing is to be decided about {code}; decisions: {', '.join(known)}"
    if choice not in known[code]:
        return f"{code} has no choice {choice}; choices: {', '.join(known[code])}"
    return None
