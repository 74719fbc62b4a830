"""Servers are started once and shared; each test process has a database and a broker number of its own."""

import fcntl
import gc
import os
from collections.abc import Generator, Iterator
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.template import Context, RequestContext
from django.test import client
from django.test.utils import ContextList
from django.utils import translation
from pytest_django import DjangoDbBlocker
from xdist.remote import Producer

from persona_site.embedded.valkey import Valkey
from personalization.fake_model import RunningFakeModel, running_fake_model
from personalization.models import PromptVersion
from personalization.shipped_config import load_shipped
from tests.builders import ship_default_survey
from tests.distribution import WholeFiles, in_order
from tests.processes import Environment, WorkerProcess
from tests.template_database import migrated_database

ROOT = Path(__file__).resolve().parent.parent
# How long an example takes is the machine's affair.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> WholeFiles:
    return WholeFiles(config, log)


@pytest.hookimpl(trylast=True)  # after the plugins that sort
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_order(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """One process after the other: the first rewrites the asserts of all files, the others read that."""
    with (settings.VAR / "collection.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return (yield)


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """In addition to pytest-django's own: the database of this process is a copy, not migrated anew."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = migrated_database()


@pytest.fixture(scope="session", autouse=True)
def one_context_a_page() -> Iterator[None]:
    """Tests look at what a page is made from; Django's client copies that for each of its 200 parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "store_rendered_templates", _store_the_page)
        yield


def _store_the_page(store: dict[str, Any], context: Context, **_: object) -> None:
    if "context" not in store and isinstance(context, RequestContext):
        page: Any = copy(context)
        store["context"] = ContextList([page])


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """A page that was asked for in Russian leaves its thread speaking Russian."""
    yield
    translation.deactivate()


@pytest.fixture
def fake_model() -> Iterator[RunningFakeModel]:
    with running_fake_model() as model:
        yield model


FULL_AFTER_A_TEST = [
    *("courses", "profiles", "generation_runs", "generation_counts", "model_calls", "model_endpoints"),
    *("auth_user", "django_session", "changes", "pghistory_context", "worker_heartbeats", "call_totals"),
    *(
        "ended_totals",
        "request_totals",
        "limiter_waits",
        "daily_costs",
        "coaches",
        "app_config",
        "prompt_versions",
    ),
]
AND_WHAT_REFERS_TO_THEM = """
    WITH RECURSIVE found AS (
        SELECT oid FROM pg_class WHERE relkind = 'r' AND relname = ANY(%s)
        UNION SELECT conrelid FROM pg_constraint JOIN found ON confrelid = found.oid WHERE contype = 'f'
    )
    SELECT string_agg('DELETE FROM ' || oid::regclass, '; ') FROM found
"""


@cache
def emptying() -> str:
    """Statements: without triggers and foreign keys a hundred times as fast as to truncate the tables."""
    with connection.cursor() as cursor:
        cursor.execute(AND_WHAT_REFERS_TO_THEM, [FULL_AFTER_A_TEST])
        return f"SET LOCAL session_replication_role = replica; {cursor.fetchone()[0]}"


@pytest.fixture(autouse=True)
def _django_db_marker(request: pytest.FixtureRequest) -> None:
    """In the place of pytest-django's: a mark beside our `transactional_db` would have all tables flushed
    after it, with what the migrations put there, and a test much later would miss that."""
    if request.node.get_closest_marker("django_db") and "transactional_db" not in request.fixturenames:
        request.getfixturevalue("_django_db_helper")


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose rows threads and other processes see; afterwards the rows of the test are gone.

    In the place of pytest-django's fixture: Django would flush what the migrations put there too, groups
    and permissions, which the tests after it need. The default survey goes with the courses, and comes back.
    """
    with django_db_blocker.unblock():
        assert PromptVersion.objects.exists(), "an earlier test took what the migrations had put there"
        yield
        connection.close()  # it may be in a broken transaction, or cut by the test
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(emptying())
            ship_default_survey()
            load_shipped(cursor)  # a migration put it there, and all other tests expect it
        connection.close()


@pytest.fixture
def process_environment(transactional_db: None, worker_id: str) -> Environment:
    """Variables for a subprocess that works on this test's database, with short leases and pauses."""
    Valkey(settings.VAR).ensure()
    database = connection.settings_dict
    number = int("".join(filter(str.isdigit, worker_id)) or 0)
    return {
        **os.environ,
        "DEBUG": "true",
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "REDIS_URL": f"{Valkey(settings.VAR).broker_url}?virtual_host={number}",
        "GENERATION_LEASE_SECONDS": "3",
        "GENERATION_SWEEP_SECONDS": "0.5",
        "GENERATION_RETRY_SECONDS": "0.05",
        "GENERATION_CALL_SECONDS": "5",
    }


@pytest.fixture
def start_worker(process_environment: Environment) -> Iterator["WorkerStarter"]:
    starter = WorkerStarter(process_environment)
    yield starter
    starter.stop_all()


class WorkerStarter:
    """Starts real Celery workers; `**variables` go into their environment."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._started: list[WorkerProcess] = []

    def __call__(self, **variables: str) -> WorkerProcess:
        worker = WorkerProcess({**self._environment, **variables}, forked=True)
        self._started.append(worker)
        return worker

    def stop_all(self) -> None:
        for worker in self._started:
            worker.stop()
