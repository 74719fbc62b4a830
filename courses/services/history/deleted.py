"""Rows that are gone, and how they come back with all that their deletion took along."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, models, transaction
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Identifier, Literal

from courses.history.reason import because
from courses.models import Change, ChangeKind, Course, DatabaseTimestamps, Lesson
from courses.services.history.errors import CannotBringBack
from courses.services.history.rows import insert_kept, refuse_taken
from courses.services.history.versions import as_json


@dataclass(frozen=True, slots=True)
class Gone:
    """A deleted row: the id of its change, who and why as in a Version, and some of its columns."""

    id: int
    row_id: UUID
    at: datetime
    metadata: dict[str, Any] | None
    database_user: str
    values: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Returned:
    """How many rows of a model came back, and how many could not: what they belong to is gone, or taken."""

    model: type[models.Model]
    back: int
    left: int


_GONE = """
    SELECT c.id, c.row_id, c.at, c.database_user, k.metadata, ARRAY[{values}]
    FROM changes c LEFT JOIN pghistory_context k ON k.id = c.context_id
    WHERE c.table_name = {name} AND c.kind = 'delete' AND c.id < %s
      AND NOT EXISTS (SELECT FROM {table} WHERE id = c.row_id)
      AND NOT EXISTS (SELECT FROM changes later WHERE later.row_id = c.row_id AND later.id > c.id
                        AND later.table_name = c.table_name)
    ORDER BY c.id DESC LIMIT %s
"""
LAST = 2**63 - 1


def deleted_rows(
    model: type[models.Model], columns: Sequence[str], *, before: int = LAST, most: int = 50
) -> list[Gone]:
    """The model's rows that are gone, the last deleted first, each with the named columns as text."""
    statement = SQL(_GONE).format(
        name=Literal(model._meta.db_table),
        table=Identifier(model._meta.db_table),
        values=SQL(", ").join(SQL("c.before ->> {}").format(Literal(column)) for column in columns),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [before, most])
        return [
            Gone(number, row_id, at, as_json(said), user or "", dict(zip(columns, values, strict=True)))
            for number, row_id, at, user, said, values in cursor.fetchall()
        ]


def bring_back_deleted(*, model: type[models.Model], change: int, as_last: bool = False) -> list[Returned]:
    """The deleted row, and below it all that the same deletion took along, under their old ids.

    as_last: a lesson comes back with the number after the course's last one, not with its own.

    One Returned for each model, its own first. Raises CannotBringBack: it is back already, its place is
    taken (NumberTaken, of a lesson), or what it belonged to is gone; then nothing is written.
    """
    kept = Change.objects.filter(pk=change, table_name=model._meta.db_table, kind=ChangeKind.DELETE).first()
    if kept is None or kept.before is None:
        raise CannotBringBack(_("This version has no content that could be brought back."))
    try:
        with because(version=change), transaction.atomic():
            if model._base_manager.filter(pk=kept.row_id).exists():
                raise CannotBringBack(_("It is back already."))
            instead = _last_place(kept.before) if as_last and model is Lesson else {}
            refuse_taken(model, {**kept.before, **instead})
            back = insert_kept(model, [kept.pk], instead)
            if not back:
                raise CannotBringBack(_("It is back already."))
            return [Returned(model, 1, 0), *_below(model, back, kept.transaction)]
    except IntegrityError as error:
        raise CannotBringBack(_("What it belongs to has changed meanwhile: open the page again.")) from error


def _last_place(lesson: dict[str, Any]) -> dict[str, object]:
    """The number after the course's last one, which no other lesson that comes back gets meanwhile."""
    list(Course.objects.select_for_update(no_key=True).filter(pk=lesson["course_id"]).values_list("pk"))
    last = Lesson.objects.filter(course=lesson["course_id"]).aggregate(last=models.Max("lesson_number"))
    return {"lesson_number": max(last["last"] or 0, 0) + 1}


def _below(model: type[models.Model], parents: set[UUID], together: int) -> Iterator[Returned]:
    for child, column in _children(model):
        changes = _taken_along(child, column, parents, together)
        if changes:
            back = insert_kept(child, changes)
            yield Returned(child, len(back), len(changes) - len(back))
            yield from _below(child, back, together)


def _children(model: type[models.Model]) -> Iterator[tuple[type[DatabaseTimestamps], str]]:
    """Models whose changes are kept and whose rows go with the model's: those of other apps too."""
    for relation in model._meta.get_fields(include_hidden=True):
        field: Any = getattr(relation, "field", None)
        if field is None or not relation.auto_created or not issubclass(field.model, DatabaseTimestamps):
            continue
        if field.remote_field.on_delete is models.DB_CASCADE:
            yield field.model, field.column


# A row may have been deleted twice in the transaction: its last state counts.
_TAKEN_ALONG = """
    SELECT DISTINCT ON (row_id) id FROM changes
    WHERE table_name = {table} AND kind = 'delete' AND transaction = %s
      AND before ? {column} AND before ->> {column} = ANY(%s)
    ORDER BY row_id, id DESC
"""


def _taken_along(model: type[models.Model], column: str, parents: set[UUID], together: int) -> list[int]:
    statement = SQL(_TAKEN_ALONG).format(table=Literal(model._meta.db_table), column=Literal(column))
    with connection.cursor() as cursor:
        cursor.execute(statement, [together, [str(parent) for parent in parents]])
        return [number for (number,) in cursor.fetchall()]
