"""Descriptions that are written while an import runs: it has read their files before, and leaves them."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from courses.models import LessonDescription
from courses.services.descriptions import save_description
from persona_site.import_options import ImportOptions
from persona_site.progress import Silent
from persona_site.store_import import import_store
from personalization.fake_model import RunningFakeModel
from personalization.models import GenerationItem
from personalization.services.drain import drain
from tests.builders import DESCRIPTION
from tests.personalization.templates import SAID, start
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")

NEWER: dict[str, Any] = {**DESCRIPTION, "homework": "Слова, которые появились сейчас."}


@pytest.fixture
def folder(store: StoreBuilder) -> CourseBuilder:
    """Two lessons that were imported; the file of each has other words by now."""
    course = store.course()
    for number in (1, 2):
        course.lesson(number)
        course.transcript(number, SAID)
        course.template(number)
    imported(store.path)
    for number in (1, 2):
        course.template(number, {"introduction": "Из файла."})
    return course


class Meanwhile(Silent):
    def __init__(self, stage: str, work: Callable[[], object]) -> None:
        self._stage, self._work = stage, work

    def stage(self, label: str, total: int) -> None:
        if label == self._stage:
            at_once(self._work)


def data(number: int) -> Any:
    return LessonDescription.objects.get(lesson=lesson_id(number)).data


def publish(number: int = 1) -> None:
    LessonDescription.objects.update_or_create(lesson_id=lesson_id(number), defaults={"data": NEWER})


@pytest.mark.parametrize("stage", ["Reading lessons", "Reading personal texts", "Writing"])
def test_a_newer_description_stays_and_is_told_of(
    folder: CourseBuilder, store: StoreBuilder, stage: str
) -> None:
    report = import_store(store.path, watcher=Meanwhile(stage, publish))
    assert (data(1), data(2)) == (NEWER, {"introduction": "Из файла."})
    told = [str(warning) for warning in report.warnings if "while the import ran" in str(warning)]
    assert len(told) == 1
    assert "(lessons 1): import again" in told[0]
    counts = report.tables["lesson_descriptions"]
    assert (counts.updated, counts.kept) == (1, 1)


def test_so_does_the_first_one_of_a_lesson(folder: CourseBuilder, store: StoreBuilder) -> None:
    LessonDescription.objects.filter(lesson=lesson_id(1)).delete()
    report = import_store(store.path, watcher=Meanwhile("Writing", publish))
    assert data(1) == NEWER
    assert report.tables["lesson_descriptions"].kept == 1


def test_so_do_an_editors_words(folder: CourseBuilder, store: StoreBuilder) -> None:
    def edit() -> None:
        row = LessonDescription.objects.select_related("lesson").get(lesson=lesson_id(1))
        save_description(lesson=row.lesson, data=NEWER, expected=row)

    import_store(store.path, watcher=Meanwhile("Writing", edit))
    assert LessonDescription.objects.get(lesson=lesson_id(1)).edited_at is not None
    assert data(1) == NEWER


def test_the_next_import_takes_the_file(folder: CourseBuilder, store: StoreBuilder) -> None:
    import_store(store.path, watcher=Meanwhile("Writing", publish))
    assert not imported(store.path).warnings
    assert data(1) == {"introduction": "Из файла."}


def test_where_no_warning_may_be_it_is_refused(folder: CourseBuilder, store: StoreBuilder) -> None:
    report = import_store(
        store.path,
        watcher=Meanwhile("Reading personal texts", publish),
        options=ImportOptions(strict=True),
    )
    assert "--strict" in str(report.problems)
    assert data(1) == NEWER


def test_one_whose_file_is_not_written_yet_stays(
    folder: CourseBuilder, store: StoreBuilder, fake_model: RunningFakeModel, settings: Settings
) -> None:
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "test", fake_model.base_url
    imported(store.path)
    before = (folder.path / f"1-{lesson_id(1)}-final.json").read_bytes()
    start(store.path)
    fake_model.set(latency=200)  # by then the worker has seen that nothing else is due
    drain(lambda: at_once(LessonDescription.objects.exclude(fingerprint=None).exists)[0])
    assert GenerationItem.objects.filter(state="queued").exists()
    written = {row.lesson_id: row.data for row in LessonDescription.objects.exclude(fingerprint=None)}
    assert before in [path.read_bytes() for path in folder.path.glob("*-final.json")]
    import_store(store.path)
    now = {row.lesson_id: row.data for row in LessonDescription.objects.exclude(fingerprint=None)}
    assert now == written
