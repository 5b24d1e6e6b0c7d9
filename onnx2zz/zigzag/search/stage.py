"""The search as a stage of ZigZag's pipeline."""

import logging
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from zigzag.cost_model.cost_model import CostModelEvaluation, CostModelEvaluationABC
from zigzag.mapping.temporal_mapping import TemporalMapping
from zigzag.opt.loma.engine import NoValidLoopOrderingFoundException
from zigzag.stages.mapping.temporal_mapping_generator_stage import TemporalMappingGeneratorStage

from onnx2zz.zigzag.objective import NAMES

from .objective import Candidate
from .reading import NotCoveredError
from .search import SearchedLayer, temporal_mapping
from .winners import best_orderings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchNote:
    """How one layer under one spatial mapping was searched: by ZigZag itself if `fallback` says why, else vectorised.

    mismatch: our price differed from ZigZag's, which must not happen.
    """

    layer: str
    priced: int
    fallback: str = ""
    mismatch: bool = False


class TemporalSearchStage(TemporalMappingGeneratorStage):
    """Stands wherever ZigZag's TemporalMappingGeneratorStage does, and yields its winners only.

    Of what ZigZag's stage yields for every ordering, this one yields what the reducers above it can keep: the first
    best in latency, energy and EDP, in LOMA's order. Each has been priced by the stages below, ZigZag's own cost model,
    and that price must be ours to the last bit; else ZigZag's own search takes over, with a warning.

    Keyword arguments of its own: `search_objective` (an objective's name) restricts the winners to what one
    reducer needs; `search_notes`, a list, receives a SearchNote for each run. A reducer that is told to keep all others
    (`reduce_minimal_keep_others`) does not pass that on and gets the other winners only: it needs ZigZag's own stage.
    """

    def run(self) -> Generator[tuple[CostModelEvaluationABC, Any], None, None]:
        notes: list[SearchNote] = self.kwargs.get("search_notes", [])
        try:
            results, note = self._search()
        except NotCoveredError as reason:
            results, note = None, SearchNote(self.layer.name, 0, fallback=str(reason))
            logger.info("%s: ZigZag's own temporal search, since %s", self.layer.name, reason)
        notes.append(note)
        # Nothing is yielded before all winners agree: what a reducer above has taken could not be taken back when
        # ZigZag's own search has to run after all.
        yield from super().run() if results is None else results

    def _search(self) -> tuple[list[tuple[CostModelEvaluation, Any]] | None, SearchNote]:
        setting = self._setting()
        objective = self.kwargs.get("search_objective")
        winners = best_orderings(setting, (objective,) if objective else NAMES)
        name = self.layer.name
        if not winners.best:
            raise NoValidLoopOrderingFoundException(f"No loop ordering of layer {name} fits the memories")
        results: list[tuple[CostModelEvaluation, Any]] = []
        # One ordering often wins several objectives, and is evaluated once. In LOMA's order, because reducers keep the
        # first of equals.
        for candidate in sorted(set(winners.best.values()), key=lambda winner: winner.rank):
            for cme, extra in self._evaluate(temporal_mapping(setting, candidate.ordering)):
                if not _agrees(candidate, cme):
                    return None, SearchNote(name, winners.priced, _disagreement(name, candidate, cme), mismatch=True)
                results.append((cme, extra))
        return results, SearchNote(name, winners.priced)

    def _setting(self) -> SearchedLayer:
        return SearchedLayer(
            accelerator=self.accelerator,
            layer=self.layer,
            fractional=self.spatial_mapping,
            integer=self.kwargs["spatial_mapping_int"],
            lpf_limit=self.kwargs.get("loma_lpf_limit"),
            mapping_type=self.mapping_type,
            keeps_at_output=self.kwargs.get("access_same_data_considered_as_no_access", True),
        )

    def _evaluate(self, mapping: TemporalMapping) -> Iterator[tuple[Any, Any]]:
        """What ZigZag's stage does with a mapping (stages/mapping/temporal_mapping_generator_stage.py:42-51)."""
        given = {
            "accelerator": self.accelerator,
            "layer": self.layer,
            "spatial_mapping": self.spatial_mapping,
            "temporal_mapping": mapping,
        }
        for cme, extra in self.list_of_callables[0](self.list_of_callables[1:], **{**self.kwargs, **given}).run():
            yield cme, (mapping, extra)


def _agrees(candidate: Candidate, cme: CostModelEvaluation) -> bool:
    return _same(candidate.energy, cme.energy_total) and _same(candidate.latency, cme.latency_total2)


def _same(ours: float, zigzags: float) -> bool:
    """A cost that is NaN makes both NaN."""
    return ours == zigzags or (ours != ours and zigzags != zigzags)


def _disagreement(layer: str, candidate: Candidate, cme: CostModelEvaluation) -> str:
    reason = (
        f"our price ({candidate.energy} pJ, {candidate.latency} cycles) differs from ZigZag's "
        f"({cme.energy_total} pJ, {cme.latency_total2} cycles)"
    )
    logger.warning("%s: ZigZag's own temporal search takes over: %s. This is a bug of onnx2zz.", layer, reason)
    return reason
