"""`manage.py embedded` shows and stops the servers, and starts none."""

import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from persona_site.embedded.valkey import Valkey

ROOT = Path(__file__).parents[2]


@pytest.fixture
def valkey(tmp_path: Path, settings: Settings) -> Iterator[Valkey]:
    settings.VAR = tmp_path
    server = Valkey(tmp_path)
    yield server
    server.stop()


def run(*arguments: str) -> tuple[int, str]:
    """The exit code and the output."""
    output = StringIO()
    try:
        call_command("embedded", *arguments, stdout=output)
    except SystemExit as ended:
        return int(ended.code or 0), output.getvalue()
    return 0, output.getvalue()


def test_status_of_servers_that_do_not_run(valkey: Valkey) -> None:
    code, output = run("status")
    assert code == 3
    assert "PostgreSQL: not running" in output
    assert "Valkey: not running" in output
    assert list(valkey.var.iterdir()) == []


def test_status_of_a_server_that_runs(valkey: Valkey) -> None:
    valkey.ensure()
    code, output = run("status", "valkey")
    assert code == 0
    assert output.startswith("Valkey: running, version 9.")
    assert f"pid {valkey.status().pid}\n" in output
    assert f"  address  unix://{valkey.socket}\n" in output
    assert f"  data     {valkey.folder} (0.0 MB)\n" in output


def test_stop_ends_what_runs(valkey: Valkey) -> None:
    valkey.ensure()
    assert run("stop") == (0, "PostgreSQL: was not running\nValkey: stopped\n")
    assert valkey.status().pid is None
    assert not valkey.runtime.exists()
    assert run("stop", "valkey") == (0, "Valkey: was not running\n")


def test_an_address_in_other_hands_is_an_error(valkey: Valkey) -> None:
    valkey.runtime.mkdir(mode=0o755)
    with pytest.raises(CommandError, match=str(valkey.runtime)):
        run("status", "valkey")
    valkey.runtime.rmdir()


def test_servers_elsewhere_are_named_without_their_passwords(tmp_path: Path) -> None:
    urls = {
        "DATABASE_URL": "postgresql://persona:hunter2@db.example.org/persona",
        "REDIS_URL": "redis://:hunter2@broker.example.org:6379/0",
        "PERSONA_VAR": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "manage.py", "embedded", "status"],
        cwd=ROOT,
        env=os.environ | urls,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [
        "PostgreSQL: not embedded, DATABASE_URL names db.example.org",
        "Valkey: not embedded, REDIS_URL names broker.example.org",
    ]
