"""The files of an evaluation: each found by path or name, read, and chosen where there is a choice."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from onnx2zz.api.events import event_inputs, sidecar_of
from onnx2zz.errors import InputError, Problem, noted_in, raise_if_any
from onnx2zz.formats.foreign_keys import foreign_keys
from onnx2zz.formats.shipped_files import (
    MAPPINGS,
    Found,
    choose_mapping,
    find_accelerator,
    find_mapping,
    ours,
    stands_for,
)
from onnx2zz.formats.yaml_source import load_yaml

if TYPE_CHECKING:
    import numpy as np

    from onnx2zz.compiler import Compiled
    from onnx2zz.pricing.inputs import PricedWorkload
    from onnx2zz.pricing.request import ChoiceKind, EvaluationRequest, MappingSearch
    from onnx2zz.sidecar.figures import Sidecar
    from onnx2zz.zigzag.layer_price import PriceOptions, Search

Tell = Callable[[str], None]
FIX = "`onnx2zz check FILE --fix -o DIR` writes the new form"
CHOSEN: "Mapping[str, ChoiceKind]" = {"auto": "auto", "optimal": "optimal"}
"""What asks for a mapping that is chosen; `auto:FILE` for one that starts from FILE."""


@dataclass(frozen=True)
class GivenFiles:
    """What is evaluated. `choice`: how a mapping is to be chosen if one is, and `mapping` is what that starts from.
    `compiled`: the model, where one was compiled; `events`: the values of its inputs that events are counted on."""

    accelerator: Found
    sidecar: "Sidecar | None"
    mapping: Found
    choice: "ChoiceKind | None"
    workload: "PricedWorkload"
    compiled: "Compiled | None"
    events: "Mapping[str, np.ndarray]"

    def request(
        self, options: "PriceOptions", locality: bool, search: "Search", mapping_search: "MappingSearch"
    ) -> "EvaluationRequest":
        """What is asked for with these files; `mapping_search` is for a mapping that is to be chosen. Raises InputError
        for options that there are not, or that do not go together."""
        from onnx2zz.pricing.companion import companion_of
        from onnx2zz.pricing.request import EvaluationRequest
        from onnx2zz.pricing.supplement import Supplement

        chosen = as_asked(mapping_search, self.choice)
        return EvaluationRequest(
            self.workload,
            self.accelerator,
            self.mapping,
            options,
            locality,
            search,
            chosen,
            Supplement(self.sidecar),
            companion=companion_of(self.sidecar, self.accelerator),
        )


def as_asked(search: "MappingSearch", choice: "ChoiceKind | None") -> "MappingSearch | None":
    """How a mapping is chosen, if one is. Raises InputError for what is asked of a choice that there is not."""
    wanted = replace(search, kind=choice or "auto")
    raise_if_any(wanted.problems)
    return wanted if choice else None


def gather(
    accelerator: str,
    mapping: str | None,
    source: "Callable[[], tuple[Compiled | None, PricedWorkload]]",
    events: str | None,
    tell: Tell,
    cacti: bool = True,
    density: Sequence[str] = (),
) -> GivenFiles:
    """The inputs; `source` compiles or reads the workload, `tell` hears what was chosen among names. Without `cacti` an
    accelerator whose costs that program would say is a problem. `density`: what is stated of layers for this run.

    Raises InputError with every independent problem.
    """
    problems: list[Problem] = []
    found = compiled = workload = chosen = sidecar = None
    given: Mapping[str, np.ndarray] = {}
    choice: ChoiceKind | None = None
    with noted_in(problems):
        found = noticed(find_accelerator(accelerator), tell)
        _tell_how_it_is_read(found, tell)
        refuse_cacti(found.path, cacti)
        sidecar = sidecar_of(found)
    with noted_in(problems):
        compiled, workload = source()
        given = event_inputs(events, compiled) if compiled else {}
    with noted_in(problems):
        chosen, choice = _mapping(mapping, found, workload, tell)
    raise_if_any(problems)
    assert found is not None and workload is not None and chosen is not None
    if density:
        sidecar = _with_stated(sidecar, density, found, workload)
    return GivenFiles(found, sidecar, chosen, choice, workload, compiled, given)


def _with_stated(
    sidecar: "Sidecar | None", density: Sequence[str], accelerator: Found, workload: "PricedWorkload"
) -> "Sidecar":
    from onnx2zz.pricing.silicon.density import unknown_layers
    from onnx2zz.sidecar.stated_density import stated_densities, with_densities

    stated = stated_densities(density)
    raise_if_any(
        Problem(
            "--density", f"the network has no layer {name}", "its layers are in workload.yaml, L<id>_ may be left out"
        )
        for name in unknown_layers(workload.layers, stated)
    )
    return with_densities(sidecar, stated, str(accelerator.path))


def refuse_cacti(accelerator: Path, allowed: bool) -> None:
    """Raises InputError for a file that would have CACTI started, where that is not allowed."""
    from onnx2zz.zigzag.cacti_costs import refusals

    raise_if_any(() if allowed else refusals(str(accelerator), load_yaml(accelerator)))


def is_workload(text: str) -> bool:
    """Whether a name is that of a workload file, and not of a model."""
    return Path(text).suffix in (".yaml", ".yml")


def noticed(found: Found, tell: Tell) -> Found:
    """The file, after what must be said about its choice has been said."""
    if found.note:
        tell(f"note: {found.note}")
    return found


def _tell_how_it_is_read(accelerator: Found, tell: Tell) -> None:
    """Says what of an accelerator's file is converted, or left out, for this run."""
    from onnx2zz.formats.accelerator_schema import is_old_schema
    from onnx2zz.formats.allocation import with_joined_allocations

    document, path = load_yaml(accelerator.path), accelerator.path
    found = list(foreign_keys("accelerator", document))
    if is_old_schema(document) or any(one.today for one in found):
        tell(f"{path} is in the format of zigzag-dse up to 3.8.1: converted for this run; {FIX}")
    if with_joined_allocations(document) is not document:
        tell(f"{path} lists the words of an allocation one by one: read as pairs (`I1, tl`) for this run; {FIX}")
    _tell_what_is_left_out(path, [one.key for one in found if not one.today], tell)


