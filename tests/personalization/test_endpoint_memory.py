"""What was found out of an endpoint is kept in the database, for all workers, until somebody forgets it."""

import logging

import pytest
from django.db import DatabaseError, connection

from personalization.models import Endpoint
from personalization.writers.endpoint_memory import DatabaseMemory, forget, recall, remember
from personalization.writers.facts import Facts

HERE = {"base_url": "http://one.example/v1", "model": "m"}
ELSEWHERE = {"base_url": "http://one.example/v1", "model": "other"}
KEYED = Facts(limit="max_completion_tokens", stream=True)


@pytest.mark.django_db
class TestRows:
    def test_nothing_is_known_at_first(self) -> None:
        assert recall(**HERE) is None

    def test_what_is_remembered_is_recalled_for_that_endpoint_and_model_only(self) -> None:
        assert remember(KEYED, **HERE) == KEYED
        assert recall(**HERE) == KEYED
        assert recall(base_url="http://one.example/v1/", model="m") == KEYED
        assert recall(**ELSEWHERE) is None

    def test_two_workers_findings_are_added_up(self) -> None:
        remember(KEYED, **HERE)
        both = Facts("text", "max_completion_tokens", stream=True)
        assert remember(Facts(answers="text"), **HERE) == both
        assert recall(**HERE) == both

    def test_what_is_known_already_is_not_written_again(self) -> None:
        remember(KEYED, **HERE)
        Endpoint.objects.update(learned_at="2026-01-01T00:00Z")
        remember(Facts(stream=True), **HERE)
        assert Endpoint.objects.get().learned_at.year == 2026
        assert Endpoint.objects.get().learned_at.month == 1

    def test_it_can_be_forgotten(self) -> None:
        remember(KEYED, **HERE)
        remember(KEYED, **ELSEWHERE)
        assert forget(**HERE) is True
        assert forget(**HERE) is False
        assert (recall(**HERE), recall(**ELSEWHERE)) == (None, KEYED)


@pytest.mark.usefixtures("transactional_db")
def test_without_a_database_a_worker_goes_on_with_what_it_knows(caplog: pytest.LogCaptureFixture) -> None:
    memory = DatabaseMemory(**HERE)

    def gone(*_: object) -> None:
        raise DatabaseError("password of nobody")

    with connection.execute_wrapper(gone), caplog.at_level(logging.WARNING):
        assert memory.remember(KEYED) == KEYED
    with connection.execute_wrapper(gone):
        assert memory.recall() is None
    assert memory.recall() is None, "nothing was kept"
    assert "password" not in caplog.text
    assert "not kept" in caplog.text
