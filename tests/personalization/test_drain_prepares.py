"""A batch that a worker cannot prepare: nothing of it waits for its leases to run out."""

from collections.abc import Iterable

import pytest
from pytest_django import Settings

from personalization import greetings
from personalization.models import GenerationItem
from personalization.pairs import Selection
from personalization.queries import progress
from personalization.services.drain import drain
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.locks import deadlock

pytestmark = pytest.mark.usefixtures("transactional_db")


def test_what_the_database_keeps_from_being_prepared_is_given_back_uncounted(settings: Settings) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", "http://127.0.0.1:9/v1"
    settings.GENERATION_LEASE_SECONDS = 0.5  # so long the worker is patient
    course = make_course()
    make_lesson(course)
    for _ in range(2):
        make_learner(course=course, survey={"learning_style": "Visual", "technical_depth": 10})
    start_run(selection=Selection(), backend="openai")
    with deadlock("prompt_refinements"):
        assert drain() == 0
    items = GenerationItem.objects.values_list("state", "attempts", "error_code")
    assert list(items) == [("queued", 0, "stopped")] * 2


def test_a_course_that_breaks_what_a_batch_shares_fails_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("Нина", "Странная"):
        course = make_course()
        make_lesson(course)
        make_learner(course=course, name=name)
    plain = greetings.forms_of_address

    def forms(names: Iterable[str | None]) -> frozenset[str]:
        names = list(names)
        if "Странная" in names:
            raise RecursionError(names)
        return plain(names)

    monkeypatch.setattr("personalization.services.sources.forms_of_address", forms)
    run = start_run(selection=Selection(), backend="simple").run
    GenerationItem.objects.update(max_attempts=1)
    drain()
    ended = progress(run.pk)
    assert (ended.state, ended.counts) == ("closed", {"done": 1, "failed": 1})
    assert [kind.code for kind in ended.errors] == ["internal"]
    assert "Странная" not in caplog.text
