"""manage.py doctor: what is wrong, and what to do."""

import json
import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from persona_site.broker import broker_problem
from persona_site.embedded.valkey import Valkey
from personalization.services.watched import Worker, beat
from tests.builders import make_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker(settings: Settings) -> None:
    Valkey(settings.VAR).ensure()


def doctor(*arguments: str) -> str:
    out = StringIO()
    try:
        call_command("doctor", *arguments, stdout=out)
    except CommandError as error:
        return f"{out.getvalue()}{error.returncode}: {error}"
    return out.getvalue()


def test_all_is_well(broker: None) -> None:
    beat(Worker())
    told = doctor()
    assert "WRONG" not in told
    assert "1 at work" in told


def test_what_is_wrong_comes_with_advice(broker: None) -> None:
    make_run(state="paused", note="[red]the endpoint refused the key[/red]")
    told = " ".join(doctor().split())
    assert "WRONG workers none at work" in told
    assert "→ Start a worker: celery -A persona_site worker" in told
    assert "[red]the endpoint refused the key[/red]" in told
    assert told.endswith("1: Something is wrong: workers, runs that cannot go on.")


def test_json_is_for_programs(broker: None) -> None:
    beat(Worker())
    report = json.loads(doctor("--json"))
    assert report["ok"] is True
    assert {check["name"] for check in report["checks"]} >= {"broker", "workers", "held items"}
    assert all(check.keys() >= {"wrong", "found", "value", "limit", "advice"} for check in report["checks"])


def test_a_broker_that_does_not_answer_is_named_without_its_address(settings: Settings) -> None:
    beat(Worker())
    settings.REDIS_URL = "redis://:geheim@127.0.0.1:1/0"
    told = doctor()
    assert "WRONG  broker" in told
    assert "REDIS_URL" in told
    assert "geheim" not in told
    assert "127.0.0.1" not in told


@pytest.mark.parametrize(
    "address", ["redis://127.0.0.1:1", "sentinel://127.0.0.1:1", "redis+socket:///nowhere"]
)
def test_whatever_is_wrong_with_the_broker_is_told(settings: Settings, address: str) -> None:
    settings.REDIS_URL = address
    assert broker_problem(0.1)


def test_a_broker_that_hangs_is_not_waited_for(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert broker_problem(0.05) == "it does not answer (TimeoutError)"


def test_the_broker_of_the_settings_is_asked(settings: Settings, broker: None) -> None:
    settings.REDIS_URL = f"{Valkey(settings.VAR).broker_url}?virtual_host=3"
    assert broker_problem(1) is None


def test_a_number_is_needed() -> None:
    assert "a whole number" in doctor("--failed-per-hour", "-1") + doctor("--failed-per-hour", "x")