def _tell_what_is_left_out(path: Path, keys: Sequence[str], tell: Tell) -> None:
    if keys:
        tell(f"note: {path}: {', '.join(dict.fromkeys(keys))} mean nothing to one accelerator, and are left out")


def _mapping(
    asked: str | None, accelerator: Found | None, workload: "PricedWorkload | None", tell: Tell
) -> "tuple[Found | None, ChoiceKind | None]":
    """The mapping file, and how a mapping is to be chosen, starting from it: if that is asked for, and where nobody
    asks and neither the compiled folder nor this project has one for the accelerator."""
    choice, base = base_of(asked)
    if accelerator is None:
        return find_mapping(base) if base is not None else None, choice
    compiled = None if asked is not None else _compiled_mapping(accelerator, workload)
    if asked is None and compiled is None and accelerator.name not in ours(MAPPINGS):
        choice = "auto"
    chosen = noticed(choose_mapping(base, accelerator, compiled), tell)
    with suppress(InputError):  # whoever reads the mapping says what is wrong with it
        foreign = foreign_keys("mapping", load_yaml(chosen.path))
        _tell_what_is_left_out(chosen.path, [one.key for one in foreign], tell)
    return chosen, choice


def _compiled_mapping(accelerator: Found, workload: "PricedWorkload | None") -> Path | None:
    if workload is None or not stands_for(workload.arch, accelerator):
        return None
    path = Path(workload.file).with_name("mapping.yaml")
    return path if path.is_file() else None


def base_of(asked: str | None) -> "tuple[ChoiceKind | None, str | None]":
    """How a mapping is to be chosen (None: it is not), and the mapping file that it starts from (None: the
    accelerator's own)."""
    kind, colon, base = (asked or "").partition(":")
    if kind in CHOSEN:
        return CHOSEN[kind], base if colon else None
    return None, asked
