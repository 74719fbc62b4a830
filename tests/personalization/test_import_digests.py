"""A file whose digest a text carries is not read again; what else changes the text takes the digest off."""

import hashlib
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection

from courses.course_folder.report import Counts
from persona_site.progress import Silent
from persona_site.store_import import import_store
from personalization.learner_files.digests import IMPORT_VERSION, file_digest
from personalization.models import PersonalizedLessonDescription, Profile
from personalization.services.publishing import PUBLISH
from personalization.services.texts import edit_text
from tests.builders import PERSONAL_TEXT
from tests.store_builder import CourseBuilder, StoreBuilder, write

pytestmark = pytest.mark.django_db

BROKEN = b"{"  # whoever reads it says so
OTHER = {"summary_short": "Другое"}


@pytest.fixture
def file(store: StoreBuilder, course: CourseBuilder) -> Path:
    """A text's file, imported."""
    path = course.text("u-1", 1)
    assert counts(store) == Counts(created=1)
    return path


def counts(store: StoreBuilder) -> Counts:
    report = import_store(store.path)
    assert not report.problems
    return report.tables["personalized_lesson_descriptions"]


def the_text() -> PersonalizedLessonDescription:
    return PersonalizedLessonDescription.objects.get()


def make_known(data: bytes, version: int = IMPORT_VERSION) -> None:
    """The text says that it comes from these bytes, as an import of this version would have written it."""
    digest = hashlib.md5(b"%d\x1f%b" % (version, data)).hexdigest()
    PersonalizedLessonDescription.objects.update(import_digest=digest)


def test_a_text_carries_the_digest_of_its_file(store: StoreBuilder, file: Path) -> None:
    assert the_text().import_digest == file_digest(file.read_bytes())


def test_a_file_that_the_text_comes_from_is_not_read_as_json(store: StoreBuilder, file: Path) -> None:
    make_known(write(file, BROKEN).read_bytes())
    assert counts(store) == Counts(unchanged=1)
    assert the_text().content == PERSONAL_TEXT


def test_another_version_of_the_import_reads_the_file_again(store: StoreBuilder, file: Path) -> None:
    make_known(write(file, BROKEN).read_bytes(), IMPORT_VERSION - 1)
    assert import_store(store.path).problems


def test_a_changed_file_is_read_and_changed_back_is_read_again(store: StoreBuilder, file: Path) -> None:
    first = file.read_bytes()
    write(file, OTHER)
    assert counts(store) == Counts(updated=1)
    assert (the_text().content, the_text().import_digest) == (OTHER, file_digest(file.read_bytes()))
    write(file, first)
    assert counts(store) == Counts(updated=1)
    assert (the_text().content, the_text().import_digest) == (PERSONAL_TEXT, file_digest(first))


def test_raw_sql_that_changes_the_content_takes_the_digest_off(store: StoreBuilder, file: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE personalized_lesson_descriptions SET content = %s", [json.dumps(OTHER)])
    assert the_text().import_digest is None
    assert counts(store) == Counts(updated=1)
    assert the_text().content == PERSONAL_TEXT


def test_an_update_that_changes_nothing_leaves_it(store: StoreBuilder, file: Path) -> None:
    the_text().save()
    assert the_text().import_digest


def test_an_editor_takes_the_digest_off(store: StoreBuilder, file: Path) -> None:
    edit_text(text=the_text(), content=OTHER, editor=User.objects.create_user("editor"))
    assert the_text().import_digest is None
    assert counts(store) == Counts(locked=1)
    assert the_text().content == OTHER


def test_a_worker_takes_the_digest_off(store: StoreBuilder, file: Path) -> None:
    text = the_text()
    row = {"profile_id": str(text.profile_id), "lesson_id": str(text.lesson_id), "content": OTHER}
    made = {"origin": "openai", "model": "m", "prompt_version": "1", "fingerprint": "f"}
    made["written_from"] = "transcript"
    with connection.cursor() as cursor:
        cursor.execute(PUBLISH, [json.dumps([row | made])])
    assert the_text().import_digest is None
    assert counts(store) == Counts(kept=1)
    assert the_text().content == OTHER


def test_a_text_of_a_learner_who_got_another_identifier_is_written_anew(
    store: StoreBuilder, file: Path
) -> None:
    Profile.objects.update(user_identifier="u-2")
    assert counts(store) == Counts(created=1)


class Meddler(Silent):
    """Changes a text after the files were read and before anything is written."""

    def __init__(self, statement: str) -> None:
        self._statement = statement

    def stage(self, label: str, total: int) -> None:
        if label == "Writing":
            with connection.cursor() as cursor:
                cursor.execute(self._statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM personalized_lesson_descriptions",
        "UPDATE personalized_lesson_descriptions SET content = '{}'",
    ],
)
def test_a_text_that_changes_after_its_file_was_left_unread_is_changed_after_the_import(
    store: StoreBuilder, file: Path, statement: str
) -> None:
    report = import_store(store.path, watcher=Meddler(statement))
    assert report.tables["personalized_lesson_descriptions"] == Counts(unchanged=1)
    assert not PersonalizedLessonDescription.objects.filter(content=PERSONAL_TEXT).exists()
    assert counts(store).changed == 1
    assert the_text().content == PERSONAL_TEXT


def test_a_text_that_a_worker_publishes_meanwhile_stays(store: StoreBuilder, file: Path) -> None:
    publish = "UPDATE personalized_lesson_descriptions SET content = '{}', origin = 'openai'"
    report = import_store(store.path, watcher=Meddler(publish))
    assert report.tables["personalized_lesson_descriptions"] == Counts(unchanged=1)
    assert the_text().content == {}
