"""The stage that keeps the best evaluation for an objective: ZigZag's, where it has one, else ours.

This module imports zigzag (1-3 s); import it late.
"""

from collections.abc import Generator

from zigzag.cost_model.cost_model import CostModelEvaluation
from zigzag.stages.results import reduce_stages
from zigzag.stages.stage import Stage, StageCallable

from onnx2zz.zigzag.objective import Objective, ObjectiveName, objective


class MinimalObjectiveStage(Stage):
    """Yields, of all evaluations of the stages below, the first whose criteria are the least, as ZigZag's reducers do
    (stages/results/reduce_stages.py:93)."""

    def __init__(
        self, list_of_callables: list[StageCallable], *, search_objective: ObjectiveName, **kwargs: object
    ) -> None:
        super().__init__(list_of_callables, search_objective=search_objective, **kwargs)
        self.objective = objective(search_objective)

    def run(self) -> Generator[tuple[CostModelEvaluation, list[object]], None, None]:
        below = self.list_of_callables[0](self.list_of_callables[1:], **self.kwargs)
        best: tuple[CostModelEvaluation, tuple[float, ...]] | None = None
        for evaluation, _ in below.run():
            assert isinstance(evaluation, CostModelEvaluation)
            criteria = self.objective.criteria(evaluation.energy_total, evaluation.latency_total2)
            if best is None or criteria < best[1]:
                best = evaluation, criteria
        assert best is not None, "a search ends in an error where nothing fits"
        yield best[0], []


def reducer(one: Objective) -> StageCallable:
    """The stage that minimises an objective."""
    return MinimalObjectiveStage if one.reducer is None else getattr(reduce_stages, one.reducer)
