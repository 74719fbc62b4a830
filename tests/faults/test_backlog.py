"""What cannot be written is not paid for without end: a worker begins nothing more while its answers wait."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem
from personalization.pairs import Selection
from personalization.services.drain import drain
from personalization.services.runs import start_run
from tests.builders import make_course, make_learner, make_lesson
from tests.processes import until

pytestmark = pytest.mark.usefixtures("transactional_db")
ITEMS, CONCURRENCY = 40, 3
# A sequence counts on where a transaction is rolled back.
NO_ROOM = """
    CREATE SEQUENCE tries;
    CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM nextval('tries');
        RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full';
    END $$;
    CREATE TRIGGER no_room BEFORE INSERT ON personalized_lesson_descriptions EXECUTE FUNCTION no_room();
"""
ROOM = "DROP TRIGGER no_room ON personalized_lesson_descriptions; DROP FUNCTION no_room; DROP SEQUENCE tries"


@contextmanager
def no_room_for_texts() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(NO_ROOM)
        try:
            yield
        finally:
            cursor.execute(ROOM)


def tries() -> int:
    """How often somebody has tried to write a text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries")
        return int(cursor.fetchone()[0])


def test_answers_that_cannot_be_written_hold_up_the_next_calls(
    fake_model: RunningFakeModel, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.GENERATION_CONCURRENCY = CONCURRENCY
    course = make_course()
    make_lesson(course)
    for _ in range(ITEMS):
        make_learner(course=course)
    start_run(selection=Selection(), backend="openai")
    worker = threading.Thread(target=drain)
    with no_room_for_texts():
        worker.start()
        until(lambda: tries() >= 3, "the worker tries to write, again and again")
        asked = fake_model.stats()["requests"]
    worker.join(60)
    assert 0 < asked <= 2 * CONCURRENCY
    assert GenerationItem.objects.filter(state="done").count() == ITEMS
    assert fake_model.stats()["requests"] == ITEMS, "what was paid for is written when there is room again"
