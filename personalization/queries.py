"""What a run would do, and how one goes: reads that more than one door shares."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from personalization.live_prompts import LivePrompts, live_prompts
from personalization.models.runs import ENDED, GenerationRun
from personalization.pairs import (
    ORDERED,
    SIZED,
    SIZED_PAIRS,
    SIZED_VERDICT,
    Selection,
    selection_parameters,
    slug_of,
    verdict_parameters,
)
from personalization.sizes import CACHEABLE, SHARED, TO_CONDENSE, WARM, Size, overheads, to_condense
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
# Of all that ended, and of what was written: what is unchanged ends in no time, and says nothing of the rest.
_RATES = """
    SELECT count(*) / greatest(1, extract(epoch FROM now() - min(finished_at)))::float,
        count(*) FILTER (WHERE state IN ('done', 'failed'))
            / greatest(1, extract(epoch FROM now() - min(finished_at)))::float
    FROM (SELECT finished_at, state FROM generation_items WHERE run_id = %(run)s
    AND finished_at > now() - make_interval(secs => %(seconds)s) ORDER BY finished_at DESC LIMIT 10000) latest
"""
_OF_THE_RUN = (
    *("pilot", "budget_micro", "spent_micro", "reserved_micro", "overrun", "estimate_micro", "to_write"),
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
    """Counts of a run's items by state; `rate` in items per second over the last half minute, `written_rate`
    of those that were written or have failed at it.

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
    overrun: float = 1.0
    estimate_micro: int | None = None
    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    to_write: int | None = None
    written_rate: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return sum(self.counts.get(state, 0) for state in ENDED)

    @property
    def pace(self) -> float:
        """Items per second, as the rest will end: of those written, while there is something to write."""
        return self.written_rate if self._left_to_write else self.rate

    @property
    def seconds_left(self) -> float | None:
        left = self._left_to_write or self.total - self.ended
        return left / self.pace if self.pace else None

    @property
    def _left_to_write(self) -> int:
        """0, too, where nobody has counted what is to be written."""
        written = self.counts.get("done", 0) + self.counts.get("failed", 0)
        return min(self.total - self.ended, max(0, (self.to_write or 0) - written))


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
    recipes = current_recipe("openai", prompts.personal), current_recipe("simple")
    options = {"force": force, "replace_locked": replace_locked}
    parameters = {
        **selection_parameters(selection, *recipes, prompts),
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
        ), warm AS MATERIALIZED ({WARM}
        ), sized AS (
            SELECT course.personal_format AS format, course.language, sum(texts) AS texts,
                   sum({SHARED} * texts + part.tokens) AS input_tokens,
                   sum({CACHEABLE} * (texts - 1 + (lesson_id IN (SELECT warm.lesson_id FROM warm))::int))
                       AS cacheable_tokens
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
        cursor.execute(_RATES, {"run": run_id, "seconds": RATE_WINDOW})
        rate, written_rate = (found or 0.0 for found in cursor.fetchone())
    return Progress(
        run_id,
        run.state,
        run.note,
        _by_state(kinds).get(run_id, {}),
        _errors(kinds, examples),
        rate,
        written_rate=written_rate,
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
