"""Descriptions and their files: the database first, then the file, and again where something was between."""

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from courses.models import Course, CourseStore, Lesson, LessonDescription
from courses.services.stores import known_stores
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem
from personalization.services.drain import drain
from personalization.services.queue import claim
from personalization.services.runs import CLOCK, cancel_run, retry_failed
from personalization.services.sweep import sweep
from personalization.services.template_files import write_file
from tests.personalization.templates import SAID, ended, start
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.GENERATION_RETRY_SECONDS = 0.01
    return fake_model


@pytest.fixture
def folder(tmp_path: Path) -> CourseBuilder:
    course = StoreBuilder(tmp_path).course()
    for number in (1, 2):
        course.lesson(number)
        course.transcript(number, SAID)
    course.template(1)
    imported(tmp_path)
    return course


def template(folder: CourseBuilder, number: int = 1) -> Any:
    return json.loads((folder.path / f"{number}-{lesson_id(number)}-final.json").read_bytes())


def backups(folder: CourseBuilder) -> list[Path]:
    return list(folder.path.glob("*-backup.json"))


def data(number: int = 1) -> Any:
    return LessonDescription.objects.get(lesson=lesson_id(number)).data


def test_files_say_what_the_database_says(model: RunningFakeModel, folder: CourseBuilder) -> None:
    run = start(folder.path.parent)
    drain()
    assert ended(run) == [(1, "done", ""), (2, "done", "")]
    assert [template(folder, number) for number in (1, 2)] == [data(1), data(2)]
    assert len(backups(folder)) == 1
    assert set(GenerationItem.objects.values_list("attempts", flat=True)) == {1}
    report = imported(folder.path.parent)
    assert report.tables["lesson_descriptions"].unchanged == 2
    assert LessonDescription.objects.filter(fingerprint=None).count() == 0


def test_a_refused_answer_leaves_the_file_as_it_was(model: RunningFakeModel, folder: CourseBuilder) -> None:
    before, description = template(folder), data()
    model.set(mode="wrong_language")
    run = start(folder.path.parent)
    drain()
    assert ended(run) == [(1, "failed", "wrong_language"), (2, "failed", "wrong_language")]
    assert (template(folder), data()) == (before, description)
    assert not backups(folder)


def test_without_a_store_no_file_is_touched(model: RunningFakeModel, folder: CourseBuilder) -> None:
    before = template(folder)
    start()
    drain()
    assert template(folder) == before != data()
    assert not backups(folder)


def test_a_file_that_was_not_written_is_written_by_the_next_run_without_a_call(
    model: RunningFakeModel, folder: CourseBuilder
) -> None:
    start()
    drain()
    asked = model.stats()["requests"]
    run = start(folder.path.parent)
    drain()
    assert ended(run) == [(1, "done", ""), (2, "done", "")]
    assert template(folder) == data()
    assert model.stats()["requests"] == asked
    again = start(folder.path.parent)
    drain()
    assert ended(again) == [(1, "unchanged", ""), (2, "unchanged", "")]


def test_a_worker_that_dies_between_the_two_loses_neither(
    model: RunningFakeModel, folder: CourseBuilder
) -> None:
    Lesson.objects.filter(pk=lesson_id(2)).delete()
    run = start(folder.path.parent)
    model.set(latency=200)  # by then the worker has seen that nothing else is due
    drain(lambda: at_once(LessonDescription.objects.exclude(fingerprint=None).exists)[0])
    saved = data()
    assert ended(run) == [(1, "queued", "")]
    assert template(folder) != saved
    assert len(claim(5, worker="one that dies", lease=0)) == 1
    sweep()
    drain()
    assert ended(run) == [(1, "done", "")]
    assert template(folder) == saved == data()
    assert model.stats()["requests"] == 1


def test_a_worker_with_another_model_writes_the_file_and_pays_nothing(
    model: RunningFakeModel, folder: CourseBuilder, settings: Settings
) -> None:
    Lesson.objects.filter(pk=lesson_id(2)).delete()
    run = start(folder.path.parent)
    model.set(latency=200)
    drain(lambda: at_once(LessonDescription.objects.exclude(fingerprint=None).exists)[0])
    assert ended(run) == [(1, "queued", "")]
    settings.OPENAI_MODEL = "the-next-model"
    saved = data()
    drain()
    assert ended(run) == [(1, "done", "")]
    assert template(folder) == saved == data()
    assert model.stats()["requests"] == 1


