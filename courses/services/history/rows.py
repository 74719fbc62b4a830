"""Kept rows written into their tables again, with the ids and dates that they had."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from django.db import connection, models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Composed, Identifier

from courses.services.history.errors import CannotBringBack, NumberTaken

type Values = dict[str, Any]


def insert_kept(
    model: type[models.Model], changes: Sequence[int], instead: Mapping[str, object] | None = None
) -> set[UUID]:
    """Puts deleted rows back, named by their changes; the ids of those that could come.

    A row whose place is taken stays away, and one whose parent is gone; a person who left is no longer named.
    instead: column → what it gets in the place of what was kept.
    """
    back: set[UUID] = set()
    for columns, some in _shapes(model, changes):
        statement = SQL(
            "INSERT INTO {table} ({columns}) SELECT {values}"
            " FROM (SELECT id, before || %s::jsonb AS before FROM changes WHERE id = ANY(%s)) source"
            " WHERE true {parents}"
            " ORDER BY id ON CONFLICT DO NOTHING RETURNING id"
        ).format(
            table=Identifier(model._meta.db_table),
            columns=SQL(", ").join(Identifier(field.column) for field in columns),
            values=SQL(", ").join(map(_value, columns)),
            parents=SQL("").join(_parent(field) for field in columns if _must_exist(field)),
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [json.dumps(dict(instead or {})), some])
            back |= {row_id for (row_id,) in cursor.fetchall()}
    return back


def update_row(model: type[models.Model], row_id: UUID, values: Values) -> None:
    """Writes the named columns of a row from their JSON values. What the model does not have is left out."""
    fields = [field for field in _writable(model) if field.column in values]
    if not fields:
        return
    statement = SQL(
        "UPDATE {table} SET {changes} FROM (SELECT %s::jsonb AS before) source WHERE id = %s"
    ).format(
        table=Identifier(model._meta.db_table),
        changes=SQL(", ").join(
            SQL("{} = {}").format(Identifier(field.column), _value(field)) for field in fields
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(values), row_id])


def insert_row(model: type[models.Model], values: Values) -> None:
    """Writes a new row from JSON values, id and all."""
    fields = [field for field in _writable(model) if field.column in values]
    statement = SQL(
        "INSERT INTO {table} ({columns}) SELECT {values} FROM (SELECT %s::jsonb AS before) source"
    ).format(
        table=Identifier(model._meta.db_table),
        columns=SQL(", ").join(Identifier(field.column) for field in fields),
        values=SQL(", ").join(map(_value, fields)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(values)])


def refuse_taken(model: type[models.Model], values: Values) -> None:
    """Raises CannotBringBack when another row has by now what must be unique, or the parent is gone."""
    for field in _writable(model):
        if _must_exist(field) and not _exists(field, values.get(field.column)):
            raise CannotBringBack(
                _("The %(what)s that it belonged to is gone. Bring that back first.")
                % {"what": field.related_model._meta.verbose_name}
            )
    for fields in _unique(model):
        place = {field.attname: values.get(field.column) for field in fields}
        taken = model._base_manager.filter(**place).exclude(pk=values["id"]).first()
        if taken is not None and None not in place.values():
            named = ", ".join(str(place[field.attname]) for field in fields if not field.is_relation)
            if not named:  # what it hangs on has another one; whose it is, not everybody may read
                raise CannotBringBack(
                    _("There is another one in its place now. Delete that one first, then try again.")
                )
            refused = NumberTaken if place.keys() == {"course_id", "lesson_number"} else CannotBringBack
            raise refused(
                _("%(place)s %(value)s is taken by “%(other)s” now. Change that one first, then try again.")
                % {"place": capfirst(fields[-1].verbose_name), "value": named, "other": taken}
            )


def _shapes(model: type[models.Model], changes: Sequence[int]) -> Iterable[tuple[list[Any], list[int]]]:
    """The changes by what columns their rows had: one from before a column came gets its default."""
    statement = (
        "SELECT keys, array_agg(id) FROM ("
        "SELECT id, ARRAY(SELECT jsonb_object_keys(before) ORDER BY 1) AS keys"
        " FROM changes WHERE id = ANY(%s)) shape GROUP BY keys"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(changes)])
        found = cursor.fetchall()
    return [([field for field in _writable(model) if field.column in keys], ids) for keys, ids in found]


def _writable(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.generated]


def _must_exist(field: Any) -> bool:
    return bool(
        field.is_relation and field.db_constraint and field.remote_field.on_delete is models.DB_CASCADE
    )


def _parent(field: Any) -> Composed:
    return _where(" AND EXISTS (SELECT FROM {target} WHERE {key} = {value})", field)


def _exists(field: Any, value: object) -> bool:
    parents = field.related_model._base_manager
    return bool(parents.filter(**{field.target_field.attname: value}).exists())


def _value(field: Any) -> Composed:
    """The column's value out of `source.before`, in its own type."""
    if field.is_relation and field.db_constraint and field.remote_field.on_delete is models.DB_SET_NULL:
        return _where("(SELECT {key} FROM {target} WHERE {key} = {value})", field)
    return _plain(field)


def _where(text: LiteralString, field: Any) -> Composed:
    target = field.target_field
    return SQL(text).format(
        target=Identifier(target.model._meta.db_table), key=Identifier(target.column), value=_plain(field)
    )


def _plain(field: Any) -> Composed:
    kind = field.db_type(connection)
    if kind == "jsonb":
        # to_jsonb makes one null of both; a column that may not be empty held the JSON one.
        text: LiteralString = "nullif(source.before -> {}, 'null')" if field.null else "source.before -> {}"
        return SQL(text).format(_literal(field.column))
    return SQL("(source.before ->> {})::{}").format(_literal(field.column), SQL(kind))


def _literal(text: str) -> Composed:
    return SQL("{}").format(text)


def _unique(model: type[models.Model]) -> list[list[Any]]:
    """The sets of fields that no two rows share."""
    named = [
        [model._meta.get_field(name) for name in constraint.fields]
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields and not constraint.condition
    ]
    alone = [[field] for field in model._meta.concrete_fields if field.unique and not field.primary_key]
    return [*named, *alone]
