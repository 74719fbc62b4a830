"""Databases as a site of the older system has them, adopted by the command that the site would type."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from tests.courses.catalog import ORIGINAL_COLUMNS
from tests.processes import manage
from tests.scratch_database import ScratchDatabase, scratch_database

ORIGINAL = Path(__file__).parent / "original"
TABLES_SQL, ROWS_SQL, TRIGGERS_SQL = (
    (ORIGINAL / f"{name}.sql").read_text() for name in ("tables", "rows", "triggers")
)

type Snapshot = dict[str, tuple[int, dict[str, str]]]
"""Table → its number of rows, and the MD5 of each original column's values in the order of ids."""


def asset(number: int) -> str:
    return f"a0000000-0000-4000-8000-{number:012}"


def snapshot(database: ScratchDatabase, left_out: tuple[str, ...]) -> Snapshot:
    """Of all rows but those left out, by id."""
    return {
        table: _table_snapshot(database, table, columns, left_out)
        for table, columns in ORIGINAL_COLUMNS.items()
    }


def _table_snapshot(
    database: ScratchDatabase, table: str, columns: list[str], left_out: tuple[str, ...]
) -> tuple[int, dict[str, str]]:
    digest = "md5(string_agg(coalesce({}::text, '<null>'), '|' ORDER BY id))"
    digests = [sql.SQL(digest).format(sql.Identifier(column)) for column in columns]
    query = sql.SQL("SELECT count(*), {} FROM {} WHERE id <> ALL(%s::uuid[])").format(
        sql.SQL(", ").join(digests), sql.Identifier(table)
    )
    with database.connect() as session:
        row = session.execute(query, [list(left_out)]).fetchone()
    assert row is not None
    return row[0], dict(zip(columns, row[1:], strict=True))


@dataclass(frozen=True, slots=True)
class Adopted:
    database: ScratchDatabase
    before: Snapshot
    after: Snapshot
    output: str


@contextmanager
def adoption(*statements: str, dropped: tuple[str, ...]) -> Iterator[Adopted]:
    """A database made by the statements, then adopted by the command that a site would type.

    `dropped`: the equal assets that the snapshot before leaves out, and the one after does not.
    """
    with scratch_database() as database:
        for statement in statements:
            database.execute(statement)
        before = snapshot(database, dropped)
        migrated = manage("migrate", "--fake-initial", env=database.environment)
        assert migrated.returncode == 0, migrated.stderr
        yield Adopted(database, before, snapshot(database, ()), migrated.stdout)
