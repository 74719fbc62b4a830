"""Whether a prompt can be filled in for everybody: tried with a sample of lessons and of learners."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import F, Func, IntegerField, Q
from django.utils.translation import gettext as _

from courses.formats.definition import Language
from courses.formats.lesson import LESSON
from courses.formats.shapes import PERSONAL_FORMATS, chosen_format
from courses.models import Lesson
from personalization.answers import bounded, cleaned_answers, usable_name
from personalization.brief import Brief
from personalization.errors import WriterError
from personalization.live_prompts import LivePrompts, live_content, live_prompts
from personalization.models import Profile, PromptVersion
from personalization.personal_prompt import (
    CLUSTER_PREFIX,
    LESSON_TEMPLATE,
    Parts,
    PersonalPrompt,
    parsed,
    refuse_all_variables,
)
from personalization.prompt_engine import PromptError
from personalization.prompts import learners_part, shared_part
from personalization.services.settings import SAMPLE_LEARNERS, SAMPLE_LESSONS, setting_value
from personalization.shipped_config import PERSONALIZATION
from personalization.voice import Voice

VOICES = tuple(Voice("Ada", sex, "Short sentences.", "") for sex in ("female", "male", ""))
GUIDANCE = "One step at a time."
# Words that no prompt has, to see whether what they stand for is passed on.
SOURCE, ANSWER = "SourceOfTheLesson", "AnswerOfTheLearner"

# As PostgreSQL stores it: no long text is read for that.
_STORED: dict[str, Any] = {"function": "pg_column_size", "output_field": IntegerField()}


def check_prompt(key: str, content: str) -> None:
    """Raises PromptError, with the line, where it is no prompt, or cannot be filled in for a sample."""
    tried = live_prompts(PromptVersion(key=key, content=content, number=0))
    parts = parsed(key, content, tried.personal.variables)
    refuse_all_variables(parts)
    _check_filled_in(key, parts, tried)


def check_with_variables(key: str, values: Mapping[str, Any]) -> None:
    """The same of the live prompt of this key, where these variables had these values."""
    tried = live_prompts(variables=values)
    _check_filled_in(key, parsed(key, live_content(key) or "", tried.personal.variables), tried)


def _check_filled_in(key: str, parts: Parts, tried: LivePrompts) -> None:
    if key.startswith(CLUSTER_PREFIX):
        for language in Language:
            parts.shared.render({"course": {"language": language.value}, "var": tried.personal.variables})
    elif key == PERSONALIZATION:
        _check_personalization(tried.personal)
    elif key == LESSON_TEMPLATE:
        _check_lesson_template(tried.lesson)


def sample_lessons() -> list[Lesson]:
    """Half of them the longest there are, the others as if drawn by lot, but always the same."""
    count = setting_value(SAMPLE_LESSONS)
    lessons = Lesson.objects.select_related("course")
    longest = lessons.order_by(Func("transcript", **_STORED).desc(), "pk")[: (count + 1) // 2]
    chosen = {lesson.pk: lesson for lesson in longest}
    drawn = lessons.exclude(pk__in=chosen).order_by("pk")[: count - len(chosen)]  # the keys are drawn by lot
    return [*chosen.values(), *drawn]


def sample_learners() -> list[Profile]:
    """Some without a name or answers, some with the longest answers, the others as if drawn by lot."""
    count = setting_value(SAMPLE_LEARNERS)
    learners = Profile.objects.only("name", "survey", "user_identifier")
    third = max(1, count // 3)
    chosen: dict[UUID, Profile] = {}
    for some in (
        learners.filter(Q(name=None) | Q(name="") | Q(survey__isnull=True)).order_by("pk")[:third],
        learners.order_by(Func(F("survey"), **_STORED).desc(nulls_last=True), "pk")[:third],
        learners.order_by("pk")[:count],
    ):
        chosen |= {learner.pk: learner for learner in some}
    return list(chosen.values())[:count]


def _check_personalization(prompt: PersonalPrompt) -> None:
    blanks = list(_blank_briefs(prompt))
    for brief in blanks:
        _fill_in(brief, _("where nothing is known"))
        for voice in VOICES:
            _fill_in(replace(brief, voice=voice), _("where a coach speaks"))
        _fill_in(replace(brief, guidance=GUIDANCE, name="Ada"), _("where a cluster asks for something"))
        _demand(replace(brief, transcript=SOURCE, answers={"goal": ANSWER}), (SOURCE, ANSWER))
    lesson = None
    for lesson in sample_lessons():
        _fill_in(_with_lesson(blanks[0], lesson), _named(lesson))
    like = _with_lesson(blanks[0], lesson) if lesson else blanks[0]
    for learner in sample_learners():
        name = usable_name(learner.name)
        answers = bounded(cleaned_answers(learner.survey, name, learner.user_identifier))
        for language in Language:
            known = replace(like, name=name, answers=answers, language=language.value)
            _fill_in(known, _("with the answers of one of the learners"))


def _check_lesson_template(prompt: PersonalPrompt) -> None:
    blanks = [replace(brief, format=LESSON) for brief in _blank_briefs(prompt)]
    for brief in blanks:
        _fill_in(brief, _("where nothing is known"))
        _demand(replace(brief, transcript=SOURCE), (SOURCE,))
    for lesson in sample_lessons():
        _fill_in(_with_lesson(blanks[0], lesson), _named(lesson))


def _demand(brief: Brief, words: tuple[str, ...]) -> None:
    """Raises PromptError where the prompt passes one by: that it names them somewhere is not enough."""
    _fill_in(brief, _("where something is known"))
    said = f"{shared_part(brief).text}\n{learners_part(brief)}".casefold()
    for word, name in ((SOURCE, "lesson.source"), (ANSWER, "learner.answers")):
        if word in words and word.casefold() not in said:
            message = _("It leaves out {{ %(name)s }} where the course's language is “%(language)s”.")
            raise PromptError(message % {"name": name, "language": brief.language})


def _fill_in(brief: Brief, place: str) -> None:
    try:
        shared_part(brief)
        learners_part(brief)
    except WriterError as error:
        if isinstance(error.__cause__, PromptError):
            raise _placed(error.__cause__, place) from error
        raise


def _placed(error: PromptError, place: str) -> PromptError:
    return PromptError(f"{error.found} ({place})", error.line)


def _named(lesson: Lesson) -> str:
    names = {"lesson": lesson, "course": lesson.course.title}
    return _("with the lesson “%(lesson)s” of “%(course)s”") % names


def _blank_briefs(prompt: PersonalPrompt) -> Iterator[Brief]:
    for fmt in PERSONAL_FORMATS:
        for language in Language:
            yield Brief("", language.value, UUID(int=0), "", "", "", None, {}, "", "", fmt, prompt=prompt)


def _with_lesson(brief: Brief, lesson: Lesson) -> Brief:
    return replace(
        brief,
        course_title=lesson.course.title,
        language=lesson.course.language,
        lesson_title=lesson.title,
        summary=lesson.summary or "",
        transcript=lesson.transcript,
        format=LESSON if brief.is_template else chosen_format(lesson.course.personal_format),
    )
