from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.signals import connection_created

from courses.database import ANSWER_WITHIN
from personalization.fake_model import RunningFakeModel, running_fake_model
from tests.personalization.fake_model_client import Ask, asking
from tests.store_builder import CourseBuilder, StoreBuilder


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    return StoreBuilder(tmp_path)


@pytest.fixture
def course(store: StoreBuilder) -> CourseBuilder:
    course = store.course().lessons(3)
    store.profiles("u-1")
    return course


@pytest.fixture
def own_limits() -> Iterator[None]:
    """What a command sets for the whole of its process does not outlast the test."""
    options = connections.settings[DEFAULT_DB_ALIAS]["OPTIONS"]
    before = dict(options)
    yield
    options.clear()
    options.update(before)
    connection_created.disconnect(dispatch_uid=ANSWER_WITHIN)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningFakeModel]:
    """A fake model for all tests of a module: a new client costs more than a request."""
    with running_fake_model() as running:
        yield running


@pytest.fixture(scope="module")
def ask(server: RunningFakeModel) -> Iterator[Ask]:
    with asking(server.base_url) as asked:
        yield asked
