"""/healthz, /readyz and /metrics: for machines, without login, without anything around them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as project
from django.db import connection
from django.test import Client
from pytest_django import Settings

from persona_site.embedded.valkey import Valkey
from personalization.services import watched
from personalization.services.watched import Worker, beat, tell_waits
from tests.builders import make_course, make_item, make_learner, make_lesson, make_run
from tests.personalization.watched import age, make_call, settle


@dataclass
class Counted:
    """As a limiter counts."""

    count: int
    seconds: float
    given_up: int


TOKEN = "a-token-of-enough-characters"


@pytest.fixture(autouse=True)
def production(settings: Settings) -> None:
    """As on a server: everything is sent to https, and one host name is known."""
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["persona.example"]
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def broker() -> None:
    Valkey(project.VAR).ensure()


@pytest.fixture
def no_database(transactional_db: None) -> Iterator[None]:
    """Nothing answers where the database was."""
    connection.close()
    place = connection.settings_dict
    connection.settings_dict = {**place, "HOST": "127.0.0.1", "PORT": "1", "PASSWORD": "geheim"}
    yield
    connection.close()
    connection.settings_dict = place


def ready(client: Client) -> tuple[int, Any]:
    answer = client.get("/readyz", headers={"host": "10.0.0.7"})
    return answer.status_code, answer.json()["checks"]


def scrape(client: Client, **headers: str) -> dict[str, float]:
    """Each number by its name and labels."""
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **headers})
    assert answer.status_code == 200, answer.content
    lines = [line for line in answer.content.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines)}


def test_the_process_answers_without_a_database(client: Client) -> None:
    answer = client.get("/healthz", headers={"host": "10.0.0.7"})  # the test may not touch the database
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.parametrize("door", ["/healthz", "/readyz", "/metrics"])
def test_a_door_sets_no_cookie_and_is_kept_by_nobody(client: Client, db: None, door: str) -> None:
    answer = client.get(door, headers={"authorization": f"Bearer {TOKEN}", "accept-language": "ru"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert not {"Set-Cookie", "Vary", "Content-Language", "Location"} & set(answer.headers)
    assert client.head(door, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.post(door).status_code == 405


def test_ready_with_all_that_is_needed(client: Client, db: None, broker: None) -> None:
    beat(Worker())
    status, checks = ready(client)
    assert status == 200
    assert [checks[name]["state"] for name in ("database", "broker", "workers", "queue")] == ["ok"] * 4
    assert checks["workers"]["alive"] == 1


def test_pages_are_served_without_worker_and_broker(client: Client, db: None, settings: Settings) -> None:
    settings.REDIS_URL = "redis://anna:geheim@127.0.0.1:1/0"
    status, checks = ready(client)
    assert status == 200
    assert checks["broker"]["state"] == checks["workers"]["state"] == "warning"
    assert not {"geheim", "anna", "127.0.0.1"} & set(str(checks).split())
    assert "geheim" not in str(checks)


def test_a_queue_that_stands_is_a_warning(client: Client, db: None, broker: None) -> None:
    course = make_course()
    item = make_item(make_run(), make_learner(course=course), make_lesson(course))
    age("generation_items", "available_at", 90)
    status, checks = ready(client)
    assert (status, checks["queue"]["state"]) == (200, "warning")
    assert checks["queue"]["oldest_due_seconds"] == pytest.approx(90, abs=20)
    make_item(item.run, make_learner(course=course), make_lesson(course, 2), state="running")
    assert ready(client)[1]["queue"]["state"] == "ok"


def test_not_ready_without_a_database(client: Client, no_database: None, broker: None) -> None:
    status, checks = ready(client)
    assert status == 503
    assert checks["database"] == {
        "state": "failed",
        "detail": "nothing answers there. Start it, or correct DATABASE_URL",
    }
    assert checks["workers"]["state"] == checks["queue"]["state"] == "unknown"
    assert checks["broker"]["state"] == "ok"


def test_not_ready_before_the_database_is_migrated(client: Client, db: None, broker: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE worker_heartbeats")
    status, checks = ready(client)
    assert status == 503
    assert "manage.py migrate" in checks["database"]["detail"]


def test_without_a_token_there_is_no_metrics_page(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ключ"]
)
def test_only_the_token_opens_the_metrics(client: Client, given: str) -> None:
    answer = client.get("/metrics", headers={"authorization": given.encode().decode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert b"persona_" not in answer.content


def test_items_runs_and_workers(client: Client, db: None) -> None:
    course = make_course()
    run, lesson = make_run(), make_lesson(course)
    for state in ("queued", "queued", "done"):
        make_item(run, make_learner(course=course), lesson, state=state)
    make_item(make_run(state="closed"), make_learner(course=course), lesson, state="failed")
    age("generation_items", "available_at", 20)
    beat(Worker(pool=2))
    numbers = scrape(client)
    assert numbers['persona_items{run_state="open",state="queued"}'] == 2
    assert numbers['persona_items{run_state="open",state="done"}'] == 1
    assert numbers['persona_items{run_state="open",state="failed"}'] == 0, "of a run that has ended"
    assert numbers['persona_runs{state="open"}'] == numbers['persona_runs{state="closed"}'] == 1
    assert numbers["persona_oldest_due_seconds"] == pytest.approx(20, abs=15)
    assert numbers["persona_workers"] == 1
    assert numbers["persona_workers_concurrency"] == 2 * project.GENERATION_CONCURRENCY
    assert numbers[f'persona_info{{release="{project.RELEASE}"}}'] == 1


def test_calls_tokens_and_money(client: Client, db: None) -> None:
    settle(make_call(), make_call(), seconds=1.5)
    settle(make_call(), seconds=0.3)
    settle(make_call(), state="error", error="rate_limit", seconds=200)
    numbers = scrape(client)
    assert numbers['persona_model_calls_total{error="",model="gpt-test",result="ok"}'] == 3
    assert numbers['persona_model_calls_total{error="rate_limit",model="gpt-test",result="error"}'] == 1
    buckets = {
        bound: numbers[f'persona_model_call_seconds_bucket{{le="{bound}",model="gpt-test"}}']
        for bound in ("0.25", "0.5", "1.0", "2.0", "120.0", "+Inf")
    }
    assert buckets == {"0.25": 0, "0.5": 1, "1.0": 1, "2.0": 3, "120.0": 3, "+Inf": 4}
    assert numbers['persona_model_call_seconds_sum{model="gpt-test"}'] == pytest.approx(203.3)
    assert numbers['persona_model_tokens_total{kind="input",model="gpt-test"}'] == 160
    assert numbers['persona_model_tokens_total{kind="cached",model="gpt-test"}'] == 240
    assert numbers['persona_model_tokens_total{kind="output",model="gpt-test"}'] == 80
    assert numbers['persona_model_cost_total{model="gpt-test"}'] == pytest.approx(0.001)


def test_waits_for_the_limiter_come_from_all_workers(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):  # two processes, each with a memory of its own
        monkeypatch.setattr(watched, "_told", {})
        tell_waits({"gpt-test": Counted(2, 3.5, 1)})
        tell_waits({"gpt-test": Counted(3, 4.0, 1)})
    numbers = scrape(client)
    assert numbers['persona_limiter_waits_total{model="gpt-test"}'] == 6
    assert numbers['persona_limiter_wait_seconds_total{model="gpt-test"}'] == 8
    assert numbers['persona_limiter_given_up_total{model="gpt-test"}'] == 2


def test_openmetrics_is_spoken_where_it_is_asked_for(client: Client, db: None) -> None:
    settle(make_call())
    headers = {"authorization": f"Bearer {TOKEN}", "accept": "application/openmetrics-text; version=1.0.0"}
    assert client.get("/metrics", headers=headers).content.endswith(b"# EOF\n")


def test_requests_are_counted_by_pattern_and_never_by_address(client: Client, db: None) -> None:
    before = scrape(client)
    secure = {"secure": True, "headers": {"host": "persona.example"}}
    client.get("/admin/login/?q=nina@example.org", **secure)  # type: ignore[arg-type]
    client.get("/nina@example.org/", **secure)  # type: ignore[arg-type]
    client.generic("BREW", "/admin/login/", **secure)  # type: ignore[arg-type]
    numbers = scrape(client)
    login = 'persona_http_requests_total{code="200",method="GET",route="admin/login/"}'
    assert numbers[login] - before.get(login, 0) == 1
    missed = 'persona_http_requests_total{code="404",method="GET",route=""}'
    assert numbers[missed] - before.get(missed, 0) == 1
    assert any('method="other"' in name for name in numbers)
    assert not any("nina" in name for name in numbers)


def test_numbers_without_a_database_say_so(client: Client, no_database: None) -> None:
    numbers = scrape(client)
    assert numbers["persona_database_up"] == 0
    assert not any(name.startswith("persona_items") for name in numbers)


def test_with_a_database_they_say_so_too(client: Client, db: None) -> None:
    assert scrape(client)["persona_database_up"] == 1
