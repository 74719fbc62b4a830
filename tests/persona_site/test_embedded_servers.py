"""The embedded servers start once, are found again, and come back after any kill."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from django.db.utils import ConnectionHandler
from pytest_django import Settings

from persona_site.embedded import processes
from persona_site.embedded.errors import EmbeddedServerError
from persona_site.embedded.postgres import Postgres
from persona_site.embedded.server import Server
from persona_site.embedded.sockets import listener_pid
from persona_site.embedded.valkey import Valkey

ROOT = Path(__file__).parents[2]
STARTER = """
import sys, signal
from pathlib import Path
from persona_site.embedded.postgres import Postgres
from persona_site.embedded.sockets import listener_pid
from persona_site.embedded.valkey import Valkey
servers = Postgres(Path(sys.argv[1])), Valkey(Path(sys.argv[1]))
for server in servers:
    server.ensure()
print(*(listener_pid(server.socket) for server in servers), flush=True)
sys.stdin.read()
"""


def start_elsewhere(var: Path) -> subprocess.Popen[str]:
    """A process that starts both servers, prints their pids and lives until its standard input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, var],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def stop_both(var: Path) -> None:
    for server in (Postgres(var), Valkey(var)):
        server.stop()


def kill(server: Server) -> None:
    """End the server as a crash would, and wait until it is gone."""
    pid = listener_pid(server.socket)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: listener_pid(server.socket) is None)


def until(condition: Callable[[], bool]) -> None:
    assert any(condition() for _ in processes.moments(20))


def rows(server: Server) -> list[tuple[object, ...]]:
    with psycopg.connect(server.address) as connection:
        return connection.execute("SELECT text FROM note").fetchall()


def outcome_of_start(server: Server) -> str:
    try:
        server.ensure()
    except EmbeddedServerError as error:
        return str(error)
    return "serves"


@pytest.fixture(scope="module")
def long_var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose path has a space and is longer than a socket's path may be."""
    var = tmp_path_factory.mktemp("with a space") / ("long" * 40)
    yield var
    stop_both(var)


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop_both(tmp_path)


@pytest.fixture
def postgres(long_var: Path) -> Postgres:
    server = Postgres(long_var)
    server.ensure()
    return server


@pytest.fixture
def valkey(long_var: Path) -> Valkey:
    server = Valkey(long_var)
    server.ensure()
    return server


def test_many_processes_at_once_start_one_server_of_each_kind(var: Path) -> None:
    starters = [start_elsewhere(var) for _ in range(12)]
    pids = {starter.communicate()[0] for starter in starters}
    assert pids == {f"{listener_pid(Postgres(var).socket)} {listener_pid(Valkey(var).socket)}\n"}
    assert {starter.returncode for starter in starters} == {0}


def test_servers_outlive_a_kill_of_their_starter(var: Path) -> None:
    with start_elsewhere(var) as starter:
        assert starter.stdout is not None
        pids = starter.stdout.readline().split()
        starter.kill()
    assert pids == [str(listener_pid(server.socket)) for server in (Postgres(var), Valkey(var))]


def test_a_kill_in_the_middle_of_initdb_blocks_nobody(var: Path) -> None:
    server = Postgres(var)
    with start_elsewhere(var) as starter:
        until((server.folder / "data.new").exists)
        starter.kill()
    server.ensure()
    assert server.status().version


def test_postgres_comes_back_with_its_data_after_a_kill(postgres: Postgres) -> None:
    with psycopg.connect(postgres.address) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note AS SELECT 'kept' AS text")
    kill(postgres)
    postgres.ensure()
    assert rows(postgres) == [("kept",)]


def test_valkey_comes_back_with_its_data_after_a_kill(valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.client_url) as client:
        client.set("note", "kept")
    kill(valkey)
    valkey.ensure()
    with redis.Redis.from_url(valkey.client_url) as client:
        assert client.get("note") == b"kept"


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_pid_file_that_names_a_living_stranger_is_not_believed(kind: type[Server], long_var: Path) -> None:
    server = kind(long_var)
    server.ensure()
    kill(server)
    (server.data / server.pid_name).write_text(f"{os.getpid()}\n")
    assert server.status().pid is None
    server.ensure()
    assert server.status().pid == listener_pid(server.socket)


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_deleted_folder_gets_a_new_server(kind: type[Server], var: Path) -> None:
    server = kind(var)
    server.ensure()
    old = listener_pid(server.socket)
    shutil.rmtree(server.folder)
    server.ensure()
    assert server.status().version
    assert listener_pid(server.socket) not in (None, old)


def test_a_data_folder_owned_by_its_starter_serves_or_says_why(var: Path) -> None:
    """PostgreSQL refuses root, so root needs a user namespace here, which some containers forbid."""
    server = Postgres(var)
    server.ensure()
    server.stop()
    for path in (server.data, *server.data.rglob("*")):
        os.chown(path, os.geteuid(), os.getegid())
    assert re.search("serves|run as a normal user", outcome_of_start(server))


def test_the_database_is_made_again_and_knows_letters_of_all_languages(postgres: Postgres) -> None:
    with psycopg.connect(postgres.address.replace("dbname=persona", "dbname=postgres")) as connection:
        connection.autocommit = True
        connection.execute("DROP DATABASE persona WITH (FORCE)")
    postgres.ensure()
    with psycopg.connect(postgres.address) as connection:
        assert connection.execute("SELECT 'ШЕЯ' ILIKE 'шея'").fetchone() == (True,)
        assert connection.info.encoding == "utf-8"


def test_the_log_keeps_no_data_of_a_failed_statement(postgres: Postgres) -> None:
    with psycopg.connect(postgres.address) as connection, pytest.raises(psycopg.DataError, match="Ann"):
        connection.execute("SELECT 'Ann Example'::integer")
    assert "Ann" not in postgres.log.read_text()


def test_django_starts_a_server_that_is_gone(postgres: Postgres, settings: Settings) -> None:
    settings.VAR = postgres.var
    connection = ConnectionHandler({"default": postgres.django_database()})["default"]
    kill(postgres)
    with connection.get_new_connection(connection.get_connection_params()) as raw:
        assert raw.execute("SELECT current_database()").fetchone() == ("persona",)
