"""Reads that more than one door shares."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from personalization.live_prompts import LivePrompts, live_prompts
from personalization.models.runs import ENDED, GenerationRun
from personalization.pairs import (
    CLUSTER,
    ORDERED,
    PAIRS,
    SIZED,
    SIZED_PAIRS,
    SIZED_VERDICT,
    STALE,
    Selection,
    selection_parameters,
    slug_of,
    verdict_parameters,
)
from personalization.sizes import CACHEABLE, SHARED, TO_CONDENSE, Size, overheads, to_condense
from personalization.writers.registry import current_recipe

RATE_WINDOW = 30  # seconds over which a run's rate is measured

_COUNTS = """
    SELECT run_id, state, error_code, sum(items)::bigint FROM generation_counts
    WHERE run_id = ANY(%(runs)s::uuid[]) GROUP BY run_id, state, error_code HAVING sum(items) <> 0
"""
# A few items of each code, not all: a million may have failed alike.
_EXAMPLES = """
    SELECT DISTINCT ON (code, item.state) code, item.state, item.error_message
    FROM unnest(%(codes)s::text[]) code CROSS JOIN LATERAL (
        SELECT state, error_message FROM generation_items
        WHERE run_id = %(run)s AND error_code = code AND error_code <> '' LIMIT 200) item
    ORDER BY code, item.state, item.error_message
"""
_RATE = """
    SELECT count(*) / greatest(1, extract(epoch FROM now() - min(finished_at)))::float
    FROM (SELECT finished_at FROM generation_items WHERE run_id = %(run)s
    AND finished_at > now() - make_interval(secs => %(seconds)s) ORDER BY finished_at DESC LIMIT 10000) latest
"""
_OF_THE_RUN = (
    *("pilot", "budget_micro", "spent_micro", "reserved_micro", "estimate_micro", "to_write"),
    *("calls", "input_tokens", "cached_tokens", "output_tokens"),
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would do with each learner × lesson pair, counted: `by_verdict` holds `write`, `unchanged`,
    and the reasons to skip (brief.reason_to_skip). `replaces_locked` of those to write are an editor's words
    today. `sizes`: of the prompts of those to write, and of what is condensed for them."""

    learners: int
    lessons: int
    by_verdict: dict[str, int]
    being_written: int
    replaces_locked: int = 0
    sizes: tuple[Size, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.by_verdict.values())

    @property
    def to_write(self) -> int:
        return self.by_verdict.get("write", 0)

    @property
    def condensed(self) -> int:
        return to_condense(self.sizes)

    @property
    def unchanged(self) -> int:
        return self.by_verdict.get("unchanged", 0)


