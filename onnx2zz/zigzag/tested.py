"""Which ZigZag our numbers were compared with."""

from onnx2zz.installed import version

TESTED = ("3.9.1",)


def doubt_about(installed: str) -> str | None:
    """What a ZigZag that we have not tested means; None for one that we have."""
    if installed in TESTED:
        return None
    return (
        f"ZigZag {installed} is installed, and onnx2zz was tested with {' and '.join(TESTED)}: prices are what this "
        "ZigZag says of the order of loops that our search finds; compare with its own search by --paranoid"
    )


def doubt() -> str | None:
    """The same of the ZigZag that is installed."""
    return doubt_about(version("zigzag-dse"))
