"""The log of refined prompts: kept for so many days, for it holds what learners have answered."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from personalization.brief import Brief
from personalization.errors import WriterError
from personalization.prompts import learners_part

log = logging.getLogger(__name__)
KEPT_DAYS = 90  # docs/clusters.md says so too
# A batch for each sweep: of a million that are due at once, none may hold up what else is swept.
FORGET = """
    DELETE FROM prompt_refinements WHERE id IN (
        SELECT id FROM prompt_refinements WHERE created_at < statement_timestamp() - make_interval(days => %s)
        ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
BATCH = 10_000

# Who was deleted meanwhile is left out, and with them what was said of them.
_LOG = """
    INSERT INTO prompt_refinements (user_id, session_id, original_prompt, refined_prompt, cluster_type)
    SELECT profile.id, given.session_id, given.original_prompt, given.refined_prompt, given.cluster_type
    FROM jsonb_to_recordset(%s::jsonb) AS given (user_id uuid, session_id uuid, original_prompt text,
        refined_prompt text, cluster_type text)
    JOIN profiles profile ON profile.id = given.user_id
    ORDER BY profile.id FOR KEY SHARE OF profile
"""


@dataclass(frozen=True, slots=True)
class Refinement:
    """`session_id`: the run. The prompts without the part that all learners of the lesson share."""

    user_id: UUID
    session_id: UUID
    original_prompt: str
    refined_prompt: str
    cluster_type: str


def refinement(*, profile: UUID, run: UUID, brief: Brief) -> Refinement | None:
    """What the brief's guidance did to its prompt; None where there is none."""
    if not brief.guidance:
        return None
    try:
        original = learners_part(replace(brief, guidance=""))
        return Refinement(profile, run, original, learners_part(brief), brief.cluster_type)
    except WriterError as error:
        # Only of the prompt without its guidance, which nobody sends: a log stops no run.
        log.error("a refined prompt could not be logged: %s", error)
        return None


def log_refinements(rows: Sequence[Refinement]) -> int:
    """How many were kept. A log that cannot be written stops no run: that is logged instead.

    Only a lost connection is the caller's business.
    """
    if not rows:
        return 0
    said = [asdict(row) | {"user_id": str(row.user_id), "session_id": str(row.session_id)} for row in rows]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOG, [json.dumps(said)])
            return int(cursor.rowcount)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError as error:
        log.error("%d refined prompts could not be logged: %s", len(rows), type(error).__name__)
        return 0


def forget_old_refinements(batch: int = BATCH) -> int:
    """How many rows that are older than KEPT_DAYS were deleted, at most so many."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [KEPT_DAYS, batch])
        return int(cursor.rowcount)
