"""How the queue and its workers are. Each read takes milliseconds, however many items and calls there are."""

from dataclasses import dataclass

from django.db import connection

from personalization.models.runs import ENDED, PILOT_PRIORITY, ItemState, RunState

# Only what a worker may take: nothing of a run that waits for money or for a look at its pilot, and while a
# pilot is written, nothing else.
_OLDEST_DUE = """
    SELECT coalesce(greatest(0, extract(epoch FROM statement_timestamp() - min(item.first)))::float, 0)
    FROM generation_runs run CROSS JOIN LATERAL (
        SELECT min(available_at) AS first FROM generation_items
        WHERE run.pilot NOT IN ('writing', 'waiting') AND run_id = run.id AND state = 'queued'
        UNION ALL
        SELECT min(available_at) FROM generation_items
        WHERE run.pilot = 'writing' AND run_id = run.id AND state = 'queued' AND priority = %s
    ) item
    WHERE run.state = 'open' AND (run.budget_micro IS NULL OR NOT EXISTS (
        SELECT FROM generation_items WHERE run_id = run.id AND state = 'held' AND error_code = 'budget'))
"""


def oldest_due() -> float:
    """For how many seconds the oldest item that a worker may take has been due; 0: none waits.

    In a large run it grows while all is well: the last item waits until the others are through.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_DUE, [PILOT_PRIORITY])
        seconds: float = cursor.fetchone()[0]
    return seconds


_MOVING = """
    SELECT EXISTS (SELECT FROM generation_items
                   WHERE state = 'running' AND lease_until > statement_timestamp())
        OR EXISTS (SELECT FROM generation_runs run CROSS JOIN LATERAL (
            SELECT FROM generation_items WHERE run_id = run.id
            AND finished_at > statement_timestamp() - make_interval(secs => %s) LIMIT 1) ended
        WHERE run.state = 'open')
"""


def moving(seconds: float) -> bool:
    """Whether a worker holds an item now, or one of an open run has ended within the last `seconds`."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVING, [seconds])
        answer: bool = cursor.fetchone()[0]
    return answer


def runs() -> dict[str, int]:
    """State → runs; every state is there."""
    return _counted("SELECT state, count(*) FROM generation_runs GROUP BY 1", RunState.values)


def items(run_state: str) -> dict[str, int]:
    """State → items of the runs in that state; every state is there. Added up from counts, not counted."""
    sql = """
        SELECT count.state, sum(count.items)::bigint
        FROM generation_runs run JOIN generation_counts count ON count.run_id = run.id
        WHERE run.state = %s GROUP BY 1
    """
    return _counted(sql, ItemState.values, run_state)


def ended() -> dict[str, int]:
    """State → items that have ever come to that end, also of runs that have ended or are gone."""
    found = _counted("SELECT state, sum(items)::bigint FROM ended_totals GROUP BY 1", ItemState.values)
    return {state: found[state] for state in ENDED}


def _counted(sql: str, states: list[str], *parameters: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        found = dict(cursor.fetchall())
    return {state: found.get(state, 0) for state in states}


@dataclass(frozen=True, slots=True)
class Calls:
    """Totals of the settled calls of one model and result; `up_to` as in CallTotal. `seconds`
    are whole microseconds."""

    model: str
    result: str
    error_code: str
    up_to: float | None
    calls: int
    seconds: float
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_micro: int

    @property
    def microseconds(self) -> int:
        return round(self.seconds * 1_000_000)


@dataclass(frozen=True, slots=True)
class Requests:
    """Of one model: how long the provider took to answer."""

    model: str
    up_to: float
    calls: int
    microseconds: int


def requests() -> list[Requests]:
    """By model and duration; only those of which somebody measured it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT model, up_to, sum(calls)::bigint, sum(microseconds)::bigint
               FROM request_totals GROUP BY 1, 2 ORDER BY 1, 2"""
        )
        return [Requests(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Waits:
    """Of all workers' requests for one model. `given_up`: those that were let go before their turn."""

    model: str
    waits: int
    seconds: float
    given_up: int


def waits() -> list[Waits]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT model, waits, seconds, given_up FROM limiter_waits ORDER BY 1")
        return [Waits(*row) for row in cursor.fetchall()]


def calls() -> list[Calls]:
    """By model, result, error and duration. The numbers only grow, whatever the ledger forgets."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT model, result, error_code, up_to, sum(calls)::bigint, sum(microseconds) / 1e6::float,
                   sum(input_tokens)::bigint, sum(cached_tokens)::bigint, sum(output_tokens)::bigint,
                   sum(cost_micro)::bigint
               FROM call_totals GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
        )
        return [Calls(*row) for row in cursor.fetchall()]
