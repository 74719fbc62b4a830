"""A whole store into the database: what is written, what is not, and what a second run does."""

import shutil
import unicodedata
from pathlib import Path
from uuid import uuid4

import pytest

from courses.course_folder.report import Counts, ImportReport
from courses.errors import InvalidInput
from courses.models import Course, Lesson, LessonAsset, LessonDescription
from courses.services.course_import import CourseChanged
from persona_site.progress import Silent
from persona_site.store_import import import_store
from personalization.models import PersonalizedLessonDescription, Profile
from tests.builders import DESCRIPTION, PERSONAL_TEXT, SURVEY, make_course, make_learner, make_lesson
from tests.environment import ROOT
from tests.store_builder import CourseBuilder, StoreBuilder, lesson_id, write

pytestmark = pytest.mark.django_db

SAMPLE = ROOT / "store"
TEXTS = "personalized_lesson_descriptions"


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    return StoreBuilder(tmp_path / "store")


@pytest.fixture
def course(store: StoreBuilder) -> CourseBuilder:
    """Three lessons; the learner u-1 has a text for the first."""
    course = store.course().lessons(3)
    course.template(1)
    course.text("u-1", 1)
    store.profiles("u-1", "u-2")
    return course


def imported(path: Path, *courses: str, dry_run: bool = False) -> ImportReport:
    report = import_store(path, courses, dry_run=dry_run)
    assert not report.problems
    return report


def everything() -> list[list[dict[str, object]]]:
    models = (Course, Lesson, LessonDescription, LessonAsset, Profile, PersonalizedLessonDescription)
    return [list(model.objects.order_by("pk").values()) for model in models]


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
    labels = {(warning.file.split("-")[0], str(warning).split("lesson ")[1][0]) for warning in report.warnings}
    assert labels == {
        *(("shvz/5", "9"), ("shvz/6", "5"), ("shvz/7", "6"), ("shvz/8", "7"), ("shvz/9", "8")),
        *(("sleep", "3"), ("sleep", "4")),
    }
    assert len(report.warnings) == 7


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


def test_every_column_holds_what_the_files_say(store: StoreBuilder) -> None:
    course = store.course(name="Курс", description="О курсе", language="en", colour="red")
    course.lesson(1, summary="О чём", description="Просто текст", files=[
        {"type": "video", "path": "https://example.com/a.mp4", "filename": "a.mp4", "n": 1},
        {"type": "page", "path": "https://example.com/"},
    ])
    course.transcript(1, "Раз.\r\nДва.")
    course.lesson(2)
    imported(store.path)
    stored = Course.objects.get()
    assert (stored.slug, stored.title, stored.description, stored.language) == ("massage", "Курс", "О курсе", "en")
    assert stored.content["colour"] == "red"
    first, second = Lesson.objects.order_by("lesson_number")
    assert (first.title, first.summary, first.transcript) == ("Урок 1", "О чём", "Раз.\nДва.")
    assert first.content["files"][0]["n"] == 1
    assert first.description.data == {"introduction": "Просто текст"}
    assert (second.summary, second.transcript) == (None, "")
    assert list(first.assets.values_list("asset_type", "url", "metadata")) == [
        ("page", "https://example.com/", None),
        ("video", "https://example.com/a.mp4", {"filename": "a.mp4", "n": 1}),
    ]


def test_what_the_store_does_not_say_stays(course: CourseBuilder, store: StoreBuilder) -> None:
    write(course.path / "course.json", {"name": "Курс", "description": "О курсе", "language": "en"})
    course.lesson(1, summary="О чём", description=DESCRIPTION, files=[{"type": "a", "path": "https://a.com/"}])
    imported(store.path)
    write(course.path / "course.json", {"name": "Курс"})
    course.lesson(1)
    for path in course.path.glob(f"*{lesson_id(1)}*"):
        path.unlink()
    shutil.rmtree(course.path / "lessons" / "03")
    report = imported(store.path)
    assert (report.tables["courses"].updated, report.tables["lessons"].updated) == (1, 1)
    lesson = Lesson.objects.get(pk=lesson_id(1))
    assert (lesson.summary, lesson.transcript[:7]) == ("О чём", "Урок 1.")
    assert (lesson.course.description, lesson.course.language) == ("О курсе", "en")
    assert lesson.description.data == DESCRIPTION
    assert lesson.assets.count() == 1
    assert Lesson.objects.count() == 3


