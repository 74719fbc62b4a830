"""What keeps the changes of a table: triggers of the database, made from the model's fields.

They fire once for a statement, whoever sends it, and write one row of `changes` for each row that it changed:
of an insert that it happened (the live row has the rest), of an update the old values of the columns that
changed, of a delete the whole old row.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from django.db import models
from pgtrigger import (
    After,
    Before,
    Delete,
    Insert,
    Operation,
    Referencing,
    Statement,
    Trigger,
    Truncate,
    Update,
    When,
)

# Asked for at most once a statement, and not at all by one that changes nothing: each is a subselect.
_KEEP = """
    WITH reason AS MATERIALIZED (
        SELECT _pgh_attach_context() AS id, clock_timestamp() AS at,
               pg_current_xact_id()::text::bigint AS transaction
    ), kept AS MATERIALIZED ({kept})
    INSERT INTO changes (table_name, row_id, kind, before, at, transaction, context_id, database_user)
    SELECT '{table}', row_id, kind, before, (SELECT at FROM reason), (SELECT transaction FROM reason),
           (SELECT id FROM reason), CASE WHEN (SELECT id FROM reason) IS NULL THEN session_user END
    FROM kept WHERE before IS DISTINCT FROM '{{}}';
    RETURN NULL;
"""
_INSERTED = "SELECT id AS row_id, 'insert' AS kind, NULL::jsonb AS before FROM new_rows"
_DELETED = "SELECT id AS row_id, 'delete' AS kind, to_jsonb(o) AS before FROM {rows} o"
# A full join is always hashed: planned once for a single row and kept by the session, a nested loop would
# take minutes for 10,000. It also finds rows whose id was changed: one is gone, another came.
_UPDATED = """
    SELECT coalesce(o.id, n.id) AS row_id,
           CASE WHEN n.id IS NULL THEN 'delete' WHEN o.id IS NULL THEN 'insert' ELSE 'update' END AS kind,
           CASE WHEN n.id IS NULL THEN to_jsonb(o) WHEN o.id IS NOT NULL THEN {changed} END AS before
    FROM old_rows o FULL JOIN new_rows n ON n.id = o.id
"""
_OLD_VALUE = """
    CASE WHEN {condition} THEN jsonb_build_object('{column}', o.{column}) ELSE '{{}}' END"""


def _rows(**names: str) -> Referencing:
    return Referencing(**names)  # type: ignore[no-untyped-call]


class _Keep(Trigger):
    level = Statement

    def __init__(
        self, name: str, operation: Operation, when: When = After, referencing: Referencing | None = None
    ) -> None:
        super().__init__(name=name, when=when, operation=operation, referencing=referencing)

    def get_func(self, model: Any) -> str:
        return _KEEP.format(kept=self.kept(model), table=model._meta.db_table)

    def kept(self, model: type[models.Model]) -> str:
        raise NotImplementedError


class KeepInserts(_Keep):
    def kept(self, model: type[models.Model]) -> str:
        return _INSERTED


class KeepDeletes(_Keep):
    def kept(self, model: type[models.Model]) -> str:
        return _DELETED.format(rows="old_rows" if self.referencing else model._meta.db_table)


class KeepUpdates(_Keep):
    def __init__(self, name: str, hashes: Mapping[str, str]) -> None:
        super().__init__(name, Update, referencing=_rows(old="old_rows", new="new_rows"))
        self.hashes = hashes

    def kept(self, model: type[models.Model]) -> str:
        return _UPDATED.format(changed=" ||".join(self._old_values(model)))

    def _old_values(self, model: type[models.Model]) -> Iterator[str]:
        """For each column: an object with the old value where it changed, else an empty one."""
        for column in kept_columns(model):
            hashed = [self.hashes[column]] if column in self.hashes else []
            changed = (f"o.{name} IS DISTINCT FROM n.{name}" for name in (*hashed, column))
            yield _OLD_VALUE.format(condition=" AND ".join(changed), column=column)


def history_triggers(*, hashes: Mapping[str, str] = MappingProxyType({})) -> list[Trigger]:
    """The triggers of one model.

    hashes: a big column → the column that changes whenever it does. To compare 10,000 transcripts that a
    renumbering left alone, PostgreSQL would decompress each of them twice.
    """
    return [
        KeepInserts("keep_inserts", Insert, referencing=_rows(new="new_rows")),
        KeepUpdates("keep_updates", hashes),
        KeepDeletes("keep_deletes", Delete, referencing=_rows(old="old_rows")),
        KeepDeletes("keep_truncates", Truncate, when=Before),
    ]


def kept_columns(model: type[models.Model]) -> list[str]:
    """The columns that people write, whose changes are kept: not what the database or an import computes."""
    return [str(field.column) for field in model._meta.concrete_fields if field.editable]
