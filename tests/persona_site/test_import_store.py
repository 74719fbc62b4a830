"""A whole store into the database: what is written, what is not, and what a second run does."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model

from courses.course_folder.findings import Converted
from courses.course_folder.report import Counts, ImportReport
from courses.errors import InvalidInput
from courses.models import Course, Lesson, LessonAsset, LessonDescription
from persona_site.store_import import import_store
from personalization.models import PersonalizedLessonDescription, Profile
from tests.builders import SURVEY
from tests.courses.documents import texts
from tests.environment import ROOT
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id, write

pytestmark = pytest.mark.django_db

SAMPLE = ROOT / "store"
TEXTS = "personalized_lesson_descriptions"


def everything() -> list[list[Any]]:
    models: tuple[type[Model], ...] = (
        *(Course, Lesson, LessonDescription, LessonAsset),
        *(Profile, PersonalizedLessonDescription),
    )
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def changes(report: ImportReport) -> dict[str, tuple[int, int, int]]:
    return {name: (c.created, c.updated, c.unchanged) for name, c in report.tables.items()}


def test_the_sample_store_imports_with_exactly_its_wrong_labels() -> None:
    report = imported(SAMPLE)
    assert changes(report) == {
        "courses": (2, 0, 0),
        "lessons": (16, 0, 0),
        "lesson_descriptions": (16, 0, 0),
        "lesson_assets": (14, 0, 0),
        "profiles": (8, 0, 0),
        TEXTS: (5, 0, 0),
    }
    labels = {
        (warning.file.split("-")[0], str(warning).split("lesson ")[1][0]) for warning in report.warnings
    }
    assert labels == {
        *(("shvz/5", "9"), ("shvz/6", "5"), ("shvz/7", "6"), ("shvz/8", "7"), ("shvz/9", "8")),
        *(("sleep", "3"), ("sleep", "4")),
    }
    assert len(report.warnings) == 7


def test_every_string_of_the_samples_descriptions_and_texts_comes_through() -> None:
    files = [*SAMPLE.glob("*/*-final.json"), *SAMPLE.glob("*/personalize/*/*.json")]
    lessons = [json.loads(path.read_text()) for path in SAMPLE.glob("*/lessons/*/lesson.json")]
    sources = [json.loads(path.read_text()) for path in files]
    sources += [lesson["description"] for lesson in lessons if lesson.get("description")]
    strings = sum(len([*texts(source)]) for source in sources)
    assert imported(SAMPLE).converted == Converted(len(sources), strings, strings)


def test_each_transcript_of_the_sample_lands_on_the_lesson_that_its_uuid_names() -> None:
    imported(SAMPLE)
    files = {path.stem[-36:]: path.read_text() for path in SAMPLE.glob("*/*.txt")}
    stored = {str(lesson.pk): lesson.transcript for lesson in Lesson.objects.all()}
    assert stored == files
    assert len(stored) == 16


def test_a_second_run_changes_nothing_and_says_so(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    before = everything()
    assert changes(imported(store.path)) == {
        "courses": (0, 0, 1),
        "lessons": (0, 0, 3),
        "lesson_descriptions": (0, 0, 1),
        "lesson_assets": (0, 0, 0),
        "profiles": (0, 0, 2),
        TEXTS: (0, 0, 1),
    }
    assert everything() == before


def test_a_dry_run_reports_the_same_and_writes_nothing(course: CourseBuilder, store: StoreBuilder) -> None:
    planned = imported(store.path, dry_run=True)
    assert not any(everything())
    done = imported(store.path)
    assert planned.tables == done.tables
    assert planned.warnings == done.warnings
    assert planned.dry_run
    assert not done.dry_run


def test_one_problem_anywhere_and_nothing_is_written(course: CourseBuilder, store: StoreBuilder) -> None:
    write(store.path / "yoga" / "course.json", b"{")
    course.transcript(2, b"\xff")
    course.text("u-2", 9)
    store.profiles("u-1", "u-2", bad=[])
    report = import_store(store.path)
    assert [problem.file for problem in report.problems] == [
        "yoga/course.json",
        f"massage/2-{lesson_id(2)}.txt",
        "user_profiles.json",
        f"massage/personalize/u-2/9-{lesson_id(9)}.json",
    ]
    assert not report.tables
    assert not any(everything())


def test_only_the_named_courses_and_their_learners(course: CourseBuilder, store: StoreBuilder) -> None:
    other = store.course("yoga", name="Йога")
    other.lesson(11)
    other.text("guest", 11)
    write(store.path / "broken" / "course.json", b"{")
    store.profiles(
        "u-1", pupil={"course": "yoga"}, guest={"course": "massage"}, free={}, off={"course": "broken"}
    )
    report = imported(store.path, "yoga")
    assert report.courses == ("yoga",)
    assert {*Course.objects.values_list("slug", flat=True)} == {"yoga"}
    assert {*Profile.objects.values_list("user_identifier", flat=True)} == {"pupil", "guest"}
    assert report.tables[TEXTS] == Counts(created=1)


def test_a_course_is_found_by_its_slug_or_its_folder(store: StoreBuilder) -> None:
    store.course("Папка", slug="massage")
    assert imported(store.path, "Папка").courses == ("massage",)
    assert imported(store.path, "massage/").tables["courses"] == Counts(unchanged=1)
    with pytest.raises(InvalidInput, match=r"yoga: is no course of this store, which has: massage"):
        import_store(store.path, ["yoga"])


def test_a_broken_list_of_learners_is_one_problem(course: CourseBuilder, store: StoreBuilder) -> None:
    course.text("u-9", 2)
    write(store.path / "user_profiles.json", b"{")
    assert [problem.file for problem in import_store(store.path).problems] == ["user_profiles.json"]


def test_an_empty_store_is_refused(store: StoreBuilder) -> None:
    with pytest.raises(InvalidInput, match="holds neither a course folder nor user_profiles"):
        import_store(store.path)


def test_learners_alone_are_a_store(store: StoreBuilder) -> None:
    store.profiles(a=SURVEY)
    assert imported(store.path).tables["profiles"] == Counts(created=1)


@pytest.mark.parametrize("said_in", ["lesson.json", "lesson_ids"])
def test_a_file_of_a_course_that_is_not_imported_now_is_not_taken_by_its_number(
    tmp_path: Path, said_in: str
) -> None:
    store = StoreBuilder(tmp_path)
    course = store.course()
    course.lesson(2)
    course.transcript(11, label=2)
    if said_in == "lesson.json":
        store.course("yoga").lesson(11)
    else:
        store.course("yoga", lesson_ids={"1": str(lesson_id(11))})
    imported(store.path, "massage")
    assert Lesson.objects.get().transcript == ""
