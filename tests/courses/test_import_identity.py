"""Which lesson a lesson.json is."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from courses.course_folder.snapshot import Known, Snapshot
from tests.store_builder import CourseBuilder, Reading, StoreBuilder, lesson_id, read, write


@pytest.fixture
def course(tmp_path: Path) -> CourseBuilder:
    return StoreBuilder(tmp_path / "store").course()


def database(*lessons: tuple[UUID, int], slug: str = "massage") -> Snapshot:
    return Snapshot({slug: "ru"}, {lesson: Known(slug, number) for lesson, number in lessons})


def ids(reading: Reading) -> dict[int, UUID]:
    return {lesson.source.number: lesson.id for plan in reading.plans for lesson in plan.lessons}


def test_lesson_json_comes_before_lesson_ids_and_these_before_the_database(course: CourseBuilder) -> None:
    said, listed, known = uuid4(), uuid4(), uuid4()
    write(course.path / "course.json", {"name": "x", "lesson_ids": {"1": str(uuid4()), "2": str(listed)}})
    course.lesson(1, id=str(said))
    course.lesson(2, id=None)
    course.lesson(3, id=None)
    reading = read(course.path.parent, database((said, 1), (listed, 2), (known, 3)))
    assert ids(reading) == {1: said, 2: listed, 3: known}
    assert not reading.problems


def test_a_lesson_without_any_id_gets_the_same_one_in_every_database(course: CourseBuilder) -> None:
    course.lesson(1, id=None)
    course.lesson(2, id=None)
    first, second = ids(read(course.path.parent)), ids(read(course.path.parent))
    assert first == second
    assert len(set(first.values())) == 2


def test_a_new_lesson_never_takes_the_id_of_one_that_moved_away(course: CourseBuilder) -> None:
    course.lesson(3, id=None)
    derived = ids(read(course.path.parent))[3]
    moved = database((derived, 13))
    course.lesson(13, id=None)
    found = ids(read(course.path.parent, moved))
    assert found[13] == derived
    assert found[3] != derived


def test_the_database_is_not_asked_for_a_lesson_that_another_file_names(course: CourseBuilder) -> None:
    known = uuid4()
    course.lesson(1, id=None)
    course.lesson(2, id=str(known))
    found = ids(read(course.path.parent, database((known, 1))))
    assert found[2] == known
    assert found[1] != known


def test_a_lesson_of_another_course_is_refused(course: CourseBuilder) -> None:
    course.lesson(1)
    (problem,) = read(course.path.parent, database((lesson_id(1), 4), slug="yoga")).problems
    assert problem.startswith(
        f"massage/lessons/01/lesson.json: /id: {lesson_id(1)} is lesson 4 of the course 'yoga'"
    )


def test_the_number_of_a_lesson_that_only_the_database_has_is_refused(course: CourseBuilder) -> None:
    holder = uuid4()
    course.lesson(1)
    (problem,) = read(course.path.parent, database((holder, 1))).problems
    assert problem.startswith("massage/lessons/01/lesson.json: /number: 1 is the number of another lesson")
    assert str(holder) in problem


def test_a_lesson_that_only_the_database_has_is_left_with_a_warning(course: CourseBuilder) -> None:
    course.lessons(1)
    reading = read(course.path.parent, database((lesson_id(1), 1), (uuid4(), 7)))
    assert not reading.problems
    assert reading.warnings == ["massage: does not hold lesson 7 of the database: nothing is removed"]


def test_swapped_numbers_are_no_problem(course: CourseBuilder) -> None:
    course.lesson(1, id=str(lesson_id(2)))
    course.lesson(2, id=str(lesson_id(1)))
    reading = read(course.path.parent, database((lesson_id(1), 1), (lesson_id(2), 2)))
    assert not reading.problems
    assert ids(reading) == {1: lesson_id(2), 2: lesson_id(1)}


def test_the_language_is_said_or_the_databases_or_guessed(tmp_path: Path) -> None:
    store = StoreBuilder(tmp_path)
    store.course("said", name="Массаж", language="en")
    store.course("kept", name="Массаж")
    store.course("russian", name="Neck", description="Для шеи")
    store.course("english", name="Neck", description=None)
    plans = read(tmp_path, Snapshot({"said": "ru", "kept": "en"}, {})).plans
    assert {plan.slug: plan.language for plan in plans} == {
        "said": "en",
        "kept": "en",
        "russian": "ru",
        "english": "en",
    }


def test_a_file_of_a_lesson_that_only_lesson_ids_names_is_nobody_elses(course: CourseBuilder) -> None:
    write(course.path / "course.json", {"name": "x", "lesson_ids": {"5": str(lesson_id(5))}})
    course.lesson(3)
    course.transcript(5, label=3)
    reading = read(course.path.parent)
    assert reading.transcripts == {3: None}
    assert any("not in this course folder" in warning for warning in reading.warnings)


def test_without_course_json_the_lessons_are_checked_all_the_same(course: CourseBuilder) -> None:
    write(course.path / "course.json", "{,}")
    course.lesson(1, title="")
    course.lesson(2)
    problems = read(course.path.parent, database((lesson_id(2), 9), slug="yoga")).problems
    assert [problem.split(": ")[0] for problem in problems] == [
        "massage/course.json",
        "massage/lessons/01/lesson.json",
    ]
