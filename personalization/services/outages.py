"""A provider that serves nobody is no item's fault: the run pauses, as with a refused key.

Without this an outage that outlasts an item's pauses, two minutes or so, would fail a run of 12,000 texts one
by one, each after six calls.

Once a run has gone on after such a pause, and still nobody is served, either the provider is not back or what
is left cannot be served. One lesson and a few learners may be to blame for what failed since: that fails, and
the run ends. What is more than that pauses it again, as often as somebody lets it go on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_noop

from courses.database import take_your_time
from personalization.condensing.prompt import MARK
from personalization.models.runs import GenerationRun, RunState
from personalization.services.attempts import Outcome

NOBODY_SERVED = gettext_noop("the endpoint has served none of the last calls: resume the run when it is back")
NOBODY_UNDERSTOOD = gettext_noop(
    "the endpoint has refused or failed all of the last calls (400): check OPENAI_API_KEY, OPENAI_MODEL and "
    "OPENAI_BASE_URL, then resume the run, and retry what has failed"
)
# As some answer to a wrong key or model. The item's own fault, and final, where others are served.
REFUSED = "http_400"
# Ends of calls that say nothing of the item: nobody answered, or not yet.
CODES = ("connection", "timeout", "rate_limit", "http_408", REFUSED)
_VAIN = "call.state = 'error' AND (call.error_code = ANY(%(codes)s) OR call.error_code LIKE 'http\\_5%%')"
# The parts of a long lesson count each by itself: they are asked for one by one, for all its learners.
_OF_PART = "call.prompt_version LIKE %(condensing)s"
CALLS = 20  # of the run, one after the other: were every second call to fail, once in a million
WHOM = 3  # learners at least, or lessons that get a description: one whom no model can serve fails alone
# Those whose last attempt this was: their pauses have outlasted a minute already.
AT_AN_END = """
    SELECT item.lease_token FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS given (id, token)
    JOIN generation_items item ON item.id = given.id AND item.lease_token = given.token
    WHERE item.state = 'running' AND item.attempts >= item.max_attempts
"""
SEEN_AT = "unserved_at"  # of a run's options: when it was last paused for this
# Not where a person was quicker: in a run that was not stopped by this, nothing is to blame yet.
REMEMBER = f"""
    UPDATE generation_runs SET options = options || jsonb_build_object('{SEEN_AT}', clock_timestamp())
    WHERE id = ANY(%s::uuid[]) AND state = 'open'
"""  # noqa: S608 constants of ours
# Of these runs those whose last calls were all in vain.
IN_VAIN = f"""
    SELECT run.id, run.state, run.options ->> '{SEEN_AT}' FROM generation_runs run CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {_VAIN}) AS vain,
               count(DISTINCT coalesce(CASE WHEN NOT {_OF_PART}
                   THEN coalesce(item.profile_id, item.lesson_id)::text END, call.id::text)) AS whom
        FROM (SELECT id, item_id, state, error_code, prompt_version FROM model_calls
              WHERE run_id = run.id AND state IN ('ok', 'bad', 'error')
                AND error_code NOT IN ('unsent', 'stopped')
              ORDER BY started_at DESC LIMIT {CALLS}) call
        LEFT JOIN generation_items item ON item.id = call.item_id) told
    WHERE run.id = ANY(%(runs)s::uuid[]) AND told.vain = {CALLS} AND told.whom >= {WHOM}
"""  # noqa: S608 constants of ours
# While a run waits none of its calls begins. In this order an index finds them at once, among a million.
_SINCE = "call.run_id = %(run)s AND call.started_at > %(since)s::timestamptz"
# Whether one was served since then; or many were not, also without the lesson that has most of them: these
# are too many for a few to be to blame.
ANOTHER_OUTAGE = f"""
    WITH vain AS (
        SELECT item.lesson_id AS lesson, CASE WHEN {_OF_PART} THEN -call.id ELSE item.id END AS asked,
            coalesce(CASE WHEN NOT {_OF_PART} THEN item.profile_id END, item.lesson_id) AS whom
        FROM model_calls call JOIN generation_items item ON item.id = call.item_id
        WHERE {_SINCE} AND {_VAIN}
    )
    SELECT coalesce(
        (SELECT true FROM model_calls call WHERE {_SINCE} AND call.state = 'ok' ORDER BY started_at LIMIT 1),
        (SELECT count(DISTINCT asked) >= {CALLS}
             AND count(DISTINCT whom) FILTER (WHERE vain.lesson <> most.lesson) >= {WHOM}
         FROM (SELECT mode() WITHIN GROUP (ORDER BY lesson) AS lesson FROM vain) most, vain))
