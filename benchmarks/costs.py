"""python -m benchmarks.costs: costs before and after a run, at a million pairs and a million calls.

A course of 12 lessons with transcripts of 20 KB and 83,334 learners (1,000,008 pairs, half of them with a
text already), 100 smaller courses, and 1,000,000 settled calls of three models over two years. Prints what
the database takes for each part (median of five, warm) and exits 1 when a promise does not hold.
"""

import sys
from collections.abc import Callable

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
from personalization.costs.estimate import estimate
from personalization.costs.learning import learned
from personalization.costs.totals import of_learner
from personalization.models import GenerationRun, Profile
from personalization.pairs import Selection
from personalization.queries import preview

MODEL = "gpt-4.1-mini"
ROWS = """
    WITH long AS MATERIALIZED (
        SELECT string_agg(md5(piece::text), ' ') AS text FROM generate_series(1, 600) piece
    ), course AS (
        INSERT INTO courses (slug, title)
        SELECT 'course-' || number, 'Course ' || number FROM generate_series(1, 100) number
        UNION ALL SELECT 'huge', 'Huge' RETURNING id, slug
    ), lesson AS (
        INSERT INTO lessons (course_id, lesson_number, title, transcript)
        SELECT course.id, number, 'Lesson ' || number, number || ' ' || long.text
        FROM course CROSS JOIN generate_series(1, 12) number CROSS JOIN long RETURNING id
    )
    INSERT INTO profiles (user_identifier, name, course_slug, survey)
    SELECT slug || '-' || number, 'Nina', slug,
           jsonb_build_object('experience', 'none ' || number, 'motivation', repeat('to help my family ', 10))
    FROM course CROSS JOIN generate_series(1, CASE slug WHEN 'huge' THEN 83334 ELSE 50 END) number"""
TEXTS = """
    INSERT INTO personalized_lesson_descriptions (profile_id, lesson_id, content, origin, fingerprint)
    SELECT profile.id, lesson.id, '{"why_watch": "short"}', 'openai', 'old'
    FROM profiles profile JOIN courses course ON course.slug = profile.course_slug
    JOIN lessons lesson ON lesson.course_id = course.id WHERE course.slug = 'huge' AND lesson_number <= 6"""
RUNS = """
    INSERT INTO generation_runs (backend, state, options, note, kind, created_at, calls, spent_micro)
    SELECT 'openai', 'closed', '{}', '', 'personalize', now() - make_interval(days => number), 1000,
           100 * number
    FROM generate_series(1, 730) number"""
ITEMS = """
    WITH run AS MATERIALIZED (
        SELECT id, row_number() OVER (ORDER BY created_at) AS number FROM generation_runs
    ), pair AS MATERIALIZED (
        SELECT profile.id AS profile_id, lesson.id AS lesson_id,
               row_number() OVER (ORDER BY lesson.id, profile.id) AS number
        FROM profiles profile JOIN courses course ON course.slug = profile.course_slug
        JOIN lessons lesson ON lesson.course_id = course.id)
    INSERT INTO generation_items (run_id, profile_id, lesson_id, state, finished_at, max_attempts)
    SELECT run.id, profile_id, lesson_id, 'done', now(), 6
    FROM pair JOIN run ON run.number = 1 + pair.number % 730 LIMIT 1000000"""
CALLS = """
    INSERT INTO model_calls (item_id, run_id, rev, lease_token, call_no, model, prompt_version, fingerprint,
                             reserved_micro, actual_micro, input_tokens, cached_tokens, output_tokens, state,
                             error_code, answer, started_at, finished_at)
    SELECT item.id, item.run_id, 1, gen_random_uuid(), 1,
           CASE WHEN number % 50 = 0 THEN 'gpt-4.1' WHEN number < 1000 THEN 'old-model'
                ELSE 'gpt-4.1-mini' END,
           'p', md5(number::text), 4000, 3000, 6000, 5000, 400,
           CASE WHEN number % 100 = 0 THEN 'bad' WHEN number % 997 = 0 THEN 'unknown' ELSE 'ok' END,
           CASE WHEN number % 100 = 0 THEN 'wrong_language' ELSE '' END,
           CASE WHEN number % 500 = 0 THEN jsonb_build_object('why_watch', repeat('long ', 500)) END,
           ended, ended
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS number FROM generation_items) item
    CROSS JOIN LATERAL (SELECT now() - make_interval(secs => 63 * (1000000 - number)) AS ended) clock"""
