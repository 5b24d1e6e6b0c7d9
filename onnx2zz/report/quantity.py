"""Numbers with the unit in which people read them."""

Units = tuple[tuple[float, str], ...]

ENERGY: Units = ((1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ"), (1.0, "pJ"))
TIME: Units = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
BYTES: Units = ((2.0**33, "GiB"), (2.0**23, "MiB"), (2.0**13, "KiB"), (8.0, "B"), (1.0, "bit"))
AREA: Units = ((1e6, "mm2"), (1.0, "um2"))


def unit_for(value: float, units: Units) -> tuple[float, str]:
    """The largest unit, and its name, that leaves a digit of `value` before the point."""
    return next((unit for unit in units if value >= unit[0]), units[-1])


def quantity(value: float, units: Units) -> str:
    """A value, given in the last of `units`, in the largest one that leaves a digit before the point; at least four
    digits are shown."""
    size, name = unit_for(value, units)
    scaled = value / size
    digits = 0 if scaled >= 1000 else 1 if scaled >= 100 else 2 if scaled >= 10 else 3
    return f"{scaled:,.{digits}f} {name}"


def significant(value: float, digits: int) -> str:
    """A number of `digits` digits, and all of those before the point: `0.0123`, `1.22`, `3,865`."""
    return f"{value:,.0f}" if abs(value) >= 10**digits - 0.5 else f"{value:,.{digits}g}"


def share_told(share: float) -> str:
    """A share in percent, which is never told as nothing: `5.65%`, `0.0017%`."""
    return f"{share:.2%}" if share >= 0.0001 or not share else f"{100 * share:.2g}%"
