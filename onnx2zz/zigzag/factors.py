"""The prime factors and divisors that ZigZag asks sympy for, of whole numbers from 1 on, in sympy's order and form."""


def factorint(number: int) -> dict[int, int]:
    """Each prime factor, the smallest first, and how often it is one; none of 1 (sympy.ntheory.factorint)."""
    found: dict[int, int] = {}
    # Trial division does: loops of layers are small, and sympy takes longer to import than all of them to factor.
    left, factor = int(number), 2
    while factor * factor <= left:
        while left % factor == 0:
            found[factor] = found.get(factor, 0) + 1
            left //= factor
        factor += 1 if factor == 2 else 2
    return {**found, left: 1} if left > 1 else found


def primefactors(number: int) -> list[int]:
    """The prime factors, each once, the smallest first (sympy.primefactors)."""
    return list(factorint(number))


def divisors(number: int) -> list[int]:
    """All divisors, the smallest first (sympy.divisors)."""
    found = [1]
    for prime, times in factorint(number).items():
        found = [divisor * prime**power for divisor in found for power in range(times + 1)]
    return sorted(found)
