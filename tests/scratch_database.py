"""A database of its own on the test server, for what cannot be shown in the database that tests share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import psycopg
from django.conf import settings
from psycopg import sql

from persona_site.embedded.postgres import USER, Postgres
from tests.processes import Environment


@dataclass(frozen=True, slots=True)
class ScratchDatabase:
    name: str
    host: str

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(host=self.host, dbname=self.name, user=USER, autocommit=True)

    def execute(self, statements: str) -> None:
        with self.connect() as connection:
            connection.execute(statements.encode())

    @property
    def environment(self) -> Environment:
        """Variables for a subprocess that works on this database."""
        return {**os.environ, "DATABASE_URL": f"postgresql://{USER}@/{self.name}?host={self.host}"}


@contextmanager
def scratch_database(copied: str = "template1") -> Iterator[ScratchDatabase]:
    """An empty database, or a copy; dropped at the end whoever is still connected."""
    server = Postgres(settings.VAR)
    server.ensure()
    host = str(server.runtime)
    name = f"scratch_{uuid4().hex[:12]}"
    with psycopg.connect(host=host, dbname="postgres", user=USER, autocommit=True) as maintenance:
        names = sql.Identifier(name), sql.Identifier(copied)
        maintenance.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        try:
            yield ScratchDatabase(name, host)
        finally:
            maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
