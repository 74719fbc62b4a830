"""Every version of a row, and of what belongs to it, from the live rows back through the kept changes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import connection, models
from psycopg.sql import SQL, Composable, Identifier, Literal

from courses.models import Lesson, LessonAsset, LessonDescription

type Values = dict[str, Any]
"""Column → value as JSON has it."""
type State = dict[tuple[str, UUID], Values]
"""Table and id → the row, of all rows that were there."""

# What a history shows together: model → the models whose rows belong to its row, and the column that says so.
PARTS: dict[type[models.Model], tuple[tuple[type[models.Model], str], ...]] = {
    Lesson: ((LessonDescription, "lesson_id"), (LessonAsset, "lesson_id")),
}
MOST_CHANGES = 2_000  # of one history; older ones stay in the database


@dataclass(frozen=True, slots=True)
class Version:
    """The rows as they were after what one transaction did for one reason.

    id: of its last change; 0 of the oldest known state, which came from before changes were kept.
    metadata: who and why, see `because`; None of a change from outside the application.
    """

    id: int
    at: datetime | None
    metadata: Values | None
    database_user: str
    state: State = field(repr=False)

    def rows(self, model: type[models.Model]) -> list[tuple[UUID, Values]]:
        table = model._meta.db_table
        return [(row_id, values) for (name, row_id), values in self.state.items() if name == table]

    def row(self, model: type[models.Model]) -> Values:
        """The one row of the model; {} where there was none."""
        return next((values for _, values in self.rows(model)), {})


@dataclass(frozen=True, slots=True)
class _Kept:
    id: int | None  # None: a live row
    table: str
    row_id: UUID
    kind: str
    data: Values | None
    at: datetime | None
    transaction: int
    database_user: str
    metadata: Values | None
    reason: UUID | None


def versions(model: type[models.Model], root: UUID) -> list[Version]:
    """The versions of the live row with all that belongs to it, newest first; [] when it is not there.

    One statement, so that no change slips between the rows and their changes. The first is the row as it is.
    """
    kept = _read(model, root)
    live = [row for row in kept if row.id is None]
    columns = {part._meta.db_table: column for part, column in PARTS.get(model, ())}
    state: State = {(row.table, row.row_id): row.data or {} for row in live}
    if (model._meta.db_table, root) not in state:
        return []
    return list(_back(state, kept[len(live) :], columns, root))


def _back(state: State, changes: Sequence[_Kept], columns: dict[str, str], root: UUID) -> Iterator[Version]:
    """Undoes the changes, newest first, and yields the state before each transaction is undone."""
    for _, group in groupby(changes, key=lambda change: (change.transaction, change.reason)):
        together = list(group)
        last = together[0]
        yield Version(last.id or 0, last.at, last.metadata, last.database_user, _shown(state, columns, root))
        state = dict(state)
        for change in together:
            _undo(state, change)
    if len(changes) < MOST_CHANGES and (own := _shown(state, columns, root)):
        yield Version(0, None, None, "", own)


def _shown(state: State, columns: dict[str, str], root: UUID) -> State:
    return {
        key: values
        for key, values in state.items()
        if key[0] not in columns or values.get(columns[key[0]]) == str(root)
    }


def _undo(state: State, change: _Kept) -> None:
    key = change.table, change.row_id
    if change.kind == "insert":
        state.pop(key, None)
    else:
        state[key] = {**state.get(key, {}), **(change.data or {})}


# The rows that are, or once were, of the root; those rows now; their changes. Sorted: live rows come first.
_HISTORY = """
    WITH known AS (
        SELECT {root}::uuid AS id
        UNION SELECT row_id FROM changes
        WHERE before ? 'lesson_id' AND before ->> 'lesson_id' = {root} AND table_name = ANY({parts})
        {owned}
    )
    SELECT * FROM (
        {live}
        UNION ALL (
            SELECT c.id, c.table_name, c.row_id, c.kind, c.before, c.at, c.transaction,
                   coalesce(c.database_user, ''), k.metadata, c.context_id
            FROM changes c LEFT JOIN pghistory_context k ON k.id = c.context_id
            WHERE c.row_id IN (SELECT id FROM known) AND c.table_name = ANY({tables})
            ORDER BY c.id DESC LIMIT {most}
        )
    ) found ORDER BY id DESC NULLS FIRST
"""
_OWNED = " UNION SELECT id FROM {table} WHERE {column} = {root}::uuid"
_LIVE = """
    SELECT NULL::bigint AS id, {name}, id AS row_id, '', to_jsonb(t), NULL::timestamptz, 0::bigint, '',
           NULL::jsonb, NULL::uuid
    FROM {table} t WHERE id IN (SELECT id FROM known)
"""


def _read(model: type[models.Model], root: UUID) -> list[_Kept]:
    parts = PARTS.get(model, ())
    tables = [model._meta.db_table, *(part._meta.db_table for part, _ in parts)]
    key = Literal(str(root))
    statement = SQL(_HISTORY).format(
        root=key,
        parts=Literal(tables[1:]),
        tables=Literal(tables),
        most=Literal(MOST_CHANGES),
        owned=SQL("").join(
            SQL(_OWNED).format(table=Identifier(part._meta.db_table), column=Identifier(column), root=key)
            for part, column in parts
        ),
        live=SQL(" UNION ALL ").join(map(_live, tables)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [_kept(row) for row in cursor.fetchall()]


def _live(table: str) -> Composable:
    return SQL(_LIVE).format(name=Literal(table), table=Identifier(table))


def _kept(row: Sequence[Any]) -> _Kept:
    number, table, row_id, kind, data, at, transaction, user, metadata, reason = row
    return _Kept(number, table, row_id, kind, as_json(data), at, transaction, user, as_json(metadata), reason)


def as_json(value: Any) -> Any:
    # A cursor of Django's leaves jsonb as text, for the fields to read.
    return json.loads(value) if isinstance(value, str) else value
