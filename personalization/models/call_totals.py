"""What all calls together came to, without adding up a million of them for each look.

A trigger writes what each statement settled, as one row for each model, result and duration; a reader adds up
a few hundred rows, and the sweep folds them. Rows are only ever inserted, as in `generation_counts`. What the
ledger forgets is not taken away again: these numbers only grow, as Prometheus wants its counters.
"""

from django.db import models
from pgtrigger import After, Referencing, Statement, Trigger, Update

from personalization.models.costs import ADD_SETTLED, UNSENT

# Upper bounds in seconds; the last bucket has none.
DURATIONS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
_BOUNDS = ", ".join(str(bound) for bound in DURATIONS)

# Most updates of the ledger settle nothing (an answer is published, a run deleted): they are let go at once.
# Nobody knows how long an `unknown` call took: it ended when a sweep found it.
_COUNT = f"""
    IF NOT EXISTS (SELECT FROM old_rows WHERE state = 'reserved') THEN RETURN NULL; END IF;
    INSERT INTO call_totals (model, result, error_code, up_to, calls, microseconds,
        input_tokens, cached_tokens, output_tokens, cost_micro)
    SELECT model, state, error_code, (ARRAY[{_BOUNDS}, 'Infinity'])[width_bucket(took, ARRAY[{_BOUNDS}]) + 1],
        count(*), coalesce(sum((took * 1000000)::bigint), 0), sum(input_tokens), sum(cached_tokens),
        sum(output_tokens), sum(actual_micro)
    FROM (SELECT new_row.*, CASE WHEN new_row.state <> 'unknown'
              THEN extract(epoch FROM new_row.finished_at - new_row.started_at)::float END AS took
          FROM new_rows new_row JOIN old_rows old_row USING (id)
          WHERE old_row.state = 'reserved' AND new_row.state <> 'reserved' AND new_row.model <> ''
          AND new_row.error_code <> '{UNSENT}') settled
    GROUP BY 1, 2, 3, 4;
    INSERT INTO request_totals (model, up_to, calls, microseconds)
    SELECT new_row.model,
        (ARRAY[{_BOUNDS}, 'Infinity'])[width_bucket(new_row.seconds, ARRAY[{_BOUNDS}]::float[]) + 1],
        count(*), sum((new_row.seconds * 1000000)::bigint)
    FROM new_rows new_row JOIN old_rows old_row USING (id)
    WHERE old_row.state = 'reserved' AND new_row.state <> 'reserved' AND new_row.seconds IS NOT NULL
    GROUP BY 1, 2;
    {ADD_SETTLED}
    RETURN NULL;
"""  # noqa: S608 constants of ours


class CallTotal(models.Model):
    """`up_to`: the bucket of the calls' duration, from reservation to settlement; null: not known."""

    id = models.BigAutoField(primary_key=True)
    model = models.TextField()
    result = models.TextField()
    error_code = models.TextField()
    up_to = models.FloatField(null=True)
    calls = models.BigIntegerField()
    # Whole ones: sums of floating point numbers change with their order, and a counter must never go down.
    microseconds = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    cached_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cost_micro = models.BigIntegerField()

    class Meta:
        db_table = "call_totals"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.model}, {self.result}: {self.calls}"


class RequestTotal(models.Model):
    """How long the provider took to answer, without any wait before the request; `up_to` as in CallTotal."""

    id = models.BigAutoField(primary_key=True)
    model = models.TextField()
    up_to = models.FloatField()
    calls = models.BigIntegerField()
    microseconds = models.BigIntegerField()

    class Meta:
        db_table = "request_totals"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.model}: {self.calls}"


class LimiterWait(models.Model):
    """How often and how long the requests of all workers have waited for their turn, for each model."""

    model = models.TextField(primary_key=True)
    waits = models.BigIntegerField()
    seconds = models.FloatField()
    given_up = models.BigIntegerField()  # of the waits: those that were let go before their turn came

    class Meta:
        db_table = "limiter_waits"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.model}: {self.waits}"


def total_trigger() -> Trigger:
    """For the ledger's table: one for these totals and the daily costs, which look at the same rows."""
    return Trigger(
        name="add_up_settled",
        level=Statement,
        when=After,
        operation=Update,
        referencing=Referencing(old="old_rows", new="new_rows"),  # type: ignore[no-untyped-call]
        func=_COUNT,
    )