def test_a_store_that_is_gone_costs_no_description(model: RunningFakeModel, folder: CourseBuilder) -> None:
    away = folder.path.parent.with_name("away")
    shutil.move(folder.path.parent, away)
    run = start(folder.path.parent, force=True)
    drain()
    assert ended(run) == [(1, "failed", "store_file"), (2, "failed", "store_file")]
    assert data(2)
    message = GenerationItem.objects.values_list("error_message", flat=True)[0]
    assert "cannot be opened as a store" in message
    assert "is saved" in message
    asked = model.stats()["requests"]
    shutil.move(away, folder.path.parent)
    assert retry_failed(run) == 2
    drain()
    assert ended(run) == [(1, "done", ""), (2, "done", "")]
    assert template(folder, 2) == data(2)
    assert model.stats()["requests"] == asked, "what is saved was paid for"


def test_a_full_disk_is_tried_again(
    model: RunningFakeModel, folder: CourseBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    Lesson.objects.filter(pk=lesson_id(2)).delete()
    run = start(folder.path.parent)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        drain()
    assert ended(run) == [(1, "queued", "store_file")]
    GenerationItem.objects.update(available_at=CLOCK)
    drain()
    assert ended(run) == [(1, "done", "")]
    assert template(folder) == data()
    assert model.stats()["requests"] == 1


def test_files_are_written_though_the_money_is_used_up(
    model: RunningFakeModel, folder: CourseBuilder, settings: Settings
) -> None:
    settings.GENERATION_CONCURRENCY = 1
    run = start(folder.path.parent, budget_micro=1_000)
    drain()
    needs = GenerationItem.objects.filter(state="held").values_list("needs_micro", flat=True)
    enough = max(micro for micro in needs if micro)
    cancel_run(run)
    model.set(tokens=1_000)  # the first call costs more than all that there is
    run = start(folder.path.parent, budget_micro=enough)
    drain()
    assert sorted(state for _, state, _ in ended(run)) == ["done", "held"]
    (done,) = (number for number, state, _ in ended(run) if state == "done")
    assert template(folder, done) == data(done)


def test_a_renumbered_lesson_keeps_its_file(model: RunningFakeModel, folder: CourseBuilder) -> None:
    Lesson.objects.filter(pk=lesson_id(1)).update(lesson_number=9)
    start(folder.path.parent)
    drain()
    assert template(folder) == data()


@pytest.mark.parametrize("lost", ["lease", "run"])
def test_a_late_worker_writes_no_file(folder: CourseBuilder, settings: Settings, lost: str) -> None:
    settings.OPENAI_API_KEY = "test"
    run = start(folder.path.parent)
    mine = next(one for one in claim(5, worker="w", lease=30) if one.lesson_id == lesson_id(1))
    before = template(folder)
    LessonDescription.objects.filter(lesson=lesson_id(1)).update(data={"introduction": "Новое."})
    if lost == "lease":
        mine = replace(mine, token=uuid4())
    else:
        cancel_run(run)
    assert write_file(mine, folder.path.parent) is None
    assert template(folder) == before


def test_two_workers_at_once_write_the_file_once(folder: CourseBuilder, settings: Settings) -> None:
    settings.OPENAI_API_KEY = "test"
    start(folder.path.parent)
    mine = next(one for one in claim(5, worker="w", lease=30) if one.lesson_id == lesson_id(1))
    LessonDescription.objects.filter(lesson=lesson_id(1)).update(data={"introduction": "Новое."})
    store = folder.path.parent
    assert sorted(at_once(lambda: write_file(mine, store), lambda: write_file(mine, store))) == [False, True]
    assert template(folder) == {"introduction": "Новое."}
    assert len(backups(folder)) == 1


def test_an_import_tells_where_a_course_comes_from(folder: CourseBuilder) -> None:
    course = Course.objects.get()
    assert known_stores([course.pk]) == {course.pk: str(folder.path.parent)}
    other = StoreBuilder(folder.path.parent / "other")
    other.course().lessons(2)
    imported(other.path)
    assert CourseStore.objects.get().path == str(other.path)


def test_a_link_to_the_release_is_remembered_as_a_link(folder: CourseBuilder) -> None:
    current = folder.path.parent.with_name("current")
    current.symlink_to(folder.path.parent)
    imported(current)
    assert CourseStore.objects.get().path == str(current)


def test_a_file_that_was_changed_since_the_import_is_left_alone(
    model: RunningFakeModel, folder: CourseBuilder
) -> None:
    folder.template(1, {"introduction": "Из чужих рук."})
    before = template(folder)
    run = start(folder.path.parent)
    drain()
    assert ended(run) == [(1, "failed", "store_file"), (2, "done", "")]
    message = GenerationItem.objects.values_list("error_message", flat=True).get(error_code="store_file")
    assert "was changed since the last import: import it first" in message
    assert template(folder) == before
    assert not backups(folder)
    again = start(folder.path.parent)
    drain()
    assert ended(again) == [(1, "failed", "store_file"), (2, "unchanged", "")]
    assert template(folder) == before