@dataclass(frozen=True, slots=True)
class ErrorKind:
    state: str
    code: str
    count: int
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of a run's items by state; `rate` in items per second over the last half minute.

    Money in millionths; `calls` and tokens are those of the calls that have ended.
    """

    run_id: UUID
    state: str
    note: str
    counts: dict[str, int]
    errors: list[ErrorKind]
    rate: float
    pilot: str = ""
    budget_micro: int | None = None
    spent_micro: int = 0
    reserved_micro: int = 0
    estimate_micro: int | None = None
    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    to_write: int | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return sum(self.counts.get(state, 0) for state in ENDED)

    @property
    def seconds_left(self) -> float | None:
        return (self.total - self.ended) / self.rate if self.rate else None


def preview(
    selection: Selection,
    backend: str,
    *,
    force: bool = False,
    replace_locked: bool = False,
    prompts: LivePrompts | None = None,
) -> Preview:
    """`prompts`: as if these were the live ones."""
    prompts = prompts or live_prompts()
    options = {"force": force, "replace_locked": replace_locked}
    parameters = {
        **_parameters(selection, prompts),
        **verdict_parameters(current_recipe(backend, prompts.personal), **options),
        "overheads": overheads(prompts.personal, prompts.lesson),
        "slug": slug_of(selection.course),
    }
    with connection.cursor() as cursor:
        cursor.execute(_preview_sql("" if selection.limit is None else ORDERED), parameters)
        learners, lessons, by_verdict, being_written, replaces, sizes = cursor.fetchone()
    parts = tuple(Size(**size) for size in json.loads(sizes))
    return Preview(learners, lessons, json.loads(by_verdict), being_written, replaces, parts)


def _preview_sql(ordered: str) -> str:
    """One pass over the pairs; the rest looks at a row for each learner, or each lesson and verdict."""
    return f"""
        WITH {SIZED}, pair AS MATERIALIZED (
            SELECT profile.id AS profile_id, lesson.id AS lesson_id, text.edited_at IS NOT NULL AS locked,
                   profile.tokens, {SIZED_VERDICT} AS verdict {SIZED_PAIRS} {ordered}
        ), part AS MATERIALIZED (
            SELECT lesson_id, verdict, count(*) AS texts, count(*) FILTER (WHERE locked) AS locked,
                   sum(tokens) AS tokens
            FROM pair GROUP BY lesson_id, verdict
        ), sized AS (
            SELECT course.personal_format AS format, course.language, sum(texts) AS texts,
                   sum({SHARED} * texts + part.tokens) AS input_tokens,
                   sum({CACHEABLE} * (texts - 1)) AS cacheable_tokens
            FROM part JOIN material lesson ON lesson.id = part.lesson_id
            JOIN courses course ON course.id = lesson.course_id
            WHERE verdict = 'write' GROUP BY 1, 2
        ), too_long AS ({TO_CONDENSE})
        SELECT (SELECT count(*) FROM (SELECT DISTINCT profile_id FROM pair) learner),
               (SELECT count(DISTINCT lesson_id) FROM part),
               (SELECT coalesce(jsonb_object_agg(verdict, texts), '{{}}')::text
                FROM (SELECT verdict, sum(texts) AS texts FROM part GROUP BY verdict) counted),
               (SELECT count(*) FROM generation_items item JOIN pair USING (profile_id, lesson_id)
                WHERE item.state = 'running'),
               (SELECT coalesce(sum(locked), 0) FROM part WHERE verdict = 'write'),
               (SELECT coalesce(jsonb_agg(size), '[]')::text FROM (SELECT to_jsonb(sized) AS size FROM sized
                UNION ALL SELECT to_jsonb(too_long) FROM too_long) sizes)
    """  # noqa: S608 constants of ours


def progress(run_id: UUID) -> Progress:
    """The state of a run now. Raises GenerationRun.DoesNotExist.

    Adds up what triggers have counted: a million items are read as quickly as ten.
    """
    run = GenerationRun.objects.get(pk=run_id)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"runs": [run_id]})
        kinds = cursor.fetchall()
        cursor.execute(_EXAMPLES, {"run": run_id, "codes": list({code for _, _, code, _ in kinds if code})})
        examples = {(code, state): message for code, state, message in cursor.fetchall()}
        cursor.execute(_RATE, {"run": run_id, "seconds": RATE_WINDOW})
        rate = cursor.fetchone()[0] or 0.0
    return Progress(
        run_id,
        run.state,
        run.note,
        _by_state(kinds).get(run_id, {}),
        _errors(kinds, examples),
        rate,
        **{name: getattr(run, name) for name in _OF_THE_RUN},
    )


def item_counts(run_ids: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
    """Run → state → items, for a page of runs."""
    runs = list(run_ids)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"runs": runs})
        counts = _by_state(cursor.fetchall())
    return {run_id: counts.get(run_id, {}) for run_id in runs}


type _Kind = tuple[UUID, str, str, int]  # run, state, error code, items


def _by_state(kinds: list[_Kind]) -> dict[UUID, dict[str, int]]:
    counts: dict[UUID, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for run_id, state, _, items in kinds:
        counts[run_id][state] += items
    return {run_id: dict(of_run) for run_id, of_run in counts.items()}


def _errors(kinds: list[_Kind], examples: dict[tuple[str, str], str]) -> list[ErrorKind]:
    """The most frequent first. Where the few items that were looked at show none, another state's example."""
    any_state = {code: message for (code, _), message in examples.items()}
    errors = [
        ErrorKind(state, code, items, examples.get((code, state), any_state.get(code, "")))
        for _, state, code, items in kinds
        if code
    ]
    return sorted(errors, key=lambda kind: (-kind.count, kind.code, kind.state))


@dataclass(frozen=True, slots=True)
class TextCounts:
    """Of a learner's lessons: how many have a text, have none, have a stale one."""

    lessons: int
    texts: int
    stale: int

    @property
    def missing(self) -> int:
        return self.lessons - self.texts


def text_counts(profile_ids: Iterable[UUID]) -> dict[UUID, TextCounts]:
    """Counts for each of the learners that has a course with lessons; one query, for a page of learners."""
    selection = Selection(profiles=tuple(profile_ids))
    # Only lessons with a text are joined: 50 learners of a course of 5,000 lessons took 4 s by their pairs.
    sql = f"""
        SELECT profile.id, counted.lessons, count(text.id), count(*) FILTER (WHERE {STALE})
        FROM profiles profile
        JOIN courses course ON course.slug = profile.course_slug
        JOIN (SELECT course_id, count(*) AS lessons FROM lessons GROUP BY course_id) counted
          ON counted.course_id = course.id
        LEFT JOIN (personalized_lesson_descriptions text JOIN lessons lesson ON lesson.id = text.lesson_id)
          ON text.profile_id = profile.id AND lesson.course_id = course.id
        {CLUSTER}
        WHERE profile.id = ANY(%(profiles)s::uuid[])
        GROUP BY profile.id, counted.lessons"""  # noqa: S608 constants of ours
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(selection))
        return {row[0]: TextCounts(*row[1:]) for row in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class LessonText:
    """One line of a learner's lessons. `text_id` None: there is no personal text yet."""

    lesson_id: UUID
    number: int
    title: str
    text_id: UUID | None
    origin: str | None
    model: str | None
    generated_at: datetime | None
    edited_at: datetime | None
    stale: bool


def lesson_texts(profile_id: UUID) -> list[LessonText]:
    """The lessons of the learner's course in order, each with its text's provenance."""
    sql = f"""SELECT lesson.id, lesson.lesson_number, lesson.title, text.id, text.origin, text.model,
                     text.generated_at, text.edited_at, coalesce({STALE}, false)
              {PAIRS} ORDER BY lesson.lesson_number"""
    with connection.cursor() as cursor:
        cursor.execute(sql, _parameters(Selection(profiles=(profile_id,))))
        return [LessonText(*row) for row in cursor.fetchall()]


def _parameters(selection: Selection, prompts: LivePrompts | None = None) -> dict[str, Any]:
    prompts = prompts or live_prompts()
    recipes = current_recipe("openai", prompts.personal), current_recipe("simple")
    return selection_parameters(selection, *recipes, prompts)
