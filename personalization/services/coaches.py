"""Who speaks in which course, and why: the coach that it names, else the default one, else nobody."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from courses.models import Course
from personalization.models import Coach, ConfigEntry, CourseCoach
from personalization.models.config import DEFAULT_COACH
from personalization.pairs import COURSE_PARTS

_SPEAKERS = f"""
    SELECT each.id, each.title, coach.name, coach.voice_tag, course_coaches.id IS NOT NULL, chosen.name,
           chosen.is_active
    {COURSE_PARTS}
    LEFT JOIN coaches chosen ON chosen.id = course_coaches.coach_id
    WHERE each.id = ANY(%s) ORDER BY each.title, each.id
"""
_DEFAULT_KEY = "default_coach_id"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Of one course. `name`: who speaks; "": nobody, the texts have a neutral voice.

    `voice`: MD5 of how; None: neutral. `named`: whether the course names a coach; `lapsed`: whether that one
    does not speak, because it is not active (then `named_name` says who it is) or was deleted.
    """

    course: UUID
    title: str
    name: str
    voice: str | None
    named: bool
    named_name: str
    lapsed: bool


def speakers(courses: Collection[UUID]) -> dict[UUID, Speaker]:
    """Course → who speaks in it, by title."""
    with connection.cursor() as cursor:
        cursor.execute(_SPEAKERS, [list(courses)])
        return {
            course: Speaker(course, title, name or "", tag, named, chosen or "", named and not active)
            for course, title, name, tag, named, chosen, active in cursor.fetchall()
        }


def lapsed_speakers() -> list[Speaker]:
    """Of the courses whose coach is gone or not active."""
    gone = CourseCoach.objects.filter(Q(coach=None) | Q(coach__is_active=False))
    return list(speakers(gone.values_list("course_id", flat=True)).values())


def default_coach_id() -> UUID | None:
    """As it is configured: the coach may be gone, or not active."""
    value = ConfigEntry.objects.filter(key=DEFAULT_COACH).values_list("value", flat=True).first()
    said = value.get(_DEFAULT_KEY) if isinstance(value, dict) else None
    try:
        return UUID(str(said)) if said else None
    except ValueError:
        return None


def is_default() -> Exists:
    """For a query of coaches: whether each is the default one."""
    said = ConfigEntry.objects.annotate(said=KeyTextTransform(_DEFAULT_KEY, "value"))
    return Exists(said.filter(key=DEFAULT_COACH, said=Cast(OuterRef("pk"), TextField())))


def set_default_coach(*, coach: Coach | None) -> None:
    """Who speaks where a course names nobody; None: nobody."""
    value = {_DEFAULT_KEY: str(coach.pk) if coach else None}
    ConfigEntry.objects.update_or_create(key=DEFAULT_COACH, defaults={"value": value})


@transaction.atomic
def set_course_coach(*, course: Course, coach: Coach | None) -> None:
    """Names the course's coach; None: it names nobody any more."""
    if coach is None:
        CourseCoach.objects.filter(course=course).delete()
    else:
        CourseCoach.objects.update_or_create(course=course, defaults={"coach": coach})
