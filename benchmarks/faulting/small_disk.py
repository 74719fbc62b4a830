"""A PostgreSQL whose tables lie on a disk of a few megabytes: a tmpfs in a mount namespace of its own.

Root may mount it; anybody else gets the right with a user namespace. Where the system forbids those, `ensure`
raises EmbeddedServerError.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from benchmarks.faulting import mount_small
from benchmarks.faulting.house import Places
from persona_site.embedded import launch
from persona_site.embedded.postgres import DATABASE, USER, Postgres

MEGABYTES = 96
TABLESPACE = "small"
FILL = "INSERT INTO filler SELECT repeat('x', 2000) FROM generate_series(1, %s)"


class SmallDiskPostgres(Postgres):
    """The log and what the whole server needs stay on the ordinary disk; the project's database is small."""

    @property
    def disk(self) -> Path:
        return self.folder / "small"

    def run(self, mode: str, *command: str | Path, lock: int, identity: Path | None = None) -> None:
        """The server is started by a program that mounts the disk first, as long as that is still allowed."""
        if mode == "detach":
            python = (sys.executable, "-I", "-S")
            mount = (*python, mount_small.__file__, self.disk, f"{MEGABYTES}m", self.data)
            command = (*mount, *python, launch.__file__, mode, str(identity or "-"), *command)
            mode, identity = "run", None
        super().run(mode, *command, lock=lock, identity=identity)

    def launch(self, lock: int) -> None:
        self.disk.mkdir(mode=0o755, exist_ok=True)
        super().launch(lock)

    def move(self) -> None:
        """Puts the project's database onto the small disk."""
        with self._elsewhere() as session:
            place, name = sql.Literal(str(self.disk / "data")), sql.Identifier(TABLESPACE)
            session.execute(sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(name, place))
            session.execute(
                sql.SQL("ALTER DATABASE {} SET TABLESPACE {}").format(sql.Identifier(DATABASE), name)
            )

    def fill(self) -> None:
        """Takes all room there is; nothing is left for a single page."""
        with self._elsewhere() as session:
            session.execute("CREATE TABLE filler (text text) TABLESPACE small")
            for rows in (1000, 100, 10, 1):
                _until_full(session, rows)

    def free(self) -> None:
        """Gives the room back."""
        with self._elsewhere() as session:
            session.execute("DROP TABLE filler")

    def _elsewhere(self) -> psycopg.Connection:
        """In a database on the ordinary disk, where there is always room for a table's name."""
        return psycopg.connect(f"host={self.runtime} dbname=postgres user={USER}", autocommit=True)


def _until_full(session: psycopg.Connection, rows: int) -> None:
    while True:
        try:
            session.execute(FILL, [rows])
        except psycopg.errors.DiskFull:
            return


@contextmanager
def small_disk(places: Places) -> Iterator[Places]:
    """Places with such a server, empty and migrated, which this process uses too while the block runs."""
    server = SmallDiskPostgres(places.folder / "small")
    server.ensure()
    usual = connection.settings_dict["HOST"]
    try:
        server.move()
        _use(str(server.runtime))
        call_command("migrate", verbosity=0)
        yield Places(server, places.valkey, places.folder, broker_number=places.broker_number)
    finally:
        _use(usual)
        server.stop()


def _use(host: str) -> None:
    connection.close()
    connection.settings_dict["HOST"] = host
