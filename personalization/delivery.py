"""Which text a learner sees for a lesson, and why. One query; no model is ever called here."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import connection
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from courses.formats.definition import Document
from courses.formats.lesson import LESSON
from courses.formats.shapes import lesson_document, personal_format
from courses.rendering import render_document
from personalization.models.texts import Origin


class Kind(StrEnum):
    PERSONAL = "personal"
    STANDARD = "standard"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A lesson as one learner sees it. `html`: its sections, empty for kind `title`; `why` is for staff."""

    kind: Kind
    course_title: str
    language: str
    number: int
    title: str
    summary: str
    html: SafeString
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the one query brings: the lesson, and the texts there are for it."""

    course_title: str
    language: str
    number: int
    title: str
    summary: str | None
    description: str | None
    known: bool
    content: str | None
    origin: str | None
    edited: bool


FIND = """
    SELECT course.title, course.language, lesson.lesson_number, lesson.title, lesson.summary,
           description.data::text, profile.id IS NOT NULL, text.content::text, text.origin,
           text.edited_at IS NOT NULL
    FROM (SELECT %(learner)s::text AS user_identifier) asked
    LEFT JOIN profiles profile USING (user_identifier)
    JOIN courses course ON course.slug = coalesce(%(course)s::text, profile.course_slug)
    JOIN lessons lesson ON lesson.course_id = course.id AND lesson.lesson_number = %(number)s
    LEFT JOIN lesson_descriptions description ON description.lesson_id = lesson.id
    LEFT JOIN personalized_lesson_descriptions text
        ON text.lesson_id = lesson.id AND text.profile_id = profile.id
"""


def lesson_for(user_identifier: str, lesson_number: int, course_slug: str | None = None) -> Delivered | None:
    """The personal text, else the standard description, else title and summary; None: no such lesson.

    Without `course_slug` the lesson is one of the learner's own course. A learner that nobody knows gets the
    standard description of the course that is named.
    """
    asked = {"learner": user_identifier, "course": course_slug, "number": lesson_number}
    with connection.cursor() as cursor:
        cursor.execute(FIND, asked)
        row = cursor.fetchone()
    return delivered(Found(*row)) if row else None


def delivered(found: Found) -> Delivered:
    """The best text that says something; an empty one counts as none."""
    if (html := personal_html(_json(found.content), found.language)).strip():
        return _answer(found, Kind.PERSONAL, html, _why_personal(found))
    if (html := standard_html(_json(found.description), found.language)).strip():
        return _answer(found, Kind.STANDARD, html, _why_not_personal(found))
    nothing = _("The lesson has no standard description either: its title and summary are shown.")
    return _answer(found, Kind.TITLE, SafeString(), f"{_why_not_personal(found)} {nothing}")


def personal_html(content: Any, language: str) -> SafeString:
    """A learner's text as HTML; blank where there is nothing to show."""
    document = content if isinstance(content, dict) else {}
    return render_document(document, personal_format(document), language)


def standard_html(data: Any, language: str) -> SafeString:
    """A lesson's standard description as HTML; blank where there is nothing to show."""
    return render_document(standard_document(data), LESSON, language)


def standard_document(data: Any) -> Document:
    """A lesson's standard description in its sections; {} where there is none."""
    # An adopted database may hold a plain text where a document belongs.
    return data if isinstance(data, dict) else lesson_document(data) if isinstance(data, str) else {}


def _answer(found: Found, kind: Kind, html: SafeString, why: str) -> Delivered:
    return Delivered(
        kind=kind,
        course_title=found.course_title,
        language=found.language,
        number=found.number,
        title=found.title,
        summary=found.summary or "",
        html=html,
        why=why,
    )


def _why_personal(found: Found) -> str:
    if found.edited:
        return _("The learner's personal text, as an editor changed it.")
    if found.origin in Origin.values:
        return _("The learner's personal text, written by: {origin}.").format(
            origin=Origin(found.origin).label
        )
    return _("The learner's personal text.")


def _why_not_personal(found: Found) -> str:
    if not found.known:
        return _("Nobody with this identifier is known: no personal text can be shown.")
    return _("The learner has no personal text for this lesson: the standard description is shown.")


def _json(text: str | None) -> Any:
    return None if text is None else json.loads(text)
