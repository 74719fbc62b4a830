"""What comes of a run after it was cancelled: answers that are paid for, and no text."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from personalization.models import PersonalizedLessonDescription

# Each version of a text, by the run that wrote it.
WRITTEN = """
    SELECT count(*) FROM changes change JOIN pghistory_context context ON context.id = change.context_id
    WHERE change.table_name = 'personalized_lesson_descriptions' AND context.metadata ->> 'run' = %s
"""
# Calls that ended well when nothing could be published of them any more.
ANSWERED_LATE = """
    SELECT count(*) FROM model_calls call JOIN generation_runs run ON run.id = call.run_id
    WHERE run.state = 'cancelled' AND call.state = 'ok' AND call.finished_at > run.closed_at
"""

type Version = tuple[object, ...]
"""One text as it was at a moment."""


@dataclass(slots=True)
class Cancels:
    """Compares twice: the texts themselves once all is quiet, whoever has written them; and in the end the
    history of each run, for what came later still."""

    _written: dict[UUID, int] = field(default_factory=dict)
    _texts: frozenset[Version] = frozenset()
    _changed: int = 0

    def cancelled(self, run: UUID) -> None:
        """Call it at once when the run is cancelled."""
        self._written[run] = _written_by(run)
        self._texts = _texts()

    def quiet(self) -> None:
        """Call it when nothing of that run is under way, and nobody has asked for anything since."""
        self._changed += len(_texts() - self._texts)

    def late_texts(self) -> int:
        """How many came after their runs were cancelled."""
        later = sum(_written_by(run) - then for run, then in self._written.items())
        return max(self._changed, later)

    def late_answers(self) -> int:
        """How many came then, each of which could have become a text."""
        with connection.cursor() as cursor:
            cursor.execute(ANSWERED_LATE)
            return int(cursor.fetchone()[0])


def _texts() -> frozenset[Version]:
    return frozenset(PersonalizedLessonDescription.objects.values_list("pk", "generated_at", "fingerprint"))


def _written_by(run: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [str(run)])
        return int(cursor.fetchone()[0])
