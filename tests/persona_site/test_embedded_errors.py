"""What keeps an embedded server from running is told in one line that names the place and the way out."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.utils import ConnectionHandler, OperationalError
from pytest_django import Settings

from persona_site.embedded import processes
from persona_site.embedded.errors import EmbeddedServerError
from persona_site.embedded.postgres import Postgres
from persona_site.embedded.valkey import Valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.folder.mkdir()
    yield server
    server.stop()


def message_of_failed_start(server: Postgres | Valkey) -> str:
    with pytest.raises(EmbeddedServerError) as caught:
        server.ensure()
    text = str(caught.value)
    assert "\n" not in text
    assert str(pickle.loads(pickle.dumps(caught.value))) == text
    return text


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    text = message_of_failed_start(Postgres(tmp_path / "file" / "var"))
    assert f"{tmp_path}/file/var" in text
    assert "Not a directory" in text
    assert "PERSONA_VAR" in text


def test_django_reports_it_as_a_database_that_is_down(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "file").touch()
    settings.VAR = tmp_path / "file" / "var"
    connection = ConnectionHandler({"default": Postgres(settings.VAR).django_database()})["default"]
    with pytest.raises(OperationalError, match="Not a directory"):
        connection.get_new_connection(connection.get_connection_params())


def test_a_missing_package(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"no_such_package.*'embedded'.*uv sync.*DATABASE_URL"):
        Postgres(tmp_path).packaged("no_such_package", "bin")


def test_a_server_that_ends_at_once_is_quoted(valkey: Valkey) -> None:
    (valkey.data / "appendonlydir" / "appendonly.aof.manifest").mkdir(parents=True)
    text = message_of_failed_start(valkey)
    assert "ended while starting" in text
    assert "appendonly.aof.manifest" in text
    assert str(valkey.log) in text
    assert not valkey.runtime.exists()


def test_a_start_that_takes_too_long(valkey: Valkey) -> None:
    valkey.start_seconds = 0.05
    valkey.log.write_text("older words\n")
    lock = processes.take(valkey.lock)
    assert lock is not None
    text = message_of_failed_start(valkey)
    os.close(lock)
    assert f"did not answer at {valkey.socket} within 0.05 s: it said nothing" in text


def test_a_server_that_lost_its_socket_is_named_and_can_be_stopped(valkey: Valkey) -> None:
    valkey.ensure()
    pid = valkey.status().pid
    valkey.socket.unlink()
    valkey.start_seconds = 0.05
    assert f"(pid {pid}, `manage.py embedded stop` ends it)" in message_of_failed_start(valkey)
    assert valkey.stop()
    assert valkey.status().pid is None


def test_an_address_that_others_could_have_made(valkey: Valkey) -> None:
    valkey.runtime.mkdir(mode=0o755)
    text = message_of_failed_start(valkey)
    valkey.runtime.rmdir()
    assert str(valkey.runtime) in text


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_FULL_DISK_BYTES", 10**18)
    log = tmp_path / "server.log"
    log.write_text("old\nLOG: starting\nFATAL: no room\nLOG: bye\n")
    assert processes.why(log, start=4).startswith("FATAL: no room. Only ")
