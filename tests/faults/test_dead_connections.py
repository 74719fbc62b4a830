"""A worker's connections give up on a server that does not answer, and come back to one that was away."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.backends.signals import connection_created
from django.db.utils import ConnectionHandler
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import DjangoDbBlocker

from benchmarks.faulting.links import Mode
from benchmarks.faulting.proxy import HOST, Proxy, running_proxy
from courses.database import ANSWER_WITHIN, answer_within
from persona_site.embedded.postgres import Postgres
from persona_site.steady import SteadyConnection

SECONDS = 0.3


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    server = Postgres(settings.VAR)
    server.ensure()
    with running_proxy(server.socket) as proxy:
        yield proxy


@pytest.fixture
def session(proxy: Proxy, django_db_blocker: DjangoDbBlocker) -> Iterator[Any]:
    """Django's connection to a database behind the proxy, in a process where answers must come in time.

    Not the tests' database: nothing is written to it.
    """
    answer_within(SECONDS)
    plain = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "persona",
        "USER": "persona",
        "HOST": HOST,
        "PORT": str(proxy.port),
    }
    with django_db_blocker.unblock(), closing(ConnectionHandler({"default": plain})["default"]) as connection:
        yield connection
    connection_created.disconnect(dispatch_uid=ANSWER_WITHIN)


def answer(session: Any, statement: str = "SELECT 1") -> object:
    with session.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("mode", [Mode.ZOMBIE, Mode.BLACKHOLE])
def test_a_statement_that_is_not_answered_ends_its_connection(proxy: Proxy, session: Any, mode: Mode) -> None:
    assert answer(session) == 1
    proxy.set(mode)
    began = time.monotonic()
    with pytest.raises(OperationalError):
        answer(session)
    assert time.monotonic() - began < 10 * SECONDS
    proxy.set(Mode.PASS)
    session.close()
    assert answer(session) == 1, "a new connection is fine"


def test_nor_does_a_commit_wait_for_ever(proxy: Proxy, session: Any) -> None:
    session.set_autocommit(False)
    assert answer(session) == 1
    proxy.set(Mode.ZOMBIE)
    with pytest.raises(OperationalError):
        session.commit()
    assert session.connection.closed


def test_a_statement_that_is_answered_in_time_is_left_alone(session: Any) -> None:
    assert answer(session, f"SELECT 1 FROM pg_sleep({SECONDS / 3})") == 1


def test_whoever_waits_for_notices_may_wait_longer(session: Any) -> None:
    answer(session, "SELECT 1")
    with session.cursor() as cursor:
        cursor.execute("LISTEN nothing")
    assert list(session.connection.notifies(timeout=2 * SECONDS)) == []
    assert answer(session) == 1


def test_the_pauses_between_tries_to_reach_the_broker_do_not_grow() -> None:
    pauses: list[float] = []
    with running_proxy(settings.VAR / "nobody") as proxy:
        broker = SteadyConnection(f"redis://{HOST}:{proxy.port}/0")
        with pytest.raises(BrokerError):
            broker.ensure_connection(lambda error, pause: pauses.append(pause), 2, interval_start=0.01)
    assert len(pauses) >= 2
    assert set(pauses) == {0.01}
