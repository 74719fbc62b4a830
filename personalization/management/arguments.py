"""What several commands read from their command line; errors of one line."""

import argparse

from django.core.management.base import CommandError
from django.utils.translation import override

from courses.models import Course
from personalization.pricing import parsed_amount


def course_named(slug: str) -> Course:
    """Raises CommandError, with the courses there are."""
    course = Course.objects.filter(slug=slug).first()
    if course is None:
        known = (
            ", ".join(Course.objects.order_by("slug").values_list("slug", flat=True)) or "none is imported"
        )
        raise CommandError(f"There is no course {slug!r}. Known: {known}.")
    return course


def amount(text: str) -> int:
    """Millionths of the price table's currency."""
    try:
        with override("en"):
            return parsed_amount(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def positive(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and 0 < int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"a whole number above 0 is needed, found {text!r}")
    return int(text)


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0.01 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"seconds are needed, from 0.01 to 86400, found {text!r}")
    return number
