"""A run's items, written by one statement however many there are; nothing is loaded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from courses.database import take_your_time
from personalization.models.runs import PILOT_PRIORITY, PRIORITY, UNENDED_SQL, GenerationRun
from personalization.pairs import (
    ORDERED,
    PAIRS,
    SIZED,
    SIZED_PAIRS,
    SIZED_VERDICT,
    Selection,
    selection_parameters,
    slug_of,
    verdict_parameters,
)
from personalization.services.run_prompts import TRIED, prompts_of
from personalization.writers.registry import current_recipe

# What waits goes over to the newer ask and its options, as if it had not been tried; what runs does so when
# its attempt ends. An item that is held waits for the older run's money or look, and not for this one's.
_GO_OVER = """
    DO UPDATE SET wanted_rev = item.wanted_rev + 1, store = coalesce(excluded.store, item.store),
        run_id = CASE item.state WHEN 'running' THEN item.run_id ELSE excluded.run_id END,
        next_run_id = CASE item.state WHEN 'running' THEN excluded.run_id END,
        next_priority = CASE item.state WHEN 'running' THEN excluded.priority END,
        priority = CASE item.state WHEN 'running' THEN item.priority ELSE excluded.priority END,
        state = CASE item.state WHEN 'held' THEN 'queued' ELSE item.state END,
        attempts = CASE WHEN item.state IN ('queued', 'held') THEN 0 ELSE item.attempts END,
        available_at = CASE WHEN item.state IN ('queued', 'held') THEN clock_timestamp()
                            ELSE item.available_at END,
        error_code = CASE WHEN item.state IN ('queued', 'held') THEN '' ELSE item.error_code END,
        error_message = CASE WHEN item.state IN ('queued', 'held') THEN '' ELSE item.error_message END,
        needs_micro = NULL
    RETURNING item.run_id, coalesce(item.next_priority, item.priority) AS priority
"""
_OPEN = f"state IN {UNENDED_SQL}"
_ASK = f"ON CONFLICT (profile_id, lesson_id) WHERE {_OPEN} {_GO_OVER}"
_COUNTED = f"""
    SELECT count(*) FILTER (WHERE run_id = %(run)s), count(*) FILTER (WHERE run_id <> %(run)s),
        count(*) FILTER (WHERE priority = {PILOT_PRIORITY}) FROM asked
"""  # noqa: S608 constants of ours
ASK = f"""
    WITH asked AS (
        INSERT INTO generation_items AS item (run_id, profile_id, lesson_id)
        SELECT %(run)s, profile.id, lesson.id {PAIRS} {ORDERED}
        {_ASK}
    ) {_COUNTED}
"""
# The pilot takes texts that will be written, spread like a diagonal over learners and lessons, both shuffled
# otherwise for each run: no learner comes a second time before each was there once, and lessons take turns.
# Where those that nobody writes at this moment are too few, it waits for some that come over from elsewhere.
ASK_WITH_PILOT = f"""
    WITH {SIZED}, pair AS MATERIALIZED (
        SELECT lesson.lesson_number AS number, lesson.id AS lesson_id, profile.id AS profile_id,
            {SIZED_VERDICT} = 'write' AS written
        {SIZED_PAIRS} {ORDERED}
    ), elsewhere AS MATERIALIZED (
        SELECT item.profile_id, item.lesson_id, pair.written
        FROM pair JOIN generation_items item USING (profile_id, lesson_id) WHERE item.state = 'running'
    ), shuffled AS MATERIALIZED (
        SELECT profile_id, lesson_id,
            dense_rank() OVER (ORDER BY md5(concat(%(run)s::uuid, profile_id))) AS learner,
            dense_rank() OVER (ORDER BY md5(concat(%(run)s::uuid, lesson_id))) AS lesson
        FROM pair WHERE written AND NOT EXISTS (
            SELECT FROM elsewhere WHERE elsewhere.profile_id = pair.profile_id
            AND elsewhere.lesson_id = pair.lesson_id)
    ), size AS (
        SELECT max(learner) AS learners, max(lesson) AS lessons FROM shuffled
    ), first AS MATERIALIZED (
        SELECT profile_id, lesson_id FROM shuffled CROSS JOIN size
        ORDER BY CASE WHEN learners >= lessons THEN (lesson - learner %% lessons + lessons) %% lessons
                      ELSE (learner - lesson %% learners + learners) %% learners END,
            CASE WHEN learners >= lessons THEN learner ELSE lesson END
        LIMIT %(pilot)s
    ), chosen AS (
        SELECT profile_id, lesson_id FROM first UNION ALL (
            SELECT profile_id, lesson_id FROM elsewhere
            ORDER BY written DESC, md5(concat(%(run)s::uuid, profile_id, lesson_id))
            LIMIT greatest(0, %(pilot)s - (SELECT count(*) FROM first)))
    ), asked AS (
        INSERT INTO generation_items AS item (run_id, profile_id, lesson_id, priority)
        SELECT %(run)s, profile_id, lesson_id,
            CASE WHEN chosen.profile_id IS NULL THEN {PRIORITY} ELSE {PILOT_PRIORITY} END
        FROM pair LEFT JOIN chosen USING (profile_id, lesson_id) ORDER BY number, lesson_id, profile_id
        {_ASK}
    ) {_COUNTED}
