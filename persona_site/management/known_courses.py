"""The courses that a command line names."""

from django.core.management.base import CommandError

from courses.models import Course

EMPTY = "There is no course yet. Bring one in: manage.py import_lessons"


def known_courses(slugs: list[str]) -> list[Course]:
    """In the order of their slugs; all of them where none is named. CommandError names all unknown ones."""
    courses = Course.objects.only("slug", "title").order_by("slug")
    if not slugs:
        return list(courses)
    found = list(courses.filter(slug__in=[slug.replace("\0", "") for slug in slugs]))
    known = {course.slug for course in found}
    if unknown := [slug for slug in dict.fromkeys(slugs) if slug not in known]:
        every = ", ".join(courses.values_list("slug", flat=True))
        names = " or ".join(map(repr, unknown))
        raise CommandError(f"There is no course {names}. {f'Known: {every}.' if every else EMPTY}")
    return found
