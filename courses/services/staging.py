"""Bulk writes: rows are copied into temporary tables, compared there, and written by one statement a table.

Measured with texts of 2 KB, beside a bare COPY: a staged COPY and an upsert write two thirds of its rows per
second, bulk_create with update_conflicts a third, update_or_create a sixtieth.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import LiteralString

from django.db import Error, connection, transaction
from psycopg.sql import SQL, Composed, Identifier

from courses.course_folder.report import Counts


@dataclass(frozen=True, slots=True)
class Staged:
    """A temporary table of this session: its columns and their types, in the order of a row.

    looked_up: the column by which a statement asks for single rows.
    """

    name: str
    columns: dict[str, LiteralString]
    looked_up: str = ""


@dataclass(frozen=True, slots=True)
class Upsert:
    """How staged rows become rows of a table.

    source: a SELECT of the columns below, for the course %(course)s where it asks for one.
    key: what makes a row the same one. values: what may change. once: what only a new row gets.
    compared: what shows a change, where it is less than the values. unless: of rows that came or changed
    meanwhile, which stay.
    """

    table: str
    source: LiteralString
    key: tuple[str, ...]
    values: tuple[str, ...]
    once: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    unless: LiteralString = ""

    def count(self, course: str | None = None) -> Counts:
        """What `write` would do now. Changes nothing."""
        statement = SQL("""
            SELECT count(*) FILTER (WHERE old.id IS NULL),
                   count(*) FILTER (WHERE old.id IS NOT NULL AND {differs}),
                   count(*) FILTER (WHERE old.id IS NOT NULL AND NOT {differs})
            FROM ({source}) new LEFT JOIN {table} old USING ({key})
        """).format(
            source=SQL(self.source),
            table=Identifier(self.table),
            key=names(self.key),
            differs=self._differs,
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, {"course": course})
            created, updated, unchanged = cursor.fetchone() or (0, 0, 0)
        return Counts(created=created, updated=updated, unchanged=unchanged)

    def write(self, course: str | None = None) -> None:
        """Inserts what is new and updates what differs, in the key's order: two of them never deadlock."""
        columns = (*self.key, *self.once, *self.values)
        statement = SQL("""
            INSERT INTO {table} ({columns})
            SELECT {staged} FROM ({source}) new LEFT JOIN {table} old USING ({key})
            WHERE old.id IS NULL OR {differs}
            ORDER BY {key}
            ON CONFLICT ({key}) DO UPDATE SET {changes} {unless}
        """).format(
            table=Identifier(self.table),
            columns=names(columns),
            staged=row("new", columns),
            source=SQL(self.source),
            differs=self._differs,
            key=names(self.key),
            changes=SQL(", ").join(map(_from_excluded, self.values)),
            unless=SQL("WHERE NOT ({})").format(SQL(self.unless)) if self.unless else SQL(""),
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, {"course": course})

    @property
    def _differs(self) -> Composed:
        columns = self.compared or self.values
        return SQL("({}) IS DISTINCT FROM ({})").format(row("old", columns), row("new", columns))


@contextmanager
def staging(tables: Sequence[Staged]) -> Iterator[None]:
    """The temporary tables, empty, for as long as the context lasts."""
    _drop(tables)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(_create(table))
    try:
        yield
    finally:
        # After an error the session may be gone, and the tables with it.
        with suppress(Error):
            _drop(tables)


def copy_rows(table: Staged, rows: Iterable[Sequence[object]]) -> None:
    """Copies the rows into the table as they come: they may be more than fit into memory."""
    statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table.name), names(table.columns))
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def copy_blocks(table: Staged, blocks: Iterable[bytes]) -> None:
    """Copies rows that are already as COPY takes them in its binary format, in blocks of any size."""
    statement = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        Identifier(table.name), names(table.columns)
    )
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for block in blocks:
            copy.write(block)


def index(tables: Sequence[Staged]) -> None:
    """Makes the rows of one course quick to find, and tells the planner how many there are.

    Autovacuum does neither: it never sees the temporary tables of a session. The rows of a course stand
    together, so the smallest kind of index will do; and of JSON no plan depends on statistics.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_statistics_target = 10")  # how many there are, not how they differ
        for table in tables:
            name = Identifier(table.name)
            if "course_slug" in table.columns:
                cursor.execute(SQL("CREATE INDEX ON {} USING brin (course_slug)").format(name))
            if table.looked_up:
                cursor.execute(SQL("CREATE INDEX ON {} ({})").format(name, Identifier(table.looked_up)))
            plain = names(column for column, kind in table.columns.items() if kind != "jsonb")
            cursor.execute(SQL("ANALYZE {} ({})").format(name, plain))


def _drop(tables: Sequence[Staged]) -> None:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(SQL("DROP TABLE IF EXISTS {}").format(Identifier("pg_temp", table.name)))


def names(columns: Iterable[str]) -> Composed:
    """Columns by name: `a, b`."""
    return SQL(", ").join(map(Identifier, columns))


def row(table: str, columns: Iterable[str]) -> Composed:
    """Columns of one table: `t.a, t.b`."""
    return SQL(", ").join(Identifier(table, column) for column in columns)


def _create(table: Staged) -> Composed:
    # Nothing here is worth compressing: without it the same rows are copied in a third of the time.
    columns = (SQL("{} {}").format(Identifier(name), SQL(kind)) for name, kind in table.columns.items())
    wide = (name for name, kind in table.columns.items() if kind in ("text", "jsonb"))
    return SQL(
        "CREATE TEMPORARY TABLE {name} ({columns}) WITH (toast_tuple_target = 8160);"
        "ALTER TABLE {name} {storage}"
    ).format(
        name=Identifier(table.name),
        columns=SQL(", ").join(columns),
        storage=SQL(", ").join(
            SQL("ALTER {} SET STORAGE EXTERNAL").format(Identifier(column)) for column in wide
        ),
    )


def _from_excluded(column: str) -> Composed:
    return SQL("{0} = excluded.{0}").format(Identifier(column))
