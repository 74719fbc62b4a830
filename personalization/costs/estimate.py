"""What a run will cost, before it starts: from the sizes of what it would send, corrected by past usage."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from courses.formats.personal import PERSONAL
from courses.formats.shapes import FORMATS
from personalization.costs.learning import Learned, learned
from personalization.models.runs import Kind
from personalization.pricing import cost_micro
from personalization.sizes import Size
from personalization.tokens import guided_tokens
from personalization.writers.base import Usage
from personalization.writers.registry import model_of


@dataclass(frozen=True, slots=True)
class Estimate:
    """`model` "" needs no calls. `learned_from`: so many past calls; 0: sizes alone, which say too much."""

    model: str
    usage: Usage
    micro: int
    learned_from: int
    # To be written; None: nobody counted, for they cost nothing.
    texts: int | None = field(default=None, compare=False)

    @property
    def free(self) -> bool:
        return not self.model


def estimate(sizes: Sequence[Size], backend: str, kind: str = Kind.PERSONALIZE) -> Estimate:
    """Of texts that the backend would write with today's model and prices; `sizes` as a preview has them."""
    model = model_of(backend)
    if not model:
        return Estimate("", Usage(), 0, 0)
    past = learned(model, kind) if sizes else Learned()
    usages = [_usage(size, past) for size in sizes]
    usage = Usage(
        sum(part.input_tokens for part in usages),
        sum(part.cached_tokens for part in usages),
        sum(part.output_tokens for part in usages),
    )
    texts = sum(size.texts for size in sizes if size.output_tokens is None)  # the others are condensed
    return Estimate(model, usage, cost_micro(model, usage), past.calls, texts)


def _usage(size: Size, past: Learned) -> Usage:
    given = size.input_tokens * past.input
    cached = min(given, size.cacheable_tokens * (past.input if past.cached is None else past.cached))
    guided = guided_tokens(FORMATS.get(size.format, PERSONAL), size.language)
    answers = size.texts * past.output.get((size.format, size.language), guided)
    if size.output_tokens is not None:
        answers = size.output_tokens
    # What is asked once more finds the same prefix in the cache.
    return Usage(round(given * past.waste), round(cached * past.waste), round(answers * past.waste))
