"""Personal texts of a store against those of the database: which of the two stays."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from courses.course_folder.report import Counts, ImportReport
from persona_site.store_import import import_store
from personalization.models import PersonalizedLessonDescription
from tests.builders import PERSONAL_TEXT, make_course, make_learner, make_lesson, make_text
from tests.store_builder import StoreBuilder, lesson_id

pytestmark = pytest.mark.django_db

OURS = {"summary_short": "Из базы"}
GENERATED: dict[str, Any] = {"model": "gpt", "prompt_version": "3", "fingerprint": "f", "flags": ["long"]}


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    """A store with one text, PERSONAL_TEXT."""
    store = StoreBuilder(tmp_path)
    store.course().lessons(1).text("u-1", 1)
    store.profiles("u-1")
    return store


def has(content: dict[str, Any], **fields: Any) -> PersonalizedLessonDescription:
    """What the database has for the same learner and lesson."""
    course = make_course("massage")
    lesson = make_lesson(course, id=lesson_id(1))
    return make_text(make_learner("u-1", course), lesson, content, **fields)


def imported(store: StoreBuilder) -> tuple[Counts, ImportReport]:
    planned = import_store(store.path, dry_run=True)
    done = import_store(store.path)
    assert planned.tables == done.tables
    assert planned.warnings == done.warnings
    assert not done.problems
    return done.tables["personalized_lesson_descriptions"], done


def test_an_imported_text_follows_the_store_and_forgets_how_the_old_one_was_made(store: StoreBuilder) -> None:
    text = has(OURS, origin="import", generated_at=timezone.now(), **GENERATED)
    counts, report = imported(store)
    assert counts == Counts(updated=1)
    text.refresh_from_db()
    assert (text.content, text.origin) == (PERSONAL_TEXT, "import")
    assert (text.model, text.prompt_version, text.fingerprint, text.generated_at, text.flags) == (
        "",
        "",
        None,
        None,
        [],
    )
    assert not report.warnings


@pytest.mark.parametrize("origin", [None, "openai", "simple", "editor", "api"])
def test_a_text_that_no_import_made_stays(store: StoreBuilder, origin: str | None) -> None:
    text = has(OURS, origin=origin, **GENERATED)
    before = PersonalizedLessonDescription.objects.values().get()
    counts, report = imported(store)
    assert counts == Counts(kept=1)
    assert PersonalizedLessonDescription.objects.values().get() == before
    assert [str(warning) for warning in report.warnings] == [
        "massage: personal texts left as they are, because no import made them: 1"
    ]
    assert text.pk == before["id"]


@pytest.mark.parametrize("origin", [None, "import", "openai", "editor"])
def test_a_text_that_an_editor_changed_stays(store: StoreBuilder, origin: str | None) -> None:
    editor = User.objects.create_user("editor")
    has(OURS, origin=origin, edited_at=timezone.now(), edited_by=editor)
    before = PersonalizedLessonDescription.objects.values().get()
    counts, report = imported(store)
    assert counts == Counts(locked=1)
    assert PersonalizedLessonDescription.objects.values().get() == before
    assert [str(warning) for warning in report.warnings] == [
        "massage: personal texts left as they are, because an editor changed them: 1"
    ]


@pytest.mark.parametrize("origin", [None, "import", "openai", "editor"])
@pytest.mark.parametrize("edited", [False, True])
def test_an_equal_text_is_unchanged_whoever_wrote_it(
    store: StoreBuilder, origin: str | None, *, edited: bool
) -> None:
    has(dict(reversed(PERSONAL_TEXT.items())), origin=origin, edited_at=timezone.now() if edited else None)
    before = PersonalizedLessonDescription.objects.values().get()
    counts, report = imported(store)
    assert counts == Counts(unchanged=1)
    assert PersonalizedLessonDescription.objects.values().get() == before
    assert not report.warnings


def test_the_texts_of_a_learner_whom_only_the_database_knows(store: StoreBuilder) -> None:
    (store.path / "user_profiles.json").unlink()
    has(OURS, origin="import")
    assert imported(store)[0] == Counts(updated=1)


def test_many_texts_are_told_in_one_line(store: StoreBuilder) -> None:
    course = store.course().lessons(3)
    for number in (1, 2, 3):
        course.text("u-1", number)
    import_store(store.path)
    PersonalizedLessonDescription.objects.update(content=OURS, origin="openai")
    counts, report = imported(store)
    assert counts == Counts(kept=3)
    assert len(report.warnings) == 1
