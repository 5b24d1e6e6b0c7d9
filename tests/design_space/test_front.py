"""Pareto fronts against their definition."""

from hypothesis import given
from hypothesis import strategies as st

from onnx2zz.design_space.columns import SUMMED
from onnx2zz.design_space.front import ALL, front, fronts, grouped, summed
from tests.json_values import Document

points = st.lists(st.tuples(*[st.integers(0, 6)] * 3), max_size=25)


@given(points)
def test_the_front_is_what_nothing_dominates(drawn: list[tuple[int, int, int]]) -> None:
    rows = [{"a": a, "b": b, "c": c, "n": n} for n, (a, b, c) in enumerate(drawn)]

    def dominated(row: dict[str, int]) -> bool:
        """Somebody is nowhere worse and somewhere better."""
        return any(all(other[x] <= row[x] for x in "abc") and any(other[x] < row[x] for x in "abc") for other in rows)

    found = front(rows, ("a", "b", "c"))
    assert {row["n"] for row in found} == {row["n"] for row in rows if not dominated(row)}
    assert [row["a"] for row in found] == sorted(row["a"] for row in found)


def test_a_run_without_a_number_is_not_compared() -> None:
    rows = [{"a": None, "b": 0}, {"a": 3, "b": 2}]
    assert front(rows, ("a", "b")) == rows[1:]


HOW = dict.fromkeys(("template", "parameters", "mapping", "opt", "lpf_limit", "precision", "locality"))
COSTS = dict.fromkeys(name for name in SUMMED if name not in ("energy_pj", "latency_cycles"))


def run(model: str, accelerator: str, energy: float | None, cycles: float | None) -> Document:
    return {"model": model, "accelerator": accelerator, "area": 5, **HOW, **COSTS} | {
        "energy_pj": energy,
        "latency_cycles": cycles,
    }


def test_models_are_added_up_where_all_have_a_run() -> None:
    rows = [run("x", "one", 3, 10), run("y", "one", 4, 20), run("x", "two", 9, None), run("y", "two", 1, 1)]
    rows += [run("x", "three", 1, 1)]
    assert [(r["accelerator"], r["energy_pj"], r["latency_cycles"]) for r in summed(rows, 2)] == [
        ("one", 7, 30),
        ("two", 10, None),
    ]
    assert [row["accelerator"] for row in fronts(grouped(rows), ("energy_pj", "latency_cycles"))[ALL]] == ["one"]
    assert ALL not in fronts(grouped(rows[:1]), ("energy_pj",))
