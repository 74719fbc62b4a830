"""Results on their way into the database, when something stands in it."""

import asyncio
from dataclasses import replace

import pytest
from django.db import connection, transaction

from personalization.models import GenerationItem
from personalization.services import queue
from personalization.services.attempts import Outcome, Text
from personalization.services.leases import Leases
from personalization.services.settling import Settling
from personalization.services.threads import DatabaseThreads
from tests.builders import (
    PERSONAL_TEXT,
    make_course,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_text,
)

TEXT = Text(PERSONAL_TEXT, origin="openai", model="m-1", prompt_version="p-1", fingerprint="f-1")
SPOILT = replace(TEXT, content={"why_watch": "\x00"})


@pytest.mark.usefixtures("transactional_db")
def test_a_lock_that_is_met_while_each_is_settled_alone_drops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "IMPATIENT", "SET LOCAL lock_timeout = '50ms'")
    course = make_course()
    run, lesson = make_run(), make_lesson(course)
    items = [make_item(run, make_learner(course=course), lesson) for _ in range(3)]
    text = make_text(items[1].learner, lesson, origin="import")
    spoilt, *others = queue.claim(3, worker="test", lease=30)

    database = DatabaseThreads(1, 0.1, "test")
    settling = Settling(database, Leases(30, lambda claim: None))
    settling.add([Outcome(spoilt, "done", text=SPOILT), *(Outcome(o, "done", text=TEXT) for o in others)])
    with asyncio.Runner() as runner:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT FROM personalized_lesson_descriptions WHERE id = %s FOR UPDATE", [text.pk])
            runner.run(settling.settle())
        assert settling.backlog == 2, "the first one is through"
        runner.run(settling.settle())
        database.close()
    assert settling.settled == 3
    assert list(GenerationItem.objects.order_by("pk").values_list("state", flat=True)) == [
        "failed",
        "done",
        "done",
    ]
