"""Which tensors tell the tokens of an expert, in a mixture of experts, and how many tokens that are.

A router chooses experts for each token (TopK, ArgMax). What follows makes masks of these numbers (Equal, OneHot,
ScatterElements), takes one expert's part of them and asks where that is not zero (NonZero, Compress), or counts each
expert's tokens and cuts the sorted tokens there (CumSum, Slice, Split). How many an expert gets only a run knows; over
all experts they add up to the choices that were made, whatever the data. So an even split has the total of any, and is
what holds until the user says another number (`--tokens-per-expert`).

Source: the mixtures of transformers (Mixtral, Qwen-MoE, DeepSeek) as torch's exporters write them; Fedus et al.,
"Switch Transformers" (2021), for the even split as what training aims at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import onnx

from onnx2zz.errors import InputError, Problem
from onnx2zz.frontend.expert_marks import Mark, Mask, Router
from onnx2zz.frontend.graph import Tensor
from onnx2zz.ir.experts import ExpertTokens, alike

EVEN = "even split"
GIVEN = "--tokens-per-expert"
COUNTED = "a size given for each"
INTEGERS = frozenset({onnx.TensorProto.INT32, onnx.TensorProto.INT64})


@dataclass
class Routing:
    """`tokens`: of each expert, as the user says. `marks`: of tensors. `split`: of each router, tokens by expert."""

    tokens: int | None = None
    marks: dict[str, Mark] = field(default_factory=dict[str, Mark])
    split: dict[Router, dict[int, int]] = field(default_factory=dict[Router, dict[int, int]])
    told: set[Router] = field(default_factory=set[Router])
    turns: dict[Router, dict[str, int]] = field(default_factory=dict[Router, dict[str, int]])

    def shares(self, router: Router, total: int) -> tuple[int, ...]:
        """How many of so many choices each expert gets: as the user says, else evenly, the first ones one more."""
        if self.tokens is not None:
            return (self.tokens,) * router.experts
        each, more = divmod(total, router.experts)
        return tuple(each + (expert < more) for expert in range(router.experts))

    def places(self, name: str, shape: tuple[int, ...]) -> int | None:
        """In how many of its elements a tensor of that shape is not zero; None where nothing tells. Raises InputError
        where that would be more than it has."""
        mask, elements = self.marks.get(name), prod(shape)
        if not isinstance(mask, Mask):
            return None
        if mask.axis is not None or mask.expert is None:
            # An axis may be longer than there are experts: classes that no router chooses are nowhere.
            length = 1 if mask.axis is None else shape[mask.axis]
            most = elements if mask.axis is None else elements * min(length, mask.router.experts) // (length or 1)
            places = min(most, sum(self.shares(mask.router, mask.total)))
        else:
            places = self.shares(mask.router, mask.total)[mask.expert]
            if places > elements:
                where = f"--tokens-per-expert {places}"
                raise InputError(Problem(where, f"{mask.router.label} has {elements} places for each", "say less"))
            self._note(mask.router, mask.expert, places)
        return elements - places if mask.inverted else places

    def count(self, router: Router, total: int) -> tuple[int, ...]:
        """The tokens of each expert, noted for the result."""
        shares = self.shares(router, total)
        for expert, tokens in enumerate(shares):
            self._note(router, expert, tokens)
        return shares

    def _note(self, router: Router, expert: int, tokens: int) -> None:
        self.split.setdefault(router, {}).setdefault(expert, tokens)

    def overrule(self, name: str, tokens: int) -> None:
        """The user says how many places of a mask are not zero."""
        mask = self.marks.get(name)
        if isinstance(mask, Mask) and mask.expert is not None and not mask.inverted:
            self.split.setdefault(mask.router, {})[mask.expert] = tokens
            self.told.add(mask.router)

    def next_expert(self, router: Router, number: str) -> int:
        """The expert whose number is in a tensor that only a run knows: they come one after the other, each as often as
        that tensor is read."""
        turns = self.turns.setdefault(router, {})
        return turns.setdefault(number, len(turns)) % router.experts

    def counts(self, name: str, tensor: Tensor) -> np.ndarray | None:
        """The value of a tensor that holds how many tokens each expert gets, None if it is no such tensor."""
        mask = self.marks.get(name)
        if not isinstance(mask, Mask) or mask.axis is None or mask.inverted or tensor.type not in INTEGERS:
            return None
        if tensor.shape is None or tensor.elements != mask.router.experts:
            return None
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.type)
        return np.asarray(self.count(mask.router, mask.total)).astype(dtype).reshape(tensor.shape)

    @property
    def experts(self) -> tuple[ExpertTokens, ...]:
        """The tokens of each expert, router by router."""
        return tuple(self._tokens_of(router, by_expert) for router, by_expert in self.split.items())

    def _tokens_of(self, router: Router, by_expert: Mapping[int, int]) -> ExpertTokens:
        tokens = tuple(by_expert.get(expert, 0) for expert in range(router.experts))
        decided = COUNTED if router in self.told else EVEN if self.tokens is None else GIVEN
        return ExpertTokens(router.output, router.label, router.op, tokens, decided)


def told_of_experts(experts: Sequence[ExpertTokens]) -> tuple[str, ...]:
    """What was taken for the tokens of experts where only a run knows them, a sentence for all that are alike."""
    return tuple(_sentence(one) for one in alike([one for one in experts if one.decided == EVEN]))


def _sentence(one: ExpertTokens) -> str:
    what = f"the data decide how many tokens each of {len(one.tokens)} experts gets"
    taken = f"taken: {one.each}, an even split of {sum(one.tokens)} (--tokens-per-expert N says another number)"
    return f"node {one.node}: {what}; {taken}"
