"""Who changes something, and why: said once around the work, kept with every change that it makes.

The triggers read it from two settings of the transaction, by django-pghistory's function, which makes one
row of its table for each reason. pghistory's own `context` is not used: it takes no composed statements, and
reads a percent sign in a statement without parameters as a placeholder.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db.backends.signals import connection_created
from psycopg.sql import SQL, Composable, Composed, Literal

# What may write. A statement that only reads, or that no transaction may hold, is sent as it is. Of several
# that are sent together the first one tells: what locks before it writes is not seen.
_WRITES = re.compile(r"\s*(with|insert|update|delete|merge|truncate|do|call)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reason:
    id: UUID
    metadata: dict[str, Any]

    def statement(self) -> Composed:
        return SQL(
            "SELECT set_config('pghistory.context_id', {}, true),"
            " set_config('pghistory.context_metadata', {}, true); "
        ).format(Literal(str(self.id)), Literal(json.dumps(self.metadata)))


_reason: ContextVar[Reason | None] = ContextVar("reason", default=None)


@contextmanager
def because(**metadata: Any) -> Iterator[None]:
    """Every change of this thread inside the block is kept with these words; inner blocks add to them.

    Known: `user` (id of who asked), `page` (name of the admin's address), `command`, `store` (courses that
    are imported), `run` (id), `version` (what is brought back). Identifiers only, never a learner's name.
    """
    outer = _reason.get()
    token = _reason.set(Reason(uuid4(), {**(outer.metadata if outer else {}), **metadata}))
    try:
        yield
    finally:
        _reason.reset(token)


def _with_reason(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    reason = _reason.get()
    session = context["connection"].connection
    if reason is None or many or not _WRITES.match(_text(sql, session)):
        return execute(sql, params, many, context)
    said = reason.statement().as_string(session)
    if params is not None:
        said = said.replace("%", "%%")
    if isinstance(sql, Composable):
        sql = sql.as_string(session)
    result = execute(said + sql, params, many, context)
    cursor = context["cursor"]
    while cursor.nextset():
        pass  # what follows wants the statement's own rows, not those of the settings
    return result


def _text(sql: Any, session: Any) -> str:
    if isinstance(sql, Composed):
        # Its beginning says enough; to compose the whole is the driver's work.
        sql = next(iter(sql), "")
        return _text(sql, session)
    return sql.as_string(session) if isinstance(sql, Composable) else str(sql)


def _watch(connection: Any, **kwargs: Any) -> None:
    if _with_reason not in connection.execute_wrappers:
        connection.execute_wrappers.append(_with_reason)


# Not around the work: a thread's connection may be opened, lost and opened again inside it.
connection_created.connect(_watch, dispatch_uid="courses.history")
