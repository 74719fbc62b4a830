"""Keeps the daily sums small: a row for each call becomes a row for each day, course and model."""

from django.db import connection

MOST_ROWS = 20  # of one day, course and model, before they are folded: a handful is added up as quickly

# Only what nobody else is folding: two sweeps at once fold different rows, and no sum is lost or doubled.
FOLD = """
    WITH several AS MATERIALIZED (
        SELECT day, course_id, model FROM daily_costs
        WHERE day >= (clock_timestamp() AT TIME ZONE 'UTC')::date - 1
        GROUP BY 1, 2, 3 HAVING count(*) > %s
    ), loose AS MATERIALIZED (
        SELECT cost.id FROM daily_costs cost JOIN several ON cost.day = several.day
            AND cost.course_id IS NOT DISTINCT FROM several.course_id AND cost.model = several.model
        LIMIT 50000 FOR UPDATE OF cost SKIP LOCKED
    ), gone AS (
        DELETE FROM daily_costs WHERE id IN (SELECT id FROM loose) RETURNING *
    )
    INSERT INTO daily_costs (day, course_id, model, calls, good_calls, input_tokens, cached_tokens,
                             output_tokens, micro)
    SELECT day, course_id, model, sum(calls), sum(good_calls), sum(input_tokens), sum(cached_tokens),
           sum(output_tokens), sum(micro)
    FROM gone GROUP BY 1, 2, 3
"""


def fold_costs() -> int:
    """How many sums there are now in the place of many rows. A step of the sweep."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [MOST_ROWS])
        count: int = cursor.rowcount
    return count
