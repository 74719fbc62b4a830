"""Lessons that are condensed before a run's texts are written: how far they are, and what keeps them."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from personalization.explanations import explanation
from personalization.models.condensing import CONDENSING
from personalization.models.runs import ItemState
from personalization.queries import ErrorKind, Progress
from personalization.run_report.words import duration_words

MOST_LESSONS = 5  # lines; a run condenses few at one time
# The newest row of a lesson: what it said before, nobody condenses any more.
LESSONS = f"""
    SELECT number, title, parts, part_count, attempts, problem, seconds FROM (
        SELECT DISTINCT ON (source.lesson_id) lesson.lesson_number AS number, lesson.title,
            (SELECT count(*) FROM condensed_parts part WHERE part.source_id = source.id) AS parts,
            source.part_count, source.attempts, source.problem,
            greatest(0, extract(epoch FROM source.available_at - clock_timestamp()))::float AS seconds
        FROM (SELECT DISTINCT lesson_id FROM (
                SELECT lesson_id FROM generation_items
                WHERE run_id = %s AND error_code = '{CONDENSING}' AND error_code <> ''
                LIMIT 2000) looked_at) waiting
        JOIN condensed_sources source ON source.lesson_id = waiting.lesson_id
        JOIN lessons lesson ON lesson.id = source.lesson_id
        WHERE source.text IS NULL AND source.error_code = ''
        ORDER BY source.lesson_id, source.id DESC) newest
    ORDER BY number LIMIT {MOST_LESSONS}
"""  # noqa: S608 constants of ours


@dataclass(frozen=True, slots=True)
class CondensedLesson:
    """`parts` of `part_count` are done. `attempts` have failed at the next one, the last with `problem`, a
    code; it is tried again in so many `seconds`."""

    number: int
    title: str
    parts: int
    part_count: int
    attempts: int
    problem: str
    seconds: float

    @property
    def words(self) -> str:
        said = _("Lesson {number} “{title}”: {parts} of {part_count} parts are condensed.").format(
            number=self.number, title=self.title, parts=self.parts, part_count=self.part_count
        )
        if not self.problem:
            return said
        failed = _("The next one has failed (attempts: {attempts}): {reason}.").format(
            attempts=self.attempts, reason=explanation(self.problem, "") or self.problem
        )
        again = _("It is tried again in {time}.").format(time=duration_words(self.seconds))
        return " ".join([said, failed, *([again] if self.seconds >= 1 else [])])


def waits_for_condensing(kind: ErrorKind) -> bool:
    return kind.code == CONDENSING


def waiting_items(now: Progress) -> int:
    """How many of the run's items wait until their lesson is condensed."""
    return sum(
        kind.count for kind in now.errors if waits_for_condensing(kind) and kind.state == ItemState.QUEUED
    )


def condensed_lessons(run_id: UUID) -> list[CondensedLesson]:
    """The lessons that items of the run wait for, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(LESSONS, [run_id])
        return [CondensedLesson(*row) for row in cursor.fetchall()]
