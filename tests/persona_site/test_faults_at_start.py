"""An expected failure is one line that says what to do: no traceback, no password."""

import os

import pytest

from tests.processes import manage

PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "".join(map(chr, range(40, 100))),
    "DATABASE_URL": "postgresql://anna:geheim@127.0.0.1:1/persona",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "ALLOWED_HOSTS": "persona.example",
}


def said(command: str, *arguments: str, **variables: str) -> str:
    done = manage(command, *arguments, env={**os.environ, **variables})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    assert "geheim" not in done.stderr + done.stdout
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_production_names_what_is_missing(missing: str) -> None:
    line = said("check", **{**PRODUCTION, missing: ""})
    assert missing in line
    assert "DEBUG=true" in line


@pytest.mark.parametrize("command", ["migrate", "personalize", "import_lessons"])
def test_a_database_that_is_down_is_named_without_its_password(command: str) -> None:
    line = said(command, **PRODUCTION)
    assert "127.0.0.1:1" in line
    assert "DATABASE_URL" in line


def test_a_number_that_is_none_is_named() -> None:
    assert "GENERATION_CONCURRENCY" in said("check", GENERATION_CONCURRENCY="many")
    assert "GENERATION_LEASE_SECONDS" in said("check", GENERATION_LEASE_SECONDS="-1")
