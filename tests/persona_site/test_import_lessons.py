"""Lessons of a store into the database: every column, every number, and who else writes meanwhile."""

import shutil

import pytest
from django.db import connection

from courses.course_folder.report import Counts
from courses.models import Course, Lesson, LessonDescription
from courses.services.course_import import CourseChanged
from persona_site.progress import Silent
from persona_site.store_import import import_store
from personalization.models import PersonalizedLessonDescription
from tests.builders import DESCRIPTION, make_course, make_lesson
from tests.store_builder import CourseBuilder, StoreBuilder, imported, lesson_id, write

pytestmark = pytest.mark.django_db


def test_every_column_holds_what_the_files_say(store: StoreBuilder) -> None:
    course = store.course(name="Курс", description="О курсе", language="en", colour="red")
    course.lesson(
        1,
        summary="О чём",
        description="Просто текст",
        files=[
            {"type": "video", "path": "https://example.com/a.mp4", "filename": "a.mp4", "n": 1},
            {"type": "page", "path": "https://example.com/"},
        ],
    )
    course.transcript(1, "Раз.\r\nДва.")
    course.lesson(2)
    imported(store.path)
    stored = Course.objects.get()
    assert (stored.slug, stored.title, stored.description, stored.language) == (
        "massage",
        "Курс",
        "О курсе",
        "en",
    )
    assert stored.content
    assert stored.content["colour"] == "red"
    first, second = Lesson.objects.order_by("lesson_number")
    assert (first.title, first.summary, first.transcript) == ("Урок 1", "О чём", "Раз.\nДва.")
    assert first.content
    assert first.content["files"][0]["n"] == 1
    assert first.description.data == {"introduction": "Просто текст"}
    assert (second.summary, second.transcript) == (None, "")
    assert list(first.assets.values_list("asset_type", "url", "metadata")) == [
        ("page", "https://example.com/", None),
        ("video", "https://example.com/a.mp4", {"filename": "a.mp4", "n": 1}),
    ]


def test_the_format_of_personal_texts_is_the_stores_where_it_says_one(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    def kept(**said: str) -> str:
        write(course.path / "course.json", {"name": "Курс", **said})
        imported(store.path)
        return Course.objects.get().personal_format

    assert kept() == "personal"
    assert kept(personal_format="extended") == "extended"
    assert kept() == "extended"
    Course.objects.update(personal_format="personal")
    assert kept() == "personal"
    assert kept(personal_format="extended") == "extended"


def test_what_the_store_does_not_say_stays(course: CourseBuilder, store: StoreBuilder) -> None:
    write(course.path / "course.json", {"name": "Курс", "description": "О курсе", "language": "en"})
    course.lesson(
        1, summary="О чём", description=DESCRIPTION, files=[{"type": "a", "path": "https://a.com/"}]
    )
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


def test_lessons_change_places_and_keep_all_that_is_theirs(
    course: CourseBuilder, store: StoreBuilder
) -> None:
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


def test_a_new_lesson_may_take_the_number_of_one_that_moves(
    course: CourseBuilder, store: StoreBuilder
) -> None:
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


def test_an_editor_who_renumbers_meanwhile_is_not_overruled(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    imported(store.path)
    course.lesson(1, title="Новое имя")

    class Editor(Silent):
        def stage(self, label: str, total: int) -> None:
            if label == "Writing":
                Lesson.objects.filter(lesson_number=3).update(lesson_number=30)

    with pytest.raises(CourseChanged, match="massage"):
        import_store(store.path, watcher=Editor())
    assert not Lesson.objects.filter(title="Новое имя").exists()


def test_a_lesson_that_comes_in_the_last_moment_is_not_an_accident(
    course: CourseBuilder, store: StoreBuilder
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION hurry() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF pg_trigger_depth() = 1 THEN
                    INSERT INTO lessons (course_id, lesson_number, title) VALUES (NEW.course_id, 3, 'first');
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER hurry BEFORE INSERT ON lessons FOR EACH ROW EXECUTE FUNCTION hurry();
        """)
    with pytest.raises(CourseChanged, match="massage"):
        import_store(store.path)
    assert not Lesson.objects.exists()


def test_created_at_is_the_databases_and_never_changes(course: CourseBuilder, store: StoreBuilder) -> None:
    imported(store.path)
    before = dict(Lesson.objects.values_list("pk", "created_at"))
    course.lesson(1, title="Новое имя", created_at="1999-01-01")
    imported(store.path)
    assert dict(Lesson.objects.values_list("pk", "created_at")) == before
