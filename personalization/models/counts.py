"""How many items of a run are in which state, without counting a million of them each second.

Triggers write what each statement changed, as one row for each state and error; a reader adds up a few dozen
rows, and the sweep folds them. Rows are only ever inserted: a counter that all workers update would make
them wait for each other.
"""

from django.db import models
from pgtrigger import After, Delete, Insert, Operation, Referencing, Statement, Trigger, Update

_SUM = """
    INSERT INTO generation_counts (run_id, state, error_code, items)
    SELECT run_id, state, error_code, sum(items) FROM ({changes}) changed (run_id, state, error_code, items)
    GROUP BY run_id, state, error_code HAVING sum(items) <> 0;
    RETURN NULL;
"""
# Items that came to an end, whatever becomes of their run: what leaves an end (a retry) is not taken away. An
# end that the transaction itself makes another (done, but an editor has locked the text) is counted once.
_ENDED = """
    INSERT INTO ended_totals (state, items)
    SELECT state, sum(items) FROM (
        SELECT state, count(*) FROM new_rows WHERE finished_at IS NOT NULL GROUP BY 1
        UNION ALL SELECT ended.state, -count(*)
        FROM (SELECT id, state FROM old_rows WHERE finished_at IS NOT NULL) ended
        JOIN (SELECT id FROM new_rows WHERE finished_at IS NOT NULL) still USING (id) GROUP BY 1
    ) moved (state, items) GROUP BY state HAVING sum(items) <> 0;
"""
_CAME = "SELECT run_id, state, error_code, count(*) FROM new_rows GROUP BY 1, 2, 3"
_WENT = "SELECT run_id, state, error_code, -count(*) FROM old_rows GROUP BY 1, 2, 3"


class ItemCount(models.Model):
    """`items` may be negative: the sum over a run's rows of one state and error is the number."""

    id = models.BigAutoField(primary_key=True)
    # No foreign key: a deleted run's items go in the same statement, and their trigger still writes.
    run_id = models.UUIDField()
    state = models.TextField()
    error_code = models.TextField()
    items = models.BigIntegerField()

    class Meta:
        db_table = "generation_counts"
        indexes = [models.Index(fields=["run_id"], name="generation_counts_run")]

    def __str__(self) -> str:
        return f"{self.state} {self.error_code}: {self.items:+}"


class EndedTotal(models.Model):
    """The sum over the rows of a state only grows, from one transaction to the next."""

    id = models.BigAutoField(primary_key=True)
    state = models.TextField()
    items = models.BigIntegerField()

    class Meta:
        db_table = "ended_totals"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.state}: {self.items:+}"


def count_triggers() -> list[Trigger]:
    """For the items' table."""
    both = f"{_CAME} UNION ALL {_WENT}"
    return [
        _trigger("count_inserts", Insert, _CAME, new="new_rows"),
        _trigger("count_updates", Update, both, new="new_rows", old="old_rows"),
        _trigger("count_deletes", Delete, _WENT, old="old_rows"),
    ]


def _trigger(name: str, operation: Operation, changes: str, **rows: str) -> Trigger:
    referencing = Referencing(**rows)  # type: ignore[no-untyped-call]
    sql = (_ENDED if operation is Update else "") + _SUM.format(changes=changes)
    return Trigger(
        name=name, level=Statement, when=After, operation=operation, referencing=referencing, func=sql
    )
