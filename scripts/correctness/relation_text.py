"""A relation of a workload entry as text: what mutants change and a full evaluation reads, in its own way."""

import re


def parts(relation: str) -> tuple[str, int, str, int, str]:
    """`ix=2*ox+1*fx` as ("ix", 2, "ox", 1, "fx")."""
    match = re.fullmatch(r"(\w+)=(\d+)\*(\w+)\+(\d+)\*(\w+)", relation)
    assert match is not None, f"{relation} is not of the form that onnx2zz writes"
    target, a, first, b, second = match.groups()
    return target, int(a), first, int(b), second