"""  # noqa: S608 constants of ours
# The tries that the outage took are given back: of all that wait, for what was in hand when the run was
# paused has no error of its own. What kills its workers does so whoever is served.
FORGIVE = """
    UPDATE generation_items item SET attempts = 0
    FROM (SELECT id FROM generation_items
          WHERE run_id = %(run)s AND state = 'queued' AND attempts > 0 AND error_code <> 'lease_lost'
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) tried
    WHERE item.id = tried.id
"""
FORGIVE_CONDENSING = """
    UPDATE condensed_sources source SET attempts = 0
    WHERE text IS NULL AND attempts > 0 AND EXISTS (
        SELECT FROM generation_items item
        WHERE item.lesson_id = source.lesson_id AND item.run_id = %(run)s AND item.state = 'queued')
"""


def excused(cursor: CursorWrapper, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes; those that would fail items because nobody is served pause their runs instead.

    Inside a transaction that has locked the runs.
    """
    ends = _at_an_end(cursor, outcomes)
    if not ends:
        return list(outcomes)
    runs = list({outcome.claim.run_id for outcome in ends})
    unserved = _unserved(cursor, runs)
    if unserved:
        cursor.execute(REMEMBER, [list(unserved)])
    tokens = {outcome.claim.token for outcome in ends if outcome.claim.run_id in unserved}
    return [_excused(o) if o.claim.token in tokens else o for o in outcomes]


def _unserved(cursor: CursorWrapper, runs: list[UUID]) -> set[UUID]:
    """Those that are to wait for the provider. One that is stopped does so already, whoever has paused it."""
    parameters: dict[str, Any] = {"codes": list(CODES), "condensing": f"{MARK}%"}
    cursor.execute(IN_VAIN, {"runs": runs, **parameters})
    unserved = set()
    for run, state, since in cursor.fetchall():
        if state == RunState.OPEN and since is not None:
            # Of its own, so that the planner knows how few calls there are since.
            cursor.execute(ANOTHER_OUTAGE, {"run": run, "since": since, **parameters})
            if cursor.fetchone() == (False,):
                continue
        unserved.add(run)
    return unserved


def _at_an_end(cursor: CursorWrapper, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those that fail an item, or with its source all items of a lesson, for want of any answer."""
    ends = [o for o in outcomes if o.not_condensed and o.not_condensed.hopeless and _is_outage(o)]
    ends += [o for o in outcomes if o.state == "failed" and o.code == REFUSED]
    tried = [o for o in outcomes if o.state == "retry" and not o.give_back and _is_outage(o)]
    if tried:
        claims = [outcome.claim for outcome in tried]
        cursor.execute(AT_AN_END, {"ids": [c.id for c in claims], "tokens": [c.token for c in claims]})
        last = {row[0] for row in cursor.fetchall()}
        ends += [outcome for outcome in tried if outcome.claim.token in last]
    return ends


def _is_outage(outcome: Outcome) -> bool:
    code = outcome.not_condensed.code if outcome.not_condensed else outcome.code
    return code in CODES or code.startswith("http_5")


def _excused(outcome: Outcome) -> Outcome:
    noted = outcome.not_condensed
    return replace(
        outcome,
        state="retry",
        code=noted.code if noted else outcome.code,
        message=NOBODY_UNDERSTOOD if REFUSED in (outcome.code, noted and noted.code) else NOBODY_SERVED,
        delay=0.0,
        give_back=True,
        blocks=True,
        not_condensed=noted and replace(noted, delay=0.0, hopeless=False, drop=()),
    )


def forgive(run: GenerationRun) -> None:
    """Of a paused run, which the transaction has locked: what it has tried in vain while nobody was served
    counts no more. Whoever has paused it: a person may see an outage before the tries are used up."""
    with connection.cursor() as cursor:
        if run.note == NOBODY_SERVED or _unserved(cursor, [run.pk]):
            take_your_time()  # it looks at all that waits
            cursor.execute(FORGIVE, {"run": run.pk})
            cursor.execute(FORGIVE_CONDENSING, {"run": run.pk})
