"""Starting, steering and watching a run: no web request of these connects to the broker."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from benchmarks.faulting.links import Mode
from benchmarks.faulting.proxy import HOST, Proxy, running_proxy
from persona_site.doorbell import ring
from persona_site.embedded.valkey import Valkey
from personalization.models import GenerationRun
from personalization.writers.limits import view
from tests.builders import make_course, make_learner, make_lesson, make_run, make_superuser
from tests.personalization.test_admin_regenerate import START, ask
from tests.personalization.test_admin_runs import LIST, add, url
from tests.sockets import connections


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def black_hole() -> Iterator[Proxy]:
    """A broker that takes what it is sent, and says nothing."""
    valkey = Valkey(django_settings.VAR)
    valkey.ensure()
    with running_proxy(valkey.socket) as proxy:
        proxy.set(Mode.BLACKHOLE)
        yield proxy


@pytest.fixture(params=["there", "closed", "black hole"])
def broker(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> None:
    """In each state that it can be in, for what must not even notice."""
    if request.param == "there":
        valkey = Valkey(django_settings.VAR)
        valkey.ensure()
        settings.REDIS_URL = valkey.broker_url
    elif request.param == "closed":
        settings.REDIS_URL = f"redis+socket://{tmp_path}/nothing.sock"
    else:
        settings.REDIS_URL = f"redis://{HOST}:{request.getfixturevalue('black_hole').port}/0"


def start(admin: Client) -> None:
    course = make_course()
    make_lesson(course)
    ask(admin, [make_learner(course=course)], **START)
    assert GenerationRun.objects.get().state == "open"


def steered(command: str, state: str, item: str, after: str, **fields: Any) -> Callable[[Client], None]:
    def do(admin: Client) -> None:
        run = make_run(state=state, **fields)
        add(run, state=item)
        admin.post(url(run, "command"), {"command": command, "budget": "9"})
        run.refresh_from_db()
        assert run.state == after, "it was done"

    return do


def opened(admin: Client) -> None:
    run = make_run(backend="openai")
    add(run)
    for page in (LIST, url(run, "change"), url(run, "progress")):
        assert admin.get(page).status_code == 200


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize(
    "door",
    [
        pytest.param(start, id="start"),
        pytest.param(steered("pause", "open", "queued", "paused"), id="pause"),
        pytest.param(steered("resume", "paused", "queued", "open"), id="resume"),
        pytest.param(steered("cancel", "open", "queued", "cancelled"), id="cancel"),
        pytest.param(steered("retry", "closed", "failed", "open"), id="retry"),
        pytest.param(steered("accept", "open", "held", "open", pilot="waiting"), id="accept a pilot"),
        pytest.param(
            steered("raise_budget", "open", "held", "open", budget_micro=1_000_000), id="raise the budget"
        ),
        pytest.param(opened, id="list, page and progress"),
    ],
)
def test_a_door_of_a_run_connects_to_nothing_but_the_database(
    admin: Client, door: Callable[[Client], None]
) -> None:
    with connections() as seen:
        door(admin)
    assert seen == []


def test_who_rings_the_bell_would_be_seen(settings: Settings) -> None:
    """Else the tests above would be empty: this is what a door that enqueued would do."""
    valkey = Valkey(django_settings.VAR)
    valkey.ensure()
    settings.EMBEDDED_VALKEY = False
    with Celery("nobody", broker=valkey.broker_url, set_as_current=False) as app, connections() as seen:
        ring(app)
    assert str(valkey.socket) in seen


@pytest.fixture
def limited(settings: Settings, black_hole: Proxy, db: None) -> GenerationRun:
    """A run whose page tells what the provider allows, beside a broker that does not answer."""
    settings.REDIS_URL = f"redis://{HOST}:{black_hole.port}/0"
    run = make_run(backend="openai", calls=1)
    add(run)
    return run


def unreachable(admin: Client, run: GenerationRun) -> bool:
    return "Redis is not reachable" in admin.get(url(run, "progress")).content.decode()


def test_a_page_that_is_read_every_second_waits_for_a_frozen_broker_once(
    admin: Client, limited: GenerationRun, black_hole: Proxy
) -> None:
    with connections() as seen:
        told = [unreachable(admin, limited) for _ in range(5)]
    assert all(told)
    assert seen.count((HOST, black_hole.port)) == 1


def test_and_looks_again_after_some_seconds(
    admin: Client, limited: GenerationRun, black_hole: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "AWAY_SECONDS", 0.0)
    assert unreachable(admin, limited)
    black_hole.set(Mode.PASS)
    assert not unreachable(admin, limited)
