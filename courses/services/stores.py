"""Which store a course comes from, so that what is written for it finds its files again."""

from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from django.db import connection

from courses.models import CourseStore

_REMEMBER = """
    INSERT INTO course_stores (course_id, path) SELECT id, %(path)s FROM courses WHERE slug = %(slug)s
    ON CONFLICT (course_id) DO UPDATE SET path = excluded.path WHERE course_stores.path <> excluded.path
"""


def remember_store(slug: str, store: Path) -> None:
    """Notes that the course was imported from there, inside the caller's transaction.

    Links stay as they are: `current` leads to another release after a deploy, and is meant to.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, {"slug": slug, "path": str(store.absolute())})


def known_stores(courses: Collection[UUID]) -> dict[UUID, str]:
    """Course → path of the store that it was imported from; a course that no import made is missing."""
    return dict(CourseStore.objects.filter(course__in=courses).values_list("course_id", "path"))
