"""Everything that goes into one text, and its fingerprint."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from courses.formats.definition import Format
from courses.formats.lesson import LESSON
from personalization.personal_prompt import PersonalPrompt, shipped_personal_prompt
from personalization.supervisor.guidance import guidance_tag
from personalization.voice import VOICE_VERSION, Voice

SEPARATOR = "\x1f"
BLANKS = " \t\r\n"  # around a transcript, for Python and SQL alike
SHORTEST_SOURCE = 200  # characters; below this a transcript carries nothing to personalise


@dataclass(frozen=True, slots=True)
class Recipe:
    """What neither learner nor lesson nor course decides of a fingerprint: who writes, by which prompt."""

    origin: str
    model: str
    prompt_version: str

    @property
    def key(self) -> str:
        return SEPARATOR.join([self.origin, self.model, self.prompt_version])


@dataclass(frozen=True, slots=True)
class Brief:
    """What a writer gets. `name` is put into the text after the answer came back and is never sent.

    `transcript` is what the prompt says of the lesson: what its course has chosen, or that condensed.
    In the format `lesson` it asks for the lesson's standard description, and holds nothing of a learner.
    """

    course_title: str
    language: str
    lesson_id: UUID
    lesson_title: str
    summary: str
    transcript: str
    name: str | None
    answers: dict[str, Any]
    source_hash: str
    answers_hash: str
    format: Format
    cluster_type: str = ""
    guidance: str = ""  # what the cluster asks the writer for; "": nothing
    guidance_version: str = ""  # whose words these are: "visual_basic:2"
    # In the fingerprint by its version, which is the recipe's.
    prompt: PersonalPrompt = field(default_factory=shipped_personal_prompt)
    voice: Voice | None = None  # None: neutral
    questions: Mapping[str, str] = field(default_factory=dict)  # key of an answer → the question in words
    survey_tag: str | None = None  # None: the default survey, as it was shipped
    said: int | None = None  # characters of the standard description; None: the transcript is the source
    condensed_tag: str | None = None  # MD5 of the condensed text; None: the source as it is
    too_long: bool = False  # for the model's window, and not condensed yet
    # How the course's learners are addressed: no text may address one by another's. Never sent.
    addresses: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    # What prompts.py has put together of it, once for size, price and body; replace() begins anew.
    made: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def is_template(self) -> bool:
        """Whether it is of a lesson alone."""
        return self.format.name == LESSON.name

    def fingerprint(self, recipe: Recipe) -> str:
        """MD5, hex. The same expression as `pairs.FINGERPRINT`, by which the database counts."""
        inputs = [self.source_hash, self.answers_hash, self.course_title, self.language]
        parts = [*inputs, recipe.key, self.format.tag]
        # Only what there is: a learner without guidance has the fingerprint from before there were clusters,
        # and a course without coach and survey of its own that from before there were those.
        parts += filter(None, (guidance_tag(self.guidance), *self._course_tags()))
        # Likewise: only a source that is too long for the model's window is condensed.
        parts += [f"condensed:{self.condensed_tag}"] if self.condensed_tag else []
        return hashlib.md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).hexdigest()

    @property
    def lacking(self) -> str | None:
        """A code for the source that the lesson does not have; None: there is one."""
        if self.said is not None:
            return "no_template" if self.said < SHORTEST_SOURCE else None
        short = not self.condensed_tag and len(self.transcript.strip(BLANKS)) < SHORTEST_SOURCE
        return "no_source" if short else None

    def _course_tags(self) -> Iterator[str]:
        """As `pairs.COURSE_TAGS`."""
        if self.voice:
            yield f"voice:{VOICE_VERSION}:{self.voice.tag}"
        if self.survey_tag:
            yield f"survey:{self.survey_tag}"


@dataclass(frozen=True, slots=True)
class Current:
    """The text that a learner has now, as far as the decision to write a new one needs it."""

    fingerprint: str | None
    origin: str | None
    locked: bool


def reason_to_skip(
    brief: Brief, current: Current | None, recipe: Recipe, *, force: bool, replace_locked: bool = False
) -> str | None:
    """A code why nothing is written (`unchanged` among them), or None: write.

    `force` overrides `better_text` and `unchanged`. `replace_locked` overrides `locked`, and then `unchanged`
    too: what an editor wrote is not what its fingerprint says.
    """
    if current and current.locked and not replace_locked:
        return "locked"
    if not any(_texts(brief.answers)):
        return "no_survey"
    if brief.lacking:
        return brief.lacking
    if force or current is None:
        return None
    if recipe.origin == "simple" and current.origin != "simple":
        # A missing key must not turn texts of a model, an editor or an older system into template sentences.
        return "better_text"
    same = current.fingerprint == brief.fingerprint(recipe)
    return "unchanged" if same and not current.locked else None


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value not in (None, ""):
        yield str(value)