"""  # noqa: S608 constants of ours
ASK_TEMPLATES = f"""
    WITH asked AS (
        INSERT INTO generation_items AS item (run_id, kind, lesson_id, store, priority)
        SELECT %(run)s, 'templates', id, %(stores)s::jsonb ->> course_id::text, %(priority)s
        FROM lessons WHERE id = ANY(%(lessons)s::uuid[])
        ORDER BY course_id, lesson_number, id
        ON CONFLICT (lesson_id) WHERE kind = 'templates' AND {_OPEN} {_GO_OVER}
    ) {_COUNTED}
"""  # noqa: S608 constants of ours

# While a planning holds what runs, no heartbeat can renew it. Who has lost it before that stays lost.
RENEW = """
    UPDATE generation_items SET lease_until = clock_timestamp() + make_interval(secs => %s)
    WHERE next_run_id = %s AND state = 'running' AND lease_until > transaction_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """`asked` items are in the run; `coalesced` ones run for another, and come to this one afterwards.
    `pilot` of both are in its pilot."""

    asked: int
    coalesced: int
    pilot: int


def plan(run: GenerationRun, selection: Selection, pilot: int | None) -> Planned:
    """Asks for the selection's pairs. Locks them in one order: two asks never wait for each other."""
    prompts = prompts_of(run.options.get(TRIED))
    recipes = current_recipe("openai", prompts.personal), current_recipe("simple")
    parameters: dict[str, Any] = {"run": run.pk, **selection_parameters(selection, *recipes, prompts)}
    if pilot is not None:
        options = {name: bool(run.options.get(name)) for name in ("force", "replace_locked")}
        parameters |= {"pilot": pilot, "slug": slug_of(selection.course)}
        parameters |= verdict_parameters(current_recipe(run.backend, prompts.personal), **options)
    take_your_time()  # a million items: longer than a page may take for anything else
    with connection.cursor() as cursor:
        cursor.execute(ASK if pilot is None else ASK_WITH_PILOT, parameters)
        return Planned(*cursor.fetchone())


def plan_templates(run: GenerationRun, lessons: Sequence[UUID]) -> Planned:
    """Asks for the standard descriptions of these lessons; of a pilot, all of them are in it."""
    with connection.cursor() as cursor:
        stores = json.dumps(run.options.get("stores", {}))
        priority = PILOT_PRIORITY if run.pilot else PRIORITY
        parameters: dict[str, Any] = {
            "run": run.pk,
            "lessons": list(lessons),
            "stores": stores,
            "priority": priority,
        }
        cursor.execute(ASK_TEMPLATES, parameters)
        return Planned(*cursor.fetchone())


def renew_leases(run: GenerationRun) -> None:
    """At a planning's end, however long it took: the workers of what it has asked for keep what they have."""
    with connection.cursor() as cursor:
        cursor.execute(RENEW, [settings.GENERATION_LEASE_SECONDS, run.pk])
