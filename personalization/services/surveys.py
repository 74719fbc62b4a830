"""Surveys as rows, for prompts and for editors."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Prefetch, Q, QuerySet

from courses.models import Course
from personalization.models.surveys import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.survey import DEFAULT_SURVEY, Option, Question, Survey

# Those of one course, or of all courses that have no survey of their own.
_ASKED = """
    SELECT count(*) FROM profiles profile
    LEFT JOIN courses course ON course.slug = profile.course_slug
    LEFT JOIN surveys own ON own.course_id = course.id
    WHERE jsonb_typeof(profile.survey) = 'object'
      AND own.course_id IS NOT DISTINCT FROM %(course)s::uuid
"""
_ANSWERED_ANY = f"{_ASKED} AND profile.survey ?| %(keys)s::text[]"
_ANSWERED = f"""
    {_ASKED} AND profile.survey ? %(key)s
      AND (%(codes)s::text[] IS NULL OR EXISTS (
          SELECT FROM jsonb_path_query(profile.survey -> %(key)s, 'lax $[*]') said
          WHERE lower(btrim(said #>> '{{}}')) = ANY(%(codes)s::text[])))
"""


def survey_asked(slug: str | None) -> tuple[Survey, str | None]:
    """What learners of the course are asked, and the tag; a slug may be of no course yet."""
    asked = CourseSurvey.objects.filter(Q(course=None) | Q(course__slug=slug))
    rows = {row.course_id is None: row for row in _read(asked)}
    row = rows.get(False) or rows.get(True)
    return (_survey(row), row.tag) if row else (DEFAULT_SURVEY, None)


def surveys_by_id(ids: Collection[UUID]) -> dict[UUID, Survey]:
    """Those that are there."""
    return {row.pk: _survey(row) for row in _read(CourseSurvey.objects.filter(pk__in=ids))} if ids else {}


def retag(survey: CourseSurvey) -> None:
    """Notes that the survey says something else now: texts that were written with the old words are stale.

    Called in the transaction that changed its questions or options.
    """
    (row,) = _read(CourseSurvey.objects.filter(pk=survey.pk))
    CourseSurvey.objects.filter(pk=survey.pk).update(tag=tag_of(_survey(row)))


def tag_of(survey: Survey) -> str | None:
    """The `tag` of its row; None for what the default survey says as it is shipped."""
    tag = survey.tag
    return None if tag == DEFAULT_SURVEY.tag else tag


def count_answers(*, survey: CourseSurvey, key: str, codes: Collection[str] | None = None) -> int:
    """How many learners whom the survey asks have answered the question; with `codes`: with one of these."""
    parameters = {
        "key": key,
        "codes": None if codes is None else [code.casefold() for code in codes],
        "course": survey.course_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED, parameters)
        return int(cursor.fetchone()[0])


def answered_by(survey: CourseSurvey) -> int:
    """How many learners whom the survey asks have answered one of its questions."""
    keys = [key for row in survey.questions.all() for key in (row.key, row.other_key) if key]
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED_ANY, {"keys": keys, "course": survey.course_id})
        return int(cursor.fetchone()[0])


@transaction.atomic
def copy_survey(*, course: Course) -> CourseSurvey:
    """The course's own survey, a copy of the default one; the one it has where it has one already."""
    survey, created = CourseSurvey.objects.get_or_create(course=course)
    default = next(iter(_read(CourseSurvey.objects.filter(course=None))), None)
    if created and default:
        for question in default.questions.all():
            _copy_question(question, survey)
        retag(survey)
    return survey


def _copy_question(question: SurveyQuestion, survey: CourseSurvey) -> None:
    options = list(question.options.all())
    kept = ("position", "key", "label_ru", "label_en", "other_key")
    copy = SurveyQuestion.objects.create(survey=survey, **{name: getattr(question, name) for name in kept})
    kept_of_option = ("position", "code", "label_ru", "label_en", "old_codes", "is_other", "is_retired")
    SurveyOption.objects.bulk_create(
        SurveyOption(question=copy, **{name: getattr(option, name) for name in kept_of_option})
        for option in options
    )


def _read(surveys: QuerySet[CourseSurvey]) -> list[CourseSurvey]:
    questions = SurveyQuestion.objects.prefetch_related(Prefetch("options", SurveyOption.objects.all()))
    return list(surveys.prefetch_related(Prefetch("questions", questions)))


def _survey(row: CourseSurvey) -> Survey:
    return Survey(tuple(_question(question) for question in row.questions.all()))


def _question(question: SurveyQuestion) -> Question:
    options = tuple(
        Option(option.code, _labels(option), tuple(option.old_codes), option.is_other)
        for option in question.options.all()
    )
    return Question(question.key, _labels(question), options, question.other_key)


def _labels(row: SurveyQuestion | SurveyOption) -> dict[str, str]:
    return {language: label for language, label in (("ru", row.label_ru), ("en", row.label_en)) if label}