def test_what_the_store_empties_becomes_empty(course: CourseBuilder, store: StoreBuilder) -> None:
    write(course.path / "course.json", {"name": "Курс", "description": "О курсе"})
    course.lesson(1, summary="О чём")
    imported(store.path)
    write(course.path / "course.json", {"name": "Курс", "description": None})
    course.lesson(1, summary="")
    imported(store.path)
    assert Lesson.objects.get(pk=lesson_id(1)).summary is None
    assert Course.objects.get().description is None
    assert imported(store.path).changed == 0


def test_lessons_change_places_and_keep_all_that_is_theirs(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    transcripts = dict(Lesson.objects.values_list("pk", "transcript"))
    places = {1: 3, 2: 1, 3: 2}
    for number, place in places.items():
        course.lesson(place, id=str(lesson_id(number)))
    report = imported(store.path)
    assert report.tables["lessons"] == Counts(updated=3)
    numbers = dict(Lesson.objects.values_list("pk", "lesson_number"))
    assert numbers == {lesson_id(number): place for number, place in places.items()}
    assert dict(Lesson.objects.values_list("pk", "transcript")) == transcripts
    assert PersonalizedLessonDescription.objects.get().lesson_id == lesson_id(1)
    assert LessonDescription.objects.get().lesson_id == lesson_id(1)


def test_a_swap_of_two_lessons_beside_odd_numbers_in_the_database(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    imported(store.path)
    odd = Lesson.objects.create(course=Course.objects.get(), lesson_number=-4, title="Старый")
    course.lesson(1, id=str(lesson_id(2)))
    course.lesson(2, id=str(lesson_id(1)))
    course.lesson(8, id=str(lesson_id(3)))
    shutil.rmtree(course.path / "lessons" / "03")
    imported(store.path)
    numbers = dict(Lesson.objects.values_list("pk", "lesson_number"))
    assert numbers == {lesson_id(1): 2, lesson_id(2): 1, lesson_id(3): 8, odd.pk: -4}


def test_a_new_lesson_may_take_the_number_of_one_that_moves(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    course.lesson(4, id=str(lesson_id(2)))
    course.lesson(2, id=str(lesson_id(50)))
    imported(store.path)
    numbers = dict(Lesson.objects.values_list("pk", "lesson_number"))
    assert numbers == {lesson_id(1): 1, lesson_id(50): 2, lesson_id(3): 3, lesson_id(2): 4}


def test_a_number_that_a_lesson_outside_the_store_has_is_refused(store: StoreBuilder) -> None:
    holder = make_lesson(make_course("massage"), number=1)
    store.course().lessons(1)
    (problem,) = import_store(store.path).problems
    assert str(holder.pk) in problem.message
    assert Lesson.objects.get() == holder


def test_a_lesson_without_an_id_is_the_databases_at_this_number(store: StoreBuilder) -> None:
    known = make_lesson(make_course("massage"), number=1)
    course = store.course()
    course.lesson(1, id=None, title="Новое имя")
    course.lesson(2, id=None)
    assert imported(store.path).tables["lessons"] == Counts(created=1, updated=1)
    known.refresh_from_db()
    assert known.title == "Новое имя"
    assert imported(store.path).changed == 0


def test_a_lesson_that_belongs_to_another_course_is_refused(store: StoreBuilder) -> None:
    make_lesson(make_course("yoga"), number=1, id=lesson_id(1))
    store.course().lessons(1)
    (problem,) = import_store(store.path).problems
    assert "of the course 'yoga' in the database" in problem.message
    assert Course.objects.count() == 1


def test_only_the_named_courses_and_their_learners(course: CourseBuilder, store: StoreBuilder) -> None:
    other = store.course("yoga", name="Йога")
    other.lesson(11)
    other.text("guest", 11)
    write(store.path / "broken" / "course.json", b"{")
    store.profiles("u-1", pupil={"course": "yoga"}, guest={"course": "massage"}, free={}, off={"course": "broken"})
    report = imported(store.path, "yoga")
    assert report.courses == ("yoga",)
    assert {*Course.objects.values_list("slug", flat=True)} == {"yoga"}
    assert {*Profile.objects.values_list("user_identifier", flat=True)} == {"pupil", "guest"}
    assert report.tables[TEXTS] == Counts(created=1)


def test_a_course_is_found_by_its_slug_or_its_folder(store: StoreBuilder) -> None:
    store.course("Папка", slug="massage")
    assert imported(store.path, "Папка").courses == ("massage",)
    assert imported(store.path, "massage").tables["courses"] == Counts(unchanged=1)
    with pytest.raises(InvalidInput, match=r"yoga: is no course of this store, which has: massage"):
        import_store(store.path, ["yoga"])


def test_an_empty_store_is_refused(store: StoreBuilder) -> None:
    with pytest.raises(InvalidInput, match="holds neither a course folder nor user_profiles.json"):
        import_store(store.path)


def test_learners_alone_are_a_store(store: StoreBuilder) -> None:
    store.profiles(a=SURVEY)
    assert imported(store.path).tables["profiles"] == Counts(created=1)


def test_decomposed_file_names_and_identifiers_are_one_with_composed_ones(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    store.profiles("u-1", "Ёлкин-й")
    course.text(unicodedata.normalize("NFD", "Ёлкин-й"), 2)
    imported(store.path)
    assert PersonalizedLessonDescription.objects.filter(profile__user_identifier="Ёлкин-й").count() == 1
    assert imported(store.path).changed == 0


def test_an_editor_who_renumbers_meanwhile_is_not_overruled(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    course.lesson(1, title="Новое имя")

    class Editor(Silent):
        def stage(self, label: str, total: int) -> None:
            if label == "Writing":
                Lesson.objects.filter(lesson_number=3).update(lesson_number=30)

    with pytest.raises(CourseChanged, match="massage"):
        import_store(store.path, watcher=Editor())
    assert not Lesson.objects.filter(title="Новое имя").exists()


def test_created_at_is_the_databases_and_never_changes(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    before = dict(Lesson.objects.values_list("pk", "created_at"))
    course.lesson(1, title="Новое имя", created_at="1999-01-01")
    imported(store.path)
    assert dict(Lesson.objects.values_list("pk", "created_at")) == before


def test_the_adopted_learner_with_an_address_for_a_name_loses_it(store: StoreBuilder) -> None:
    make_learner("u-1", name="nina@example.com")
    make_learner("u-2", name="Ольга")
    address = {"name": "olga@example.com", **SURVEY}
    store.profiles(**{"u-1": {"name": "nina@example.com", **SURVEY}, "u-2": address})
    imported(store.path)
    assert dict(Profile.objects.values_list("user_identifier", "name")) == {"u-1": None, "u-2": "Ольга"}


def test_a_profile_that_says_less_takes_nothing_away(store: StoreBuilder) -> None:
    make_learner("u-1", course=make_course("massage"), survey={"fears": ["боль"]})
    store.profiles(**{"u-1": {}})
    assert imported(store.path).tables["profiles"] == Counts(unchanged=1)
    profile = Profile.objects.get()
    assert (profile.name, profile.course_id, profile.survey) == ("Нина", "massage", {"fears": ["боль"]})


def test_a_course_of_the_database_may_be_named_and_an_unknown_one_may_not(store: StoreBuilder) -> None:
    make_course("yoga")
    store.profiles(a={"course": "yoga"}, b={"course": f"x-{uuid4()}"})
    (problem,) = import_store(store.path).problems
    assert (problem.file, problem.place) == ("user_profiles.json", "/b/course")
    assert not Profile.objects.exists()


def test_personal_texts_say_where_they_are_from(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    text = PersonalizedLessonDescription.objects.get()
    assert text.content == PERSONAL_TEXT
    assert (text.origin, text.model, text.fingerprint, text.generated_at) == ("import", "", None, None)
    assert (text.profile.user_identifier, text.lesson_id) == ("u-1", lesson_id(1))
