"""What a log line looks like, and what never gets into one."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve
from pytest_django import Settings
from structlog.contextvars import bound_contextvars

from persona_site.env import choice
from persona_site.logs.lines import formatter
from persona_site.logs.privacy import address
from persona_site.logs.requests import RequestLogMiddleware
from tests.builders import make_superuser
from tests.log_lines import KeptLines, kept_lines
from tests.persona_site.failing_urls import LEARNER


def record(message: str, *args: Any, logger: str = "personalization.x", **extra: Any) -> logging.LogRecord:
    error = extra.pop("exc_info", None)
    made = logging.LogRecord(logger, logging.WARNING, __file__, 1, message, args, error)
    made.__dict__.update(extra)
    return made


def as_json(made: logging.LogRecord, *, whole_errors: bool = False) -> dict[str, Any]:
    line = formatter("json", whole_errors).format(made)
    assert "\n" not in line
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def as_text(made: logging.LogRecord) -> str:
    return formatter("text", whole_errors=False).format(made)


def raised(error: Exception) -> Any:
    try:
        raise error
    except type(error) as caught:
        return type(caught), caught, caught.__traceback__


@pytest.fixture
def kept() -> Iterator[KeptLines]:
    """Of the request log."""
    with kept_lines("django_structlog") as lines:
        yield lines


def test_a_line_is_an_object_with_the_ids_that_are_bound() -> None:
    with bound_contextvars(run="r-1", item=5):
        line = as_json(record("item %s is done", 5))
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "item 5 is done",
        "logger": "personalization.x",
        "level": "warning",
        "run": "r-1",
        "item": 5,
    }


def test_people_read_key_and_value_behind_the_event() -> None:
    with bound_contextvars(run="r-1", what="two words"):
        line = as_text(record("done"))
    assert line[8:] == ' WARNING personalization.x: done run=r-1 what="two words"'


def test_what_is_logged_cannot_pass_for_a_line_of_its_own() -> None:
    with bound_contextvars(what="x\n12:00:00 INFO forged"):
        lines = as_text(record("done\r\n12:00:00 INFO forged")).splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("    12:00:00")


@pytest.mark.django_db
def test_an_error_is_told_by_type_and_place_and_not_by_its_words() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::text::integer", [LEARNER])
    except DataError as error:
        told = as_json(record("failed", exc_info=(type(error), error, error.__traceback__)))["exception"]
    assert "test_log_lines.py" in told
    assert "django.db.utils.DataError" in told
    assert "SQLSTATE 22P02" in told
    assert LEARNER not in told


def test_what_led_to_an_error_is_told_too() -> None:
    error = RuntimeError(LEARNER)
    error.__cause__ = ValueError(LEARNER)
    told = as_json(record("failed", exc_info=raised(error)))["exception"]
    assert told.index("ValueError") < told.index("RuntimeError")
    assert LEARNER not in told


def test_development_sees_the_words() -> None:
    made = record("failed", exc_info=raised(ValueError(LEARNER)))
    assert f"ValueError: {LEARNER}" in as_json(made, whole_errors=True)["exception"]


def test_celery_does_not_quote_an_error() -> None:
    task = {"name": "wake", "exc": "ValueError('Нина')"}
    made = record("Task %(name)s failed: %(exc)s", task, logger="celery.app.trace", data=task)
    assert as_json(made)["event"] == "Task wake failed: (not logged)"


def test_asyncio_does_not_quote_a_task() -> None:
    made = record("Task was destroyed\ntask: <Task exception=ValueError('Нина')>", logger="asyncio")
    assert as_json(made)["event"] == "Task was destroyed"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/admin/courses/lesson/", "/admin/courses/lesson/"),
        ("/admin/auth/user/7/change/", "/admin/auth/user/7/change/"),
        (
            "/admin/personalization/profile/0b6f4d9e-1111-4222-8333-944445555666/change/",
            "/admin/personalization/profile/0b6f4d9e-1111-4222-8333-944445555666/change/",
        ),
        (
            "/admin/personalization/profile/nina@example.org/change/",
            "/admin/personalization/profile/<path:object_id>/change/",
        ),
    ],
)
def test_an_address_is_told_by_its_pattern_and_ids(path: str, told: str) -> None:
    request = RequestFactory().get(path, {"q": "Нина"})
    request.resolver_match = resolve(path)
    assert address(request) == told


def test_an_address_that_leads_nowhere_is_not_told() -> None:
    request = RequestFactory().get("/nina@example.org")
    made = record("Forbidden: %s", request.path, logger="django.security.csrf", request=request)
    assert as_json(made)["event"] == "Forbidden: (no page)"


@pytest.mark.django_db
def test_a_request_is_one_line(client: Client, kept: KeptLines) -> None:
    client.force_login(make_superuser())
    answer = client.get("/admin/personalization/profile/?q=Нина", headers={"user-agent": "Mozilla"})
    (line,) = kept.lines
    assert line["request"] == "GET /admin/personalization/profile/"
    assert (line["event"], line["code"]) == ("request_finished", 200)
    assert line["user"] == make_user_id(answer)
    assert line["ms"] >= 0
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert not {"ip", "user_agent"} & line.keys()


def make_user_id(answer: Any) -> int:
    user_id: int = answer.wsgi_request.user.pk
    return user_id


@pytest.mark.django_db
def test_who_did_not_look_at_the_user_logs_none(client: Client, kept: KeptLines) -> None:
    client.force_login(make_superuser())
    assert client.get("/nowhere/").status_code == 404
    assert "user" not in kept.lines[0]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("5f0c9e1e-3a51-4a4f-9d2b-0c7a3e0b8f55", True),
        ("", False),
        ("nina@example.org", False),
        ("a" * 65, False),
    ],
)
def test_a_request_id_of_a_proxy_is_kept_when_it_is_one(client: Client, given: str, taken: bool) -> None:
    answer = client.get("/", headers={"x-request-id": given})
    assert (answer.headers["X-Request-ID"] == given) is taken
    assert len(answer.headers["X-Request-ID"]) >= 16


def test_a_page_that_fails_is_one_line_with_its_place(
    kept: KeptLines, client: Client, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.persona_site.failing_urls"
    client.raise_request_exception = False
    assert client.get("/fails/7/").status_code == 500
    (line,) = kept.lines
    assert (line["event"], line["code"], line["request"]) == ("request_failed", 500, "GET /fails/7/")
    assert "builtins.ValueError" in line["exception"]
    assert "failing_urls.py" in line["exception"]
    assert LEARNER not in str(line)


@pytest.mark.parametrize("door", ["/healthz", "/readyz", "/metrics"])
@pytest.mark.django_db
def test_probes_are_in_no_log(client: Client, kept: KeptLines, door: str) -> None:
    client.get(door)
    assert kept.lines == []


def test_ids_of_one_request_are_gone_in_the_next() -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    log = RequestLogMiddleware(page)
    log(RequestFactory().get("/"))
    assert "request_id" not in as_json(record("later"))


@pytest.mark.parametrize(("given", "taken"), [("", "json"), ("text", "text"), (" JSON ", "json")])
def test_the_form_is_one_of_two(monkeypatch: pytest.MonkeyPatch, given: str, taken: str) -> None:
    monkeypatch.setenv("LOG_FORMAT", given)
    assert choice("LOG_FORMAT", ("text", "json"), "json") == taken


def test_an_unknown_form_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT must be text or json, found 'xml'"):
        choice("LOG_FORMAT", ("text", "json"), "json")
