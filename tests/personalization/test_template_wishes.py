"""What one run wants of a lesson, and another meanwhile: the file, the newest words, no wait for a disk."""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from courses.models import Lesson, LessonDescription
from courses.services.descriptions import save_description
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem, GenerationRun
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.services.attempts import Claim
from personalization.services.drain import drain
from personalization.services.prompt_versions import make_live, save_draft
from personalization.services.queue import claim, settle
from personalization.services.runs import cancel_run
from personalization.services.sources import Sources
from personalization.services.template_files import write_file
from personalization.services.template_work import prepare_templates
from personalization.services.work import written
from personalization.shipped_config import shipped_prompts
from personalization.writers.base import Draft
from tests.personalization.templates import SAID, ended, start
from tests.processes import until
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")

NEW = {"introduction": "Новое."}
NEWER = {"introduction": "Ещё новее."}


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    return fake_model


@pytest.fixture
def folder(tmp_path: Path) -> CourseBuilder:
    course = StoreBuilder(tmp_path).course()
    course.lesson(1)
    course.transcript(1, SAID)
    course.template(1)
    imported(tmp_path)
    return course


def template(folder: CourseBuilder) -> Any:
    return json.loads((folder.path / f"1-{lesson_id(1)}-final.json").read_bytes())


def data() -> Any:
    return LessonDescription.objects.get().data


def test_a_run_without_files_writes_those_that_an_older_one_wanted(
    model: RunningFakeModel, folder: CourseBuilder
) -> None:
    start(folder.path.parent)
    newer = start()
    drain()
    assert ended(newer) == [(1, "done", "")]
    assert template(folder) == data()


def test_a_file_is_written_of_what_another_run_writes_at_that_moment(
    model: RunningFakeModel, folder: CourseBuilder
) -> None:
    older = start()
    model.set(latency=1500)  # longer than a drain waits until it looks again
    asked: list[GenerationRun] = []

    def ask() -> bool:
        if model.stats()["in_flight"] and not asked:
            asked.extend(at_once(lambda: start(folder.path.parent)))
        return False

    drain(ask)
    (newer,) = asked
    assert (ended(older), ended(newer)) == ([], [(1, "done", "")])
    assert template(folder) == data()
    assert model.stats()["requests"] == 1, "it says what the newer run would write"


def test_a_description_that_comes_over_is_written_anew_where_the_newer_run_wants_that(
    model: RunningFakeModel, folder: CourseBuilder
) -> None:
    start()
    newer = written_while(lambda: start(folder.path.parent, force=True))
    drain()
    assert ended(newer) == [(1, "done", "")]
    assert model.stats()["requests"] == 1
    assert template(folder) == data() != NEW


def test_a_description_that_comes_over_is_written_with_the_prompt_that_is_live_by_then(
    model: RunningFakeModel, folder: CourseBuilder
) -> None:
    start()
    newer = written_while(lambda: start_with_newer_prompt(folder.path.parent))
    drain()
    assert ended(newer) == [(1, "done", "")]
    assert model.stats()["requests"] == 1
    assert "Начните с вопроса" in str(model.prompts())
    assert template(folder) == data() != NEW


def written_while(ask: Callable[[], GenerationRun]) -> GenerationRun:
    """The run that `ask` starts, while a worker writes the lesson's description for an older one."""
    jobs, _ = prepare_templates(claim(5, worker="w", lease=30), Sources())
    newer = ask()
    settle([replace(written(job, Draft(NEW)), call=None) for job in jobs])
    assert data() == NEW, "it was paid for"
    return newer


def start_with_newer_prompt(store: Path) -> GenerationRun:
    content = shipped_prompts()[LESSON_TEMPLATE].replace("Правила:\n", "Правила:\n- Начните с вопроса.\n")
    make_live(version=save_draft(key=LESSON_TEMPLATE, content=content)[0], seen=1)
    return start(store)


def test_where_nobody_wants_a_file_none_is_written(model: RunningFakeModel, folder: CourseBuilder) -> None:
    before = template(folder)
    start()
    start()
    drain()
    assert template(folder) == before != data()


@contextmanager
def slow_disk(folder: Path, mine: Claim) -> Iterator[list[object]]:
    """Somebody else writes there and takes their time, while the claim's file waits; what becomes of it."""
    descriptor = os.open(folder, os.O_RDONLY)
    inode = os.fstat(descriptor).st_ino
    written: list[object] = []
    writer = threading.Thread(
        target=lambda: written.extend(at_once(lambda: write_file(mine, folder.parent))), daemon=True
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        writer.start()
        until(lambda: waits_for(inode), "the file waits for the disk", 20)
        yield written
        assert not written
    finally:
        os.close(descriptor)
        writer.join(30)


def waits_for(inode: int) -> bool:
    """Whether somebody waits for a lock of the file or folder."""
    locks = Path("/proc/locks").read_text().splitlines()
    return any("->" in lock and f":{inode} " in lock for lock in locks)


def test_nobody_waits_in_the_database_for_a_slow_disk(folder: CourseBuilder, settings: Settings) -> None:
    settings.OPENAI_API_KEY = "test"
    start(folder.path.parent)
    (mine,) = claim(5, worker="w", lease=30)
    LessonDescription.objects.update(data=NEW)
    with slow_disk(folder.path, mine) as written:
        row = LessonDescription.objects.select_related("lesson").get()
        save_description(lesson=row.lesson, data=NEWER, expected=row)
    assert written == [True]
    assert template(folder) == NEWER == data(), "the file says older words than the description"


def test_a_run_is_cancelled_while_a_file_waits_for_the_disk(
    folder: CourseBuilder, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = "test"
    run = start(folder.path.parent)
    (mine,) = claim(5, worker="w", lease=30)
    before = template(folder)
    LessonDescription.objects.update(data=NEW)
    with slow_disk(folder.path, mine) as written:
        assert cancel_run(run)
    assert written == [None]
    assert template(folder) == before


def test_a_saved_descriptions_file_needs_no_prompt(model: RunningFakeModel, folder: CourseBuilder) -> None:
    run = start(folder.path.parent)
    model.set(latency=200)  # by then the worker has seen that nothing else is due
    drain(lambda: at_once(LessonDescription.objects.exclude(fingerprint=None).exists)[0])
    assert ended(run) == [(1, "queued", "")]
    mine = claim(5, worker="w", lease=30)
    with CaptureQueriesContext(connection) as asked:
        jobs, outcomes = prepare_templates(mine, Sources())
    assert (jobs, [outcome.state for outcome in outcomes]) == ([], ["done"])
    assert not [query for query in asked if "FROM app_config" in query["sql"]]
    assert template(folder) == data()


def test_a_batch_of_lessons_reads_the_prompts_once(model: RunningFakeModel, folder: CourseBuilder) -> None:
    first = Lesson.objects.get()
    Lesson.objects.create(course=first.course, lesson_number=2, title="Второй", transcript=SAID)
    start()
    mine = claim(5, worker="w", lease=30)
    with CaptureQueriesContext(connection) as asked:
        jobs, _ = prepare_templates(mine, Sources())
    assert len(jobs) == GenerationItem.objects.count() == 2
    assert len([query for query in asked if "FROM app_config" in query["sql"]]) == 1
