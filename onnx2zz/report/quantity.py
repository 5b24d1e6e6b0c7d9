"""Numbers with the unit in which people read them."""

Units = tuple[tuple[float, str], ...]

ENERGY: Units = ((1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ"), (1.0, "pJ"))
TIME: Units = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
AREA: Units = ((1e6, "mm2"), (1.0, "um2"))


def quantity(value: float, units: Units) -> str:
    """A value, given in the last of `units`, in the largest one that leaves a digit before the point; at least four
    digits are shown."""
    size, name = next((unit for unit in units if value >= unit[0]), units[-1])
    scaled = value / size
    digits = 0 if scaled >= 1000 else 1 if scaled >= 100 else 2 if scaled >= 10 else 3
    return f"{scaled:,.{digits}f} {name}"
