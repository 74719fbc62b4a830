"""python -m benchmarks.overview: the course overview and its lists at a million texts.

One course of 5,000 lessons, 25,000 learners and 500,000 texts, and five of a fifth of that: 10,000 lessons
with transcripts of 20 KB, 50,000 learners and 1,000,000 texts in all. Prints what the database takes for each
part (median of five, warm) and how large the page is; exits 1 when a promise does not hold.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from rich.console import Console
from rich.table import Table

from benchmarks import scratch  # sets Django up; must stay first
from benchmarks.sql_time import sql_milliseconds
from courses.models import Course
from personalization.brief import SEPARATOR
from personalization.course_status import heat_map, learner_figures, lesson_figures
from personalization.pairs import CLUSTER, FINGERPRINT
from personalization.supervisor import guidance_tags
from personalization.writers.registry import current_recipe

SIZES = {"huge": (5_000, 25_000), **{f"large-{number}": (1_000, 5_000) for number in range(1, 6)}}
TEXTS_A_LEARNER = 20

LESSONS = """
    WITH long AS MATERIALIZED (
        SELECT string_agg(md5(piece::text), ' ') AS text FROM generate_series(1, 600) piece)
    INSERT INTO lessons (course_id, lesson_number, title, transcript)
    SELECT %(course)s, number, 'Lesson ' || number,
           CASE WHEN number %% 50 = 0 THEN '' ELSE number || ' ' || long.text END
    FROM generate_series(1, %(lessons)s) number CROSS JOIN long"""
LEARNERS = """
    INSERT INTO profiles (user_identifier, name, course_slug, survey)
    SELECT %(slug)s || '-' || lpad(number::text, 6, '0'), 'Nina', %(slug)s,
           CASE WHEN number %% 40 = 0 THEN NULL ELSE jsonb_build_object('experience', 'none ' || number,
               'motivation', jsonb_build_array(repeat('to help my family ', 10), 'to learn')) END
    FROM generate_series(1, %(learners)s) number"""
# Each learner has texts for neighbouring lessons, the first ones too; every hundredth text is stale.
TEXTS = f"""
    WITH profile AS (SELECT *, row_number() OVER (ORDER BY user_identifier) AS number
                     FROM profiles WHERE course_slug = %(slug)s)
    INSERT INTO personalized_lesson_descriptions (profile_id, lesson_id, content, origin, fingerprint)
    SELECT profile.id, lesson.id,
           jsonb_build_object('why_watch', repeat(md5(profile.id::text), 36)), 'simple',
           CASE WHEN (profile.number + lesson.lesson_number) %% 100 = 0 THEN 'old' ELSE
               {FINGERPRINT.format(recipe="%(simple_recipe)s::text")} END
    FROM profile JOIN courses course ON course.slug = %(slug)s CROSS JOIN generate_series(1, %(texts)s) place
    JOIN lessons lesson ON lesson.course_id = course.id AND lesson.lesson_number =
        CASE WHEN place * 2 <= %(texts)s THEN place ELSE 1 + (profile.number * 7 + place) %% %(lessons)s END
    {CLUSTER}
    ON CONFLICT DO NOTHING"""  # noqa: S608 constants of ours
# Milliseconds of SQL that are promised. What is asked of every row of a course (answers, fingerprints) grows
# with the course: the page therefore asks for the learners' figures separately.
PARTS = {
    "lessons' figures": 250,
    "learners' and texts' figures (asked for separately)": 6_000,
    "heat map, 200 × 30": 250,
    "page of the overview": 400,
    "list of lessons: without transcript": 50,
    "list of lessons: without assets": 50,
    "list of learners": 50,
    "list of learners: without answers": 500,
    "list of learners: without texts": 700,
    "list of learners: could have more texts": 2_500,
    "list of texts: stale": 7_000,
}


def main() -> int:
    scratch.no_options(__doc__)
    call_command("migrate", verbosity=0)
    for slug, (lessons, learners) in SIZES.items():
        _make(slug, lessons, learners)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    course = Course.objects.get(slug="huge")
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model()._default_manager.create_superuser("benchmark"))
    measured = {name: sql_milliseconds(part) for name, part in _parts(course, client).items()}
    page = client.get(_overview(course)).content
    _print(measured, len(page), page.count(b"<td"))
    slow = [name for name, taken in measured.items() if taken > PARTS[name]]
    for name in slow:
        print(f"BROKEN: {name}: {measured[name]:.0f} ms of {PARTS[name]} ms", file=sys.stderr)
    return 1 if slow else 0


def _make(slug: str, lessons: int, learners: int) -> None:
    course = Course.objects.create(slug=slug, title=f"Course {slug}")
    recipe = current_recipe("simple").key
    values: dict[str, Any] = {
        "course": course.pk,
        "slug": slug,
        "lessons": lessons,
        "learners": learners,
        "texts": TEXTS_A_LEARNER,
        "separator": SEPARATOR,
        "simple_recipe": recipe,
        "room": 0,
        "guidance": json.dumps(guidance_tags()),
    }
    with connection.cursor() as cursor:
        for statement in (LESSONS, LEARNERS, TEXTS):
            cursor.execute(statement, values)


def _parts(course: Course, client: Client) -> dict[str, Callable[[], object]]:
    def shown(model: str, **query: str) -> Callable[[], object]:
        address = reverse(f"admin:{model}_changelist")
        return lambda: client.get(address, {"course": course.slug, **query})

    functions: list[Callable[[], object]] = [
        lambda: lesson_figures(course.pk),
        lambda: learner_figures(course.pk),
        lambda: heat_map(course.pk, course.slug),
        lambda: client.get(_overview(course)),
        shown("courses_lesson", missing="transcript"),
        shown("courses_lesson", missing="assets"),
        shown("personalization_profile"),
        shown("personalization_profile", answers="no"),
        shown("personalization_profile", texts="none"),
        shown("personalization_profile", texts="missing"),
        shown("personalization_personalizedlessondescription", stale="yes"),
    ]
    return dict(zip(PARTS, functions, strict=True))


def _overview(course: Course) -> str:
    return reverse("admin:courses_course_overview", args=[course.pk])


def _print(measured: dict[str, float], size: int, cells: int) -> None:
    table = Table(
        "part", "SQL, ms", "promised, ms", title="Course of 5,000 lessons, 25,000 learners, 500,000 texts"
    )
    for name, taken in measured.items():
        table.add_row(name, f"{taken:,.1f}", f"{PARTS[name]:,}")
    console = Console()
    console.print(table)
    console.print(f"The page has {size / 1000:,.0f} KB and {cells:,} cells.")


if __name__ == "__main__":
    sys.exit(main())
