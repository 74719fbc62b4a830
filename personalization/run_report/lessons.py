"""Which lessons take the model longest: by the time of their calls, as the ledger has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

MOST_LESSONS = 5
# A run of a million calls is looked at here and there: lessons are written one after the other, so that the
# last calls would all be of one lesson. POINTS index look-ups, evenly spread over the run's time.
POINTS, EACH = 100, 20

TIMES = """
    WITH span AS MATERIALIZED (
        SELECT (SELECT started_at FROM model_calls WHERE run_id = %(run)s
                ORDER BY started_at LIMIT 1) AS first,
               (SELECT started_at FROM model_calls WHERE run_id = %(run)s
                ORDER BY started_at DESC LIMIT 1) AS last
    ), looked_at AS MATERIALIZED (
        SELECT DISTINCT call.* FROM span
        CROSS JOIN generate_series(0, %(points)s - 1) AS n CROSS JOIN LATERAL (
            -- Of calls from before it was measured: with the waits for their turn.
            SELECT id, item_id,
                coalesce(seconds, extract(epoch FROM finished_at - started_at)::float) AS seconds
            FROM model_calls WHERE run_id = %(run)s
            AND started_at >= span.first + (span.last - span.first) * (n / %(points)s::float)
            AND state IN ('ok', 'bad', 'error')
            ORDER BY started_at LIMIT %(each)s
        ) call
    )
    SELECT lesson.id, lesson.lesson_number, lesson.title, count(*), avg(seconds), max(seconds),
           sum(count(*)) OVER ()::bigint, sum(sum(seconds)) OVER () / sum(count(*)) OVER ()
    FROM looked_at JOIN generation_items item ON item.id = looked_at.item_id
    JOIN lessons lesson ON lesson.id = item.lesson_id
    GROUP BY lesson.id ORDER BY avg(seconds) DESC, lesson.lesson_number LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class LessonTime:
    """Of the calls that were looked at: how many were this lesson's, and their times in seconds."""

    lesson_id: UUID
    number: int
    title: str
    calls: int
    mean: float
    longest: float


@dataclass(frozen=True, slots=True)
class LessonTimes:
    """The slowest lessons first. `calls` were looked at; `spread`: here and there in a longer run."""

    lessons: Sequence[LessonTime] = ()
    calls: int = 0
    spread: bool = False
    mean: float = 0.0


def slowest_lessons(run_id: UUID, calls: int) -> LessonTimes:
    """Of all the run's calls (there are `calls`) up to 2,000, else of 2,000 spread over it."""
    few = calls <= POINTS * EACH
    points, each = (1, POINTS * EACH) if few else (POINTS, EACH)
    with connection.cursor() as cursor:
        cursor.execute(TIMES, {"run": run_id, "points": points, "each": each, "most": MOST_LESSONS})
        rows = cursor.fetchall()
    if not rows:
        return LessonTimes()
    seen, mean = rows[0][6:]
    return LessonTimes([LessonTime(*row[:6]) for row in rows], seen, not few, mean)
