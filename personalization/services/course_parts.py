"""What a course gives to the prompts of all its learners: the voice of its coach, and its survey's words."""

from collections.abc import Collection, MutableMapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from personalization.answers import without_contacts
from personalization.pairs import COURSE_PARTS
from personalization.services.surveys import surveys_by_id, tag_of
from personalization.survey import DEFAULT_SURVEY, Survey
from personalization.voice import Voice

_READ = f"""
    SELECT each.id, coach.name, coach.sex, coach.prompt, coach.voice_tag, survey.id, survey.tag
    {COURSE_PARTS} WHERE each.id = ANY(%s)
"""

type Surveys = MutableMapping[tuple[UUID, str | None], Survey]
"""Id and tag → what the survey says: read once for as long as it says the same."""


@dataclass(frozen=True, slots=True)
class CourseParts:
    """`voice`: None, neutral. `survey_tag`: None, the default survey as it was shipped."""

    voice: Voice | None = None
    survey: Survey = DEFAULT_SURVEY
    survey_tag: str | None = None


def course_parts(courses: Collection[UUID], known: Surveys | None = None) -> dict[UUID, CourseParts]:
    """Course → its parts. known: surveys that the caller keeps from one call to the next."""
    known = {} if known is None else known
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(courses)])
        rows = cursor.fetchall()
    wanted = {(row[5], row[6]) for row in rows if row[5]}
    read = surveys_by_id({survey for survey, tag in wanted if (survey, tag) not in known})
    for key in wanted:
        # An editor may have saved since the tag was read: such words are used once, and not kept under it.
        if (said := read.get(key[0])) and tag_of(said) == key[1]:
            known[key] = said
    return {
        course: CourseParts(
            Voice(name, sex, without_contacts(words), voice_tag) if voice_tag else None,
            known.get((survey, tag)) or read.get(survey, DEFAULT_SURVEY),
            tag,
        )
        for course, name, sex, words, voice_tag, survey, tag in rows
    }
