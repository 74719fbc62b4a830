from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.courses.adoption import ROWS_SQL, TABLES_SQL, TRIGGERS_SQL, Adopted, adoption, asset


@pytest.fixture(scope="session")
def site() -> Iterator[Adopted]:
    with adoption(TABLES_SQL, TRIGGERS_SQL, ROWS_SQL, dropped=(asset(2), asset(4))) as adopted:
        yield adopted


@pytest.fixture
def alias(site: Adopted, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The adopted database for the ORM; whatever a test does there is rolled back."""
    name = site.database.name
    connections.settings[name] = {**connections["default"].settings_dict, "NAME": name}
    with django_db_blocker.unblock():
        session = connections[name]
        session.set_autocommit(False)
        try:
            yield name
        finally:
            session.rollback()
            session.close()
            del connections[name], connections.settings[name]
