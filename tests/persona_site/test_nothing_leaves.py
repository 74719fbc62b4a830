"""A run with everything that can go wrong, as in production: no log and no error report tells who learns."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson, make_superuser
from tests.conftest import WorkerStarter
from tests.fake_sentry import FakeSentry, fake_sentry
from tests.persona_site.test_faults_at_start import PRODUCTION
from tests.processes import Environment, until
from tests.web_server import WebServer

pytestmark = pytest.mark.usefixtures("transactional_db")

NAME, EMAIL, PHONE, DREAM = "Аннаканарейка", "anna.canary@example.org", "+7 912 555-01-77", "тайная мечта"
KEY, TOKEN = "sk-canary-of-a-key", "canary-of-a-metrics-token"
SECRETS = [
    NAME,
    EMAIL,
    PHONE,
    "9125550177",
    DREAM,
    KEY,
    TOKEN,
    PRODUCTION["SECRET_KEY"],
    "Борисканарей",
    "b-canary-7",
]
NOBODYS_NAME = f"CHECK (name <> '{NAME}x')"
CLOSING = "closing_fails"
REPORTED = {"CheckViolation", "RaiseException", "personalization.services.mishaps"}


@contextmanager
def broken_database() -> Iterator[None]:
    """It refuses to save one name and to close any run, and quotes learners when it does."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE profiles ADD CONSTRAINT no_such_name {NOBODYS_NAME} NOT VALID")
        cursor.execute(
            f"""CREATE FUNCTION {CLOSING}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'of %', (SELECT string_agg(name || user_identifier, ',') FROM profiles);
            END $$;
            CREATE TRIGGER {CLOSING} BEFORE UPDATE ON generation_runs FOR EACH ROW
            WHEN (NEW.state = 'closed') EXECUTE FUNCTION {CLOSING}()"""
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP FUNCTION {CLOSING} CASCADE")
            cursor.execute("ALTER TABLE profiles DROP CONSTRAINT no_such_name")


@pytest.fixture
def production(
    process_environment: Environment, fake_model: RunningFakeModel, settings: Settings
) -> Iterator[tuple[Environment, FakeSentry]]:
    """The environment of a server, and where its errors go."""
    kept = {key: value for key, value in PRODUCTION.items() if key not in {"DATABASE_URL", "REDIS_URL"}}
    settings.SECRET_KEY = kept["SECRET_KEY"]  # so that a session of this process is one there
    settings.OPENAI_API_KEY = KEY
    with fake_sentry() as sentry:
        yield (
            {
                **process_environment,
                **kept,
                "BEHIND_TLS_PROXY": "true",
                "METRICS_TOKEN": TOKEN,
                "SENTRY_DSN": sentry.dsn,
                "RELEASE": "7.7",
                "GENERATION_LEASE_SECONDS": "15",
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": fake_model.base_url,
            },
            sentry,
        )


def make_learners() -> list[UUID]:
    """Two courses: of learners like any, and of one whose answers nobody foresaw."""
    plain, odd = make_course(), make_course()
    make_lesson(plain)
    make_lesson(odd)
    make_learner(EMAIL, course=plain, name=NAME, survey={"goal": DREAM, "contact": PHONE})
    for _ in range(10):
        make_learner(course=plain, name=NAME, survey={"goal": f"{DREAM} {PHONE}"})
    deep: Any = DREAM
    for _ in range(1_500):
        deep = [deep]
    make_learner("b-canary-7", course=odd, name="Борисканарей", survey={"goal": deep})
    return [plain.pk, odd.pk]


def log_in(web: WebServer) -> None:
    client = Client()
    client.force_login(make_superuser())
    web.cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": "c" * 32}


def use_the_admin(web: WebServer) -> None:
    """A search, an address that is none, a form without its token, and one that cannot be saved."""
    learners = reverse("admin:personalization_profile_changelist")
    assert web.ask(f"{learners}?q={quote(EMAIL)}").status == 200
    assert web.ask(f"/{quote(NAME)}/{EMAIL}?q={quote(PHONE)}").status == 404
    assert web.ask(f"{learners}?who={EMAIL}", {"name": NAME}).status == 403
    form = {"csrfmiddlewaretoken": "c" * 32, "user_identifier": "c-canary", "name": f"{NAME}x"}
    assert web.ask(f"{learners}add/?who={EMAIL}", form).status == 500


def kinds(sentry: FakeSentry) -> set[str]:
    """Of what was reported: the error's type, or which logger said it."""
    errors = [(event, event.get("exception", {}).get("values")) for event in sentry.events()]
    return {values[0]["type"] if values else event["logger"] for event, values in errors}


def lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was said on the way: `odd` is the run of the learner whom nobody foresaw."""

    web: str
    worker: str
    metrics: str
    sentry: FakeSentry
    odd: UUID

    def everything(self) -> dict[str, str]:
        sent = "\n".join(self.sentry.bodies)
        return {"web": self.web, "worker": self.worker, "metrics": self.metrics, "sentry": sent}


@pytest.fixture
def evidence(
    production: tuple[Environment, FakeSentry], start_worker: WorkerStarter, fake_model: RunningFakeModel
) -> Evidence:
    """Of a whole run, with a worker and a web server of their own, and an error in each."""
    env, sentry = production
    fake_model.set(mode="rate_limit,server_error,cut,bad_json,echo,html,refusal", fail=0.3, seed=4)
    courses = make_learners()
    worker = start_worker(**env)
    web = WebServer(env)  # it takes as long to start as the worker, which starts meanwhile
    try:
        with broken_database():
            log_in(web)
            use_the_admin(web)
            run, odd = (
                start_run(selection=Selection(course=course), backend="openai").run.pk for course in courses
            )
            until(lambda: progress(run).ended == 11, "every item ends", patience=120)
            until(lambda: kinds(sentry) >= REPORTED, "all errors are reported")
        until(lambda: progress(run).state == "closed", "the run ends when it may")
        metrics = web.ask("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    finally:
        said = web.stop()
    return Evidence(said, worker.stop(), metrics, sentry, odd)


def test_a_whole_run_tells_nobody_who_learns(evidence: Evidence) -> None:
    assert_told(evidence)
    everything = evidence.everything().items()
    assert [(place, secret) for place, text in everything for secret in SECRETS if secret in text] == []


def assert_told(evidence: Evidence) -> None:
    """What should be there is there: a test that searches empty logs finds nothing either."""
    web, worker, events = lines(evidence.web), lines(evidence.worker), evidence.sentry.events()
    finished = [line["code"] for line in web if line["event"] == "request_finished"]
    assert finished == [200, 404, 403], "pages, and no probe"
    (failed,) = [line for line in web if line["event"] == "request_failed"]
    assert failed["request"] == "POST /admin/personalization/profile/add/"
    assert "constraint no_such_name" in failed["exception"]
    assert any("SQLSTATE P0001" in line.get("exception", "") for line in worker), "the task failed"
    internal = [line for line in worker if "unexpected RecursionError" in line["event"]]
    assert internal
    assert all(line["run"] == str(evidence.odd) and line["item"] for line in internal)
    assert {event["release"] for event in events} == {"persona@7.7"}
    assert any(event["tags"].get("item") == internal[0]["item"] for event in events)
    assert any(event["tags"].get("request_id") == failed["request_id"] for event in events)
    assert 'persona_http_requests_total{code="500",method="POST"' in evidence.metrics
