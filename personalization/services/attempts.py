"""One attempt at an item, from its claim to its outcome: what the parts of a worker hand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from courses.formats.definition import Document
from personalization.brief import Brief, Recipe
from personalization.condensing.plan import Part, Plan
from personalization.condensing.prompt import VERSION as CONDENSE_VERSION
from personalization.condensing.prompt import PartBrief
from personalization.models.calls import CallState
from personalization.writers.base import Usage

NO_TOKENS = Usage()
# Seen before the writing, or when the text is to be published.
LOCKED = "an editor changed the text; it is left as it is"


@dataclass(frozen=True, slots=True)
class Claim:
    """One item in a worker's hands, until its lease ends. `rev`: which ask for it is being answered.

    `profile_id` None: it is of the lesson alone, whose standard description is to be written. `store`: where
    its file is written then; None: nowhere. `published`: its run has saved the description already.
    """

    id: int
    token: UUID
    run_id: UUID
    profile_id: UUID | None
    lesson_id: UUID
    attempts: int
    rev: int
    store: str | None = None
    published: bool = False

    @property
    def learner_id(self) -> UUID:
        """Of an item that has a learner; raises ValueError for others."""
        if self.profile_id is None:
            raise ValueError("an item of a lesson has no learner")
        return self.profile_id


@dataclass(frozen=True, slots=True)
class Condensing:
    """What a job condenses before its text is written: a row of condensed_sources.

    `done`: what came back so far, by the parts' keys. `attempts`: how often it has failed already.
    """

    source_id: int
    plan: Plan
    done: Mapping[str, str]
    attempts: int = 0

    @property
    def missing(self) -> tuple[Part, ...]:
        return tuple(part for part in self.plan.parts if part.key not in self.done)


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed item that is worth writing.

    `on_ledger`: its calls cost money, or their answers must be kept. `budgeted`: its run may spend only so
    much. `estimate`: the most that a call takes.
    `call_no` counts the attempt's calls; `complaint`: why the last one is asked for again. `condensing`: what
    the next call is for, None: for the text. `ends`: the state of the outcome when it is
    written.
    """

    claim: Claim
    brief: Brief
    backend: str
    recipe: Recipe
    fingerprint: str
    replaces: datetime | None = None  # the editor's change that this text may replace
    on_ledger: bool = False
    budgeted: bool = False
    estimate: Usage = NO_TOKENS
    call_no: int = 1
    complaint: str = ""
    ends: str = "done"
    condensing: Condensing | None = None

    @property
    def asked(self) -> Brief | PartBrief:
        """What the next call is for."""
        brief, condensing = self.brief, self.condensing
        if condensing is None:
            return brief
        return PartBrief(
            brief.course_title,
            brief.language,
            brief.lesson_id,
            brief.lesson_title,
            brief.source_hash,
            condensing.missing[0],
            condensing.plan.answer_tokens,
        )

    @property
    def prompt_version(self) -> str:
        """Of the next call."""
        return CONDENSE_VERSION if self.condensing else self.recipe.prompt_version


@dataclass(frozen=True, slots=True)
class Text:
    """What is published, with its provenance.

    `replaces`: when an editor changed the text that this one may replace (ISO 8601), as it was seen before
    the writing began. A later change of an editor stays.
    """

    content: Document
    origin: str
    model: str
    prompt_version: str
    fingerprint: str
    replaces: str | None = None
    written_from: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A part that was condensed and paid for; with the last one, the whole text that came of all."""

    source_id: int
    lesson_id: UUID
    token: UUID
    key: str
    text: str
    whole: str | None = None


@dataclass(frozen=True, slots=True)
class NotCondensed:
    """A part that could not be condensed; `hopeless`: nothing more is tried in this run. `drop`: keys of
    parts that are of no use."""

    source_id: int
    token: UUID
    code: str
    message: str
    delay: float
    hopeless: bool
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a call ended, for its row in the ledger. Tokens only as the provider counted them; `micro` None: it
    costs what was reserved. `seconds`: how long it took to answer, where it did."""

    token: UUID
    call_no: int
    state: CallState
    code: str
    micro: int | None
    usage: Usage = NO_TOKENS
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `state` is a final one, or `held`, or `retry`: again after `delay` seconds.
    Or `published`: its text is saved, and the item is claimed once more to write the text's file.

    `give_back`: the attempt was not the item's fault and does not count. `blocks`: nor will any other item
    of the run fare better, so that it pauses with `message` as its note. `needs_micro`: what the budget had
    not left. `call`: of the ledger, to be settled in the same transaction.
    """

    claim: Claim
    state: str
    code: str = ""
    message: str = ""
    delay: float = 0.0
    give_back: bool = False
    blocks: bool = False
    text: Text | None = None
    needs_micro: int | None = None
    call: CallResult | None = None
    kept: Kept | None = None
    not_condensed: NotCondensed | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """An attempt that goes on: `call` is settled at once, and `job` makes the next one. Once more after a bad
    answer; or `kept` is what a part was condensed to."""

    job: Job
    call: CallResult | None
    kept: Kept | None = None
