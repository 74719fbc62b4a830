"""What is missing, as conditions in SQL: the figures count by them, the lists filter by the same."""

from typing import Any
from uuid import UUID

from django.db.models.expressions import RawSQL

from courses.course_folder.wording import MAYBE_WORKING_MARKS, has_working_marks
from courses.models import Lesson
from personalization.brief import BLANKS, SHORTEST_SOURCE
from personalization.live_prompts import live_prompts
from personalization.pairs import ANSWERED, NO_TEMPLATE, PAIRS, STALE, Selection, selection_parameters
from personalization.survey_contacts import asked_contacts
from personalization.writers.registry import current_recipe

# The same as in pairs.VERDICT. The first characters decide for nearly every lesson: PostgreSQL then reads one
# slice of a transcript and not all of it.
TOO_SHORT = """(CASE WHEN length(btrim(left(lesson.transcript, 250), %(blanks)s)) >= %(shortest_source)s
    THEN false ELSE length(btrim(lesson.transcript, %(blanks)s)) < %(shortest_source)s END)"""

# Whether personal texts can be written of it, by what its course has them written from.
HAS_SOURCE = f"""(CASE (SELECT lesson_source FROM courses WHERE id = lesson.course_id) WHEN 'template'
    THEN NOT {NO_TEMPLATE} ELSE NOT {TOO_SHORT} END)"""  # noqa: S608 constants of ours

# By what the list of lessons calls it in its address.
LESSONS = {
    "transcript": "lesson.transcript = ''",
    "short": f"(lesson.transcript <> '' AND {TOO_SHORT})",
    "description": "NOT EXISTS (SELECT FROM lesson_descriptions WHERE lesson_id = lesson.id)",
    "assets": "NOT EXISTS (SELECT FROM lesson_assets WHERE lesson_id = lesson.id)",
    # The lesson after the gap: what is not there cannot be listed.
    "gap": """(lesson.lesson_number > 1 AND NOT EXISTS (SELECT FROM lessons previous
        WHERE previous.course_id = lesson.course_id
          AND previous.lesson_number = lesson.lesson_number - 1))""",
}
MARKS = "marks"
HAS_ANSWERED = f"coalesce({ANSWERED}, false)"
# An editor's text is locked: a run would not bring it up to date.
STALE_AND_OPEN = f"(text.edited_at IS NULL AND {STALE})"

HAS_NO_TEXT = """NOT EXISTS (SELECT FROM personalized_lesson_descriptions text
    JOIN lessons lesson ON lesson.id = text.lesson_id JOIN courses course ON course.id = lesson.course_id
    WHERE text.profile_id = profile.id AND course.slug = profile.course_slug)"""
LACKS_A_TEXT = f"""({HAS_ANSWERED} AND EXISTS (SELECT FROM source
    WHERE source.slug = profile.course_slug AND NOT EXISTS (SELECT FROM personalized_lesson_descriptions text
        WHERE text.profile_id = profile.id AND text.lesson_id = source.id)))"""  # noqa: S608 constants of ours
LEARNERS = {
    "answered": HAS_ANSWERED,
    "unanswered": f"NOT {HAS_ANSWERED}",
    "none": HAS_NO_TEXT,
    "missing": LACKS_A_TEXT,
}


def source_parameters(course: UUID | None = None) -> dict[str, Any]:
    """Parameters of all conditions that do not ask whether a text is stale: no prompt is read for them."""
    return {
        "course": course,
        "blanks": BLANKS,
        "shortest_source": SHORTEST_SOURCE,
        "marks": MAYBE_WORKING_MARKS,
    }


def parameters(course: UUID | None = None, **selected: Any) -> dict[str, Any]:
    """Parameters of all conditions here, and of pairs.PAIRS for the course and what else is selected."""
    selection = Selection(course=course, **selected)
    prompts = live_prompts()
    recipes = current_recipe("openai", prompts.personal), current_recipe("simple")
    values = {**selection_parameters(selection, *recipes, prompts), **source_parameters(course)}
    return {**values, "contacts": asked_contacts()}


def lessons_where(condition: str, course: UUID | None) -> Any:
    """Ids of the lessons, for `pk__in`. `condition`: a key of LESSONS, or MARKS."""
    if condition == MARKS:
        titles = Lesson.objects.filter(title__regex=MAYBE_WORKING_MARKS).order_by()
        if course:
            titles = titles.filter(course=course)
        return [pk for pk, title in titles.values_list("pk", "title") if has_working_marks(title)]
    sql = f"""SELECT lesson.id FROM lessons lesson
        WHERE (%(course)s::uuid IS NULL OR lesson.course_id = %(course)s::uuid) AND {LESSONS[condition]}"""  # noqa: S608 constants of ours
    return raw(sql, source_parameters(course))


def learners_where(condition: str, course: UUID | None) -> RawSQL:
    """Ids of the learners, for `pk__in`. `condition`: a key of LEARNERS."""
    sql = f"""WITH source AS MATERIALIZED (
            SELECT lesson.id, course.slug
            FROM lessons lesson JOIN courses course ON course.id = lesson.course_id
            WHERE (%(course)s::uuid IS NULL OR course.id = %(course)s::uuid) AND {HAS_SOURCE})
        SELECT profile.id FROM profiles profile
        WHERE (%(course)s::uuid IS NULL
               OR profile.course_slug = (SELECT slug FROM courses WHERE id = %(course)s::uuid))
          AND {LEARNERS[condition]}"""  # noqa: S608 constants of ours
    return raw(sql, {**source_parameters(course), "contacts": asked_contacts()})


def stale_texts(course: UUID | None) -> RawSQL:
    """Ids of the texts that a run would bring up to date, for `pk__in`."""
    return raw(f"SELECT text.id {PAIRS} AND {STALE_AND_OPEN}", parameters(course))


class _Positions:
    """Turns `%(name)s` into `%s`, and notes the values in the order of their places."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self.placed: list[Any] = []

    def __getitem__(self, name: str) -> str:
        self.placed.append(self.values[name])
        return "%s"


def raw(sql: str, values: dict[str, Any]) -> RawSQL:
    """The statement as an expression of the ORM, which knows no named parameters."""
    positions = _Positions(values)
    return RawSQL(sql % positions, positions.placed)  # noqa: S611 constants of ours
