"""A provider that serves nobody is no item's fault: the run pauses, as with a refused key.

Without this an outage that outlasts an item's pauses, two minutes or so, would fail a run of 12,000 texts one
by one, each after six calls.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext_noop

from personalization.models import GenerationRun
from personalization.services.attempts import Outcome

NOBODY_SERVED = gettext_noop("the endpoint has served none of the last calls: resume the run when it is back")
# Ends of calls that say nothing of the item: nobody answered, or not yet.
CODES = ("connection", "timeout", "rate_limit", "http_408")
_OUTAGE = "(error_code = ANY(%(codes)s) OR error_code LIKE 'http\\_5%%')"
CALLS = 20  # of the run, one after the other: were every second call to fail, once in a million
# Those whose last attempt this was: their pauses have outlasted a minute already.
AT_AN_END = """
    SELECT item.id, item.run_id FROM unnest(%(ids)s::bigint[], %(tokens)s::uuid[]) AS given (id, token)
    JOIN generation_items item ON item.id = given.id AND item.lease_token = given.token
    WHERE item.state = 'running' AND item.attempts >= item.max_attempts
"""
UNSERVED = f"""
    SELECT run.id FROM unnest(%(runs)s::uuid[]) AS run (id)
    WHERE (SELECT count(*) FILTER (WHERE state = 'error' AND {_OUTAGE}) FROM (
        SELECT state, error_code FROM model_calls
        WHERE run_id = run.id AND state <> 'reserved' AND error_code <> 'unsent'
        ORDER BY started_at DESC LIMIT {CALLS}) latest) = {CALLS}
"""  # noqa: S608 constants of ours
# The tries that the outage took are given back: of all that wait, for what was in hand when the run was
# paused has no error of its own. What kills its workers does so whoever is served.
FORGIVE = """
    UPDATE generation_items item SET attempts = 0
    FROM (SELECT id FROM generation_items
          WHERE run_id = %s AND state = 'queued' AND attempts > 0 AND error_code <> 'lease_lost'
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) tried
    WHERE item.id = tried.id
"""


def excused(cursor: CursorWrapper, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes; those that would fail their items because nobody is served pause their runs instead.

    Inside a transaction that has locked the runs.
    """
    tried = {o.claim.id: o for o in outcomes if o.state == "retry" and not o.give_back and is_outage(o.code)}
    if not tried:
        return list(outcomes)
    claims = [outcome.claim for outcome in tried.values()]
    cursor.execute(AT_AN_END, {"ids": [c.id for c in claims], "tokens": [c.token for c in claims]})
    runs = dict(cursor.fetchall())
    if not runs:
        return list(outcomes)
    cursor.execute(UNSERVED, {"runs": list(set(runs.values())), "codes": list(CODES)})
    unserved = {row[0] for row in cursor.fetchall()}
    at_an_end = {tried[item].claim.token for item, run in runs.items() if run in unserved}
    return [_excused(o) if o.claim.token in at_an_end else o for o in outcomes]


def is_outage(code: str) -> bool:
    return code in CODES or code.startswith("http_5")


def _excused(outcome: Outcome) -> Outcome:
    return replace(outcome, message=NOBODY_SERVED, delay=0.0, give_back=True, blocks=True)


def forgive(run: GenerationRun) -> None:
    """What the run has tried in vain while nobody was served counts no more."""
    with connection.cursor() as cursor:
        cursor.execute(FORGIVE, [run.pk])
