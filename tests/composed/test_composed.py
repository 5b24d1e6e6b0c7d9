"""Random graphs of views between layers of every family: values, edges and volumes, each by an oracle of its own.

A failure names the seed; `python -m scripts.correctness.composed SEED 1 --shrink` shows the smallest graph with the
same fault.
"""

import pytest

from tests.composed.judge import found

FEW, MANY, TOGETHER = range(200), range(1000, 6000), 25


def parts(seeds: range) -> list[range]:
    return [seeds[begin : begin + TOGETHER] for begin in range(0, len(seeds), TOGETHER)]


def named(seeds: range) -> str:
    return f"{seeds[0]}-{seeds[-1]}"


def held(seeds: range) -> None:
    wrong = [f"seed {seed}: {finding.kind} ({finding.what})" for seed in seeds for finding in found(seed)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seeds", parts(FEW), ids=named)
def test_a_composed_graph_computes_reads_and_weighs_what_it_should(seeds: range) -> None:
    held(seeds)


@pytest.mark.long
@pytest.mark.parametrize("seeds", parts(MANY), ids=named)
def test_thousands_of_them(seeds: range) -> None:
    held(seeds)
