"""One run of a sweep on a system of cores."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from onnx2zz import __version__
from onnx2zz.design_space.named_mapping import mapping_document, mapping_name
from onnx2zz.design_space.spec import CHOSEN, OWN, Options, Scheduling
from onnx2zz.design_space.system_design import SystemDesign
from onnx2zz.errors import Problem, noted_in, raise_if_any
from onnx2zz.files.strict_json import json_text
from onnx2zz.files.written_file import Text, write_together
from onnx2zz.formats.shipped_files import Found
from onnx2zz.formats.system_file import unserved
from onnx2zz.pricing.inputs import PricedWorkload
from onnx2zz.pricing.price_cache import key_of
from onnx2zz.pricing.request import MappingSearch
from onnx2zz.pricing.resources import Resources
from onnx2zz.pricing.result import Evaluation, as_json
from onnx2zz.system.evaluation import SystemEvaluation, SystemRequest
from onnx2zz.system.evaluation import run as evaluate
from onnx2zz.system.layer_graph import LayerGraph
from onnx2zz.system.schedule_json import schedule_file
from onnx2zz.system.schedule_options import unlike_cores
from onnx2zz.zigzag.cacti_costs import asking
from onnx2zz.zigzag.cacti_files import cacti_digest
from onnx2zz.zigzag.layer_price import PriceOptions

RESULT, SCHEDULE, COVERAGE = "result.json", "schedule.json", "coverage.json"


@dataclass(frozen=True)
class SystemRun:
    """One evaluation of the sweep on a system. `graph`: the layers of `workload`, and what they read of each other."""

    workload: PricedWorkload
    design: SystemDesign
    options: Options
    scheduling: Scheduling
    graph: LayerGraph = field(compare=False, repr=False)

    @cached_property
    def key(self) -> str:
        """A digest of everything that the numbers depend on, and of the names that they are reported under."""
        covered = self.workload.coverage["layers"] if self.workload.coverage else None
        model = (self.workload.model, list(self.workload.layers), covered)
        own = self.options.mapping in (OWN, *CHOSEN)
        mapping = None if own else mapping_document(self.options.mapping)
        system = (self.design.name, self.design.parameters, self.design.digested)
        cacti = (cacti_digest(),) if any(map(asking, self.design.documents.values())) else ()
        return key_of(("system run", model, system, mapping, self._named_options, self.scheduling, __version__, *cacti))

    @property
    def mapping_name(self) -> str:
        """What tables call the mapping."""
        return mapping_name(self.options.mapping)

    @property
    def _named_options(self) -> tuple[object, ...]:
        asked = self.options
        return asked.opt, asked.lpf_limit, self.mapping_name, asked.precision

    def problems(self, folder: Path) -> Iterator[Problem]:
        """What of the system's files (`SystemDesign.write`) does not fit, as the sweep file has it."""
        found: list[Problem] = []
        with noted_in(found):
            system = self.design.system(folder)
            raise_if_any(unlike_cores(system) if self.scheduling.cores is not None else ())
            named = {told.placed.name: self.graph.operators[told.placed.id] for told in self.graph.layers}
            served = {core.operators for core in system.cores}
            raise_if_any(Problem(str(system.path), what, way_out) for _, what, way_out in unserved(served, named))
        for problem in found:
            yield Problem(self.design.where, f"{self.design.name}: {problem.where}: {problem.what}", problem.way_out)

    def request(self, folder: Path) -> SystemRequest:
        """What is asked for; the system's files lie in `folder`."""
        asked = self.options
        chosen = [MappingSearch(kind=kind) for kind in CHOSEN if kind == asked.mapping]
        named = asked.mapping not in (OWN, *CHOSEN)
        return SystemRequest(
            self.workload,
            self.graph,
            self.design.system(folder),
            Found(Path(asked.mapping).stem, Path(asked.mapping)) if named else None,
            bool(chosen),
            chosen[0] if chosen else MappingSearch(),
            PriceOptions(opt=asked.opt, lpf_limit=asked.lpf_limit),
            schedule=self.scheduling.schedule,
            frames=self.scheduling.frames,
            cores=self.scheduling.cores,
        )

    def evaluated(self, folder: Path, resources: Resources) -> Evaluation:
        """The result, which is written down with its schedule: a schedule takes longer to find again than a price."""
        beside = self.result_file(folder).parent  # and ZigZag's log
        beside.mkdir(parents=True, exist_ok=True)
        found = evaluate(self.request(folder), beside, resources)
        self._write(folder, found)
        return found.evaluation

    def result_file(self, folder: Path) -> Path:
        """Where `evaluated` writes the result; schedule.json lies beside it."""
        return folder / "systems" / self.key[:16] / RESULT

    def _write(self, folder: Path, found: SystemEvaluation) -> None:
        file = self.result_file(folder)
        beside: dict[Path, Text | None] = {file.with_name(COVERAGE): f"{json_text(self.workload.coverage or {})}\n"}
        if found.outcome is not None:
            beside[file.with_name(SCHEDULE)] = schedule_file(found.outcome)
        write_together(file, as_json(found.evaluation), beside)
