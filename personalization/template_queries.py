"""What a run of standard descriptions would do with each lesson, and how large its prompts are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from courses.formats.lesson import LESSON
from personalization.brief import BLANKS, SEPARATOR, SHORTEST_SOURCE
from personalization.explanations import explanation
from personalization.live_prompts import live_prompts
from personalization.models.runs import UNENDED, GenerationItem, ItemState, Kind
from personalization.pairs import (
    DESCRIBED_TOKENS,
    TRANSCRIPT_CONDENSED,
    TRANSCRIPT_TOKENS,
    TRANSCRIPT_TOO_SHORT,
)
from personalization.personal_prompt import PersonalPrompt
from personalization.sizes import Size, condensing_size, overhead, to_condense
from personalization.windows import window_of
from personalization.writers.registry import template_recipe

# md5 of the same parts, in the same order, as brief.Brief.fingerprint of a lesson's brief; and the decisions
# of services.template_work in their order. Tests hold them together.
DESCRIPTIONS_FINGERPRINT = f"""md5(concat_ws(%(separator)s, lesson.source_hash, '', course.title,
    course.language, %(recipe)s::text, %(format)s::text, {TRANSCRIPT_CONDENSED}))"""
_LESSONS = f"""
    SELECT lesson.id, lesson.lesson_number, lesson.title, course.language, {DESCRIBED_TOKENS},
        CASE WHEN {TRANSCRIPT_TOKENS} > %(room)s AND {TRANSCRIPT_CONDENSED} IS NULL
            THEN {TRANSCRIPT_TOKENS} ELSE 0 END,
        text.edited_at IS NOT NULL, CASE
            WHEN text.edited_at IS NOT NULL AND NOT %(replace_locked)s THEN 'locked'
            WHEN {TRANSCRIPT_TOO_SHORT} THEN 'no_source'
            WHEN text.edited_at IS NULL AND text.fingerprint = {DESCRIPTIONS_FINGERPRINT} AND NOT %(force)s
                THEN 'unchanged'
            ELSE 'write' END
    FROM lessons lesson JOIN courses course ON course.id = lesson.course_id
    LEFT JOIN lesson_descriptions text ON text.lesson_id = lesson.id
    WHERE lesson.id = ANY(%(lessons)s::uuid[])
    ORDER BY course.slug, lesson.lesson_number
"""  # noqa: S608 constants of ours

WELL = (ItemState.DONE, ItemState.UNCHANGED)


@dataclass(frozen=True, slots=True)
class LessonVerdict:
    """`verdict`: `write`, `unchanged`, or why not: `locked`, `no_source`. `edited`: by an editor.

    `tokens`: its part of the prompt. `too_long`: those of a transcript that has to be condensed before; or 0.
    """

    lesson_id: UUID
    number: int
    title: str
    language: str
    tokens: int
    too_long: int
    edited: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class TemplatePreview:
    """`prompt`: what the lessons would be described with. `room`: for a transcript, in tokens."""

    lessons: Sequence[LessonVerdict]
    prompt: PersonalPrompt
    room: int

    @property
    def by_verdict(self) -> dict[str, int]:
        return dict(Counter(lesson.verdict for lesson in self.lessons))

    @property
    def to_write(self) -> int:
        return self.by_verdict.get("write", 0)

    @property
    def replaces_locked(self) -> int:
        """How many of those to write are an editor's words today."""
        return sum(lesson.edited and lesson.verdict == "write" for lesson in self.lessons)

    @property
    def condensed(self) -> int:
        """How many of those to write are condensed before."""
        return to_condense(self.sizes)

    @property
    def sizes(self) -> list[Size]:
        """Of the prompts of those to write, by language, and of what is condensed for them."""
        lessons: dict[str, list[LessonVerdict]] = {}
        for lesson in self.lessons:
            if lesson.verdict == "write":
                lessons.setdefault(lesson.language, []).append(lesson)
        return [size for language, each in lessons.items() for size in self._sizes(language, each)]

    def _sizes(self, language: str, lessons: Sequence[LessonVerdict]) -> Iterator[Size]:
        """No lesson comes twice: nothing is in a cache."""
        beside = overhead(LESSON, language, self.prompt)
        tokens = sum(lesson.tokens + beside for lesson in lessons)
        yield Size(LESSON.name, language, len(lessons), tokens, 0)
        if too_long := [lesson.too_long for lesson in lessons if lesson.too_long]:
            yield condensing_size(language, too_long, self.room)


def preview_templates(
    lessons: Sequence[UUID],
    *,
    force: bool = False,
    replace_locked: bool = False,
    prompt: PersonalPrompt | None = None,
) -> TemplatePreview:
    """Of these lessons, in the order of their course. `prompt`: in the place of the live one."""
    prompt = prompt or live_prompts().lesson
    recipe = template_recipe(prompt)
    room = window_of(recipe.model).room
    parameters: dict[str, Any] = {
        "lessons": list(lessons),
        "force": force,
        "replace_locked": replace_locked,
        "separator": SEPARATOR,
        "recipe": recipe.key,
        "format": LESSON.tag,
        "blanks": BLANKS,
        "shortest_source": SHORTEST_SOURCE,
        "room": room,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LESSONS, parameters)
        return TemplatePreview([LessonVerdict(*row) for row in cursor.fetchall()], prompt, room)


@dataclass(frozen=True, slots=True)
class LessonResult:
    """What became of a lesson; `words` and `code` are empty where nothing is to be said of it."""

    number: int
    title: str
    state: str
    code: str
    words: str


def lesson_results(lessons: Sequence[UUID]) -> list[LessonResult]:
    """What became of these lessons in the newest run that had them, whichever it was."""
    asked = GenerationItem.objects.filter(kind=Kind.TEMPLATES, lesson__in=list(lessons))
    newest = asked.order_by("lesson_id", "-pk").distinct("lesson_id").values("pk")
    return _results(GenerationItem.objects.filter(pk__in=newest))


def other_runs(lessons: Sequence[UUID], run_id: UUID) -> list[UUID]:
    """The runs that write some of these lessons at this moment, besides that one."""
    open_items = GenerationItem.objects.filter(
        kind=Kind.TEMPLATES, lesson__in=list(lessons), state__in=UNENDED
    )
    others = open_items.exclude(run=run_id).order_by("run_id").distinct("run_id")
    return list(others.values_list("run_id", flat=True))


def _results(items: QuerySet[GenerationItem]) -> list[LessonResult]:
    rows = items.order_by("lesson__lesson_number").values_list(
        "lesson__lesson_number", "lesson__title", "state", "error_code", "error_message"
    )
    return [
        LessonResult(number, title, state, code, explanation(code, message) if code else "")
        for number, title, state, code, message in rows
    ]