SUMS = """
    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,
                             output_tokens, micro)
    SELECT (call.finished_at AT TIME ZONE 'UTC')::date, lesson.course_id, call.model, count(*),
           count(*) FILTER (WHERE call.state = 'ok'), sum(call.input_tokens), sum(call.cached_tokens),
           sum(call.output_tokens), sum(call.actual_micro)
    FROM model_calls call JOIN generation_items item ON item.id = call.item_id
    JOIN lessons lesson ON lesson.id = item.lesson_id GROUP BY 1, 2, 3"""

# Milliseconds of SQL that are promised; a list of the admin has 50, an estimate looks at a million pairs.
PARTS = {
    "preview with estimate: 1,000,008 pairs": 10_000,
    "what past usage teaches": 100,
    "what past usage teaches: a model that was never called": 100,
    "page of costs": 50,
    "page of costs: a course, a year ago": 50,
    "a learner's total": 50,
    "list of calls": 50,
    "list of calls: the hundredth page": 50,
    "list of calls: a model": 50,
    "list of calls: a model not called lately": 50,
    "list of calls: unusable answers": 50,
    "list of calls: nobody knows": 50,
    "list of calls: a run": 50,
    "list of calls: a learner": 50,
    "list of runs": 50,
}


def main() -> int:
    scratch.no_options(__doc__)
    call_command("migrate", verbosity=0)
    _make()
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model()._default_manager.create_superuser("benchmark"))
    measured = {name: sql_milliseconds(part) for name, part in _parts(client).items()}
    table = Table("part", "SQL, ms", "promised, ms", title="1,000,008 pairs, 1,000,000 calls")
    for name, taken in measured.items():
        table.add_row(name, f"{taken:,.1f}", f"{PARTS[name]:,}")
    Console().print(table)
    slow = [name for name, taken in measured.items() if taken > PARTS[name]]
    for name in slow:
        print(f"BROKEN: {name}: {measured[name]:.0f} ms of {PARTS[name]} ms", file=sys.stderr)
    return 1 if slow else 0


def _make() -> None:
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        cursor.execute(TEXTS)
        cursor.execute(RUNS)
        cursor.execute(ITEMS)
        # A million calls are not settled one by one here: their sums are made at the end.
        cursor.execute("ALTER TABLE model_calls DISABLE TRIGGER USER")
        cursor.execute(CALLS)
        cursor.execute("ALTER TABLE model_calls ENABLE TRIGGER USER")
        cursor.execute(SUMS)
        cursor.execute("VACUUM ANALYZE")


def _parts(client: Client) -> dict[str, Callable[[], object]]:
    course = Course.objects.get(slug="huge")
    learner = Profile.objects.filter(course=course).order_by("user_identifier")[:1].get()
    run = GenerationRun.objects.order_by("created_at")[:1].get()
    calls = reverse("admin:personalization_modelcall_changelist")
    costs = reverse("admin:personalization_modelcall_costs")

    def shown(address: str, **query: str) -> Callable[[], object]:
        return lambda: client.get(address, query)

    functions: list[Callable[[], object]] = [
        lambda: estimate(preview(Selection(course=course.pk), "openai").sizes, "openai"),
        lambda: learned(MODEL),
        lambda: learned("never-called"),
        shown(costs),
        shown(costs, course="huge", month="2025-11"),
        lambda: of_learner(learner.pk),
        shown(calls),
        shown(calls, p="100"),
        shown(calls, model=MODEL),
        shown(calls, model="old-model"),
        shown(calls, state__exact="bad"),
        shown(calls, state__exact="unknown"),
        shown(calls, run=str(run.pk)),
        shown(calls, learner=str(learner.pk)),
        shown(reverse("admin:personalization_generationrun_changelist")),
    ]
    return dict(zip(PARTS, functions, strict=True))


if __name__ == "__main__":
    sys.exit(main())
