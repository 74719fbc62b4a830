"""The parts of a source for a model's window, and how its condensed text is put together."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from personalization.condensing.division import divided
from personalization.condensing.facts import completed
from personalization.errors import Permanent
from personalization.tokens import estimated_tokens
from personalization.windows import Window

FILLED = 0.7  # of the room: what the check appends takes some, and no model keeps to a length
LARGEST_PART = 8_000  # tokens; of longer texts models forget the middle
RULES_TOKENS = 1_500  # of the request beside the part: rules, titles, schema, and what was wrong before
TWICE = 2  # an answer may be twice as long as it was asked to be before it is cut
SMALLEST_SHARE = 0.02  # of the source; nothing can be told in less

TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a source. `characters`: about how long its condensed text should be; `tokens`: at most.
    `before`: how long it was the first time, which was too long; 0: it is asked for the first time.

    `key`: the same part, to be condensed as much, has the same one, so that what was paid for is found again.
    """

    text: str
    number: int
    of: int
    characters: int
    tokens: int
    before: int = 0

    @property
    def key(self) -> str:
        asked = f"{self.characters}\x1f{self.text}"
        return hashlib.md5(asked.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts of one source; `room` is what the whole must fit into. `again`: what was too long of them
    is asked for a second time, and no third."""

    parts: tuple[Part, ...]
    room: int
    again: bool = False

    @property
    def answer_tokens(self) -> int:
        """Most tokens of an answer, the same for all parts."""
        return max(part.tokens for part in self.parts)


def is_too_long(tokens: int, window: Window) -> bool:
    """Whether a source of so many tokens has to be condensed for this window."""
    return tokens > window.room


@lru_cache(maxsize=64)  # each item of the lesson asks, and it takes milliseconds
def plan_of(source: str, window: Window) -> Plan:
    """The parts, the same whenever it is asked; Permanent (`too_long`) where so little would be left of the
    source that no text could be written from it."""
    total = estimated_tokens(source)
    share = FILLED * window.room / total
    if share < SMALLEST_SHARE:
        raise too_long(window.room, total)
    texts = divided(source, part_tokens(share, window), estimated_tokens)
    tokens = [estimated_tokens(text) for text in texts]
    parts = [
        Part(text, number, len(texts), max(1, round(len(text) * share)), max(1, round(TWICE * size * share)))
        for number, (text, size) in enumerate(zip(texts, tokens, strict=True), start=1)
    ]
    return Plan(tuple(parts), window.room)


def part_tokens(share: float, window: Window) -> int:
    """Of one part: its request fits into the window, and its answer into what is kept for one."""
    given = window.tokens - window.output - RULES_TOKENS
    return max(1, min(LARGEST_PART, given, int(window.output / (TWICE * share))))


def assembled(source: str, plan: Plan, answers: Mapping[str, str], language: str) -> str | Plan:
    """The condensed text, from each part's answer by its key. Nothing that must not be lost is.

    Where it is still too long: the plan by which the parts that have come back too long are asked for once
    more. Permanent (`too_long`) where they were by then, or a source is nothing but numbers and warnings.
    """
    # Part by part first: what is appended then stands where it belongs.
    parts = [completed(part.text, answers[part.key], language) for part in plan.parts]
    whole = completed(source, "\n\n".join(parts), language)
    size = estimated_tokens(whole)
    if size <= plan.room:
        return whole
    shorter = None if plan.again else _shorter(plan, answers, plan.room - kept_tokens(source, language))
    if shorter is None:
        raise too_long(plan.room, size)
    return shorter


def _shorter(plan: Plan, answers: Mapping[str, str], room: int) -> Plan | None:
    """The parts whose answers take more than is their share of the room, to be condensed more than before by
    as much as they were too long; None where no part is to blame."""
    sizes = [estimated_tokens(part.text) for part in plan.parts]
    parts = []
    for part, size in zip(plan.parts, sizes, strict=True):
        answer, share = answers[part.key], room / sum(sizes)
        if estimated_tokens(answer) <= share * size:
            parts.append(part)
            continue
        # Who writes twice as much as is asked for is asked for half of it.
        asked = FILLED * share * len(part.text) * min(1.0, part.characters / len(answer))
        characters = min(round(asked), part.characters - 1)
        if characters < 1:
            return None
        parts.append(replace(part, characters=characters, before=len(answer)))
    return Plan(tuple(parts), plan.room, again=True) if tuple(parts) != plan.parts else None


def refuse_hopeless(source: str, plan: Plan, language: str) -> None:
    """Permanent (`too_long`), before anything is paid, where what must not be lost is too long by itself."""
    least = kept_tokens(source, language)
    if least > plan.room:
        raise too_long(plan.room, least)


def kept_tokens(source: str, language: str) -> int:
    """Of what must not be lost, in the source's own words: the most that is appended to what models wrote."""
    return estimated_tokens(completed(source, "", language))


def too_long(room: int, tokens: int) -> Permanent:
    return Permanent(
        TOO_LONG,
        f"the lesson's source cannot be condensed to what the model has room for ({tokens:,} tokens, room "
        f"for {room:,}): divide the lesson, or choose a model with a larger window (MODEL_WINDOWS)",
    )
