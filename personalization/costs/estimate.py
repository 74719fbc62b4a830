"""What a run will cost, before it starts: from the sizes of what it would send, corrected by past usage.

Measured with the fake model, which counts four characters as a token in any language: 1.6 times the cost of a
first run, within 15 % of the later ones. Models whose tokenizer is not known (`tokens.overcounted`) are
estimated too high until five of their calls have ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from courses.formats.personal import PERSONAL
from courses.formats.shapes import FORMATS
from personalization.costs.learning import Factors, Learned, learned
from personalization.models.runs import Kind
from personalization.pricing import cost_micro
from personalization.sizes import Size
from personalization.tokens import likely_tokens, overcounted
from personalization.writers.base import Usage
from personalization.writers.registry import model_of


@dataclass(frozen=True, slots=True)
class Estimate:
    """`model` "" needs no calls. `learned_from`: so many past calls; 0: sizes alone, which say too much
    rather than too little."""

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
    usages = [_usage(size, past, model) for size in sizes]
    usage = Usage(
        sum(part.input_tokens for part in usages),
        sum(part.cached_tokens for part in usages),
        sum(part.output_tokens for part in usages),
    )
    texts = sum(size.texts for size in sizes if size.output_tokens is None)  # the others are condensed
    return Estimate(model, usage, cost_micro(model, usage), past.calls, texts)


def _usage(size: Size, past: Learned, model: str) -> Usage:
    known = past.of(size.format, size.language) if past.calls else None
    factors = known or Factors(1 / overcounted(model, size.language))
    given = size.input_tokens * factors.input
    cached = min(given, size.cacheable_tokens * (factors.input if factors.cached is None else factors.cached))
    likely = likely_tokens(FORMATS.get(size.format, PERSONAL), size.language) * factors.input
    answers = size.texts * past.output.get((size.format, size.language), likely)
    if size.output_tokens is not None:
        answers = size.output_tokens * factors.input
    # What is asked once more finds the same prefix in the cache.
    return Usage(round(given * past.waste), round(cached * past.waste), round(answers * past.waste))
